"""Panels of images: grids, unfinished drawings, and what a sketch retrieved."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display import style
from zssbir_lib.display.arrays import (
    Array,
    ArrayLike,
    Names,
    as_array,
    as_picture,
    require,
    require_length,
)

NAME_WIDTH = 11  # characters of a class name on one line below a picture
STAGE_LABEL_WIDTH = 0.8  # inches, left of unfinished drawings


def image_grid(
    images: ArrayLike,
    titles: Names | None = None,
    columns: int = 8,
    title: str | None = None,
) -> Figure:
    """Draw images in rows, each with its title above; the first N axes hold them.

    Args:
        images: N images, each (3, H, W), (1, H, W) or (H, W), uint8 from 0 to 255
            or float from 0 to 1.
        titles: N short strings, or None.
        columns: images in a row, at least 1.
        title: one sentence, or None.
    """
    count = len(images)
    require(
        count and columns >= 1,
        f"nothing to draw: {count} images in {columns} columns; give at least one "
        "image and one column",
    )
    if titles is not None:
        require_length("titles", titles, count)
    rows = -(-count // columns)  # rounded up
    fig, grid = _empty_grid(rows, columns, with_text=titles is not None, title=title)
    for number, axes in enumerate(grid.flat):
        if number >= count:
            axes.set_visible(False)
            continue
        draw_picture(axes, images[number])
        if titles is not None:
            axes.set_title(titles[number], fontsize=7, loc="center", pad=3)
    return fig


def retrieval_panel(
    queries: ArrayLike,
    results: ArrayLike,
    correct: ArrayLike,
    query_names: Names | None = None,
    result_names: Sequence[Names] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw a row for each query: the sketch, then the photos it retrieved.

    A right photo has a green frame and a tick, a wrong one a purple frame and a
    cross, so that nobody needs to tell the colours apart.

    Args:
        queries: Q sketches, each (3, H, W) or (H, W), uint8 or float from 0 to 1.
        results: for every query its first K photos, best first: (Q, K, 3, H, W).
        correct: whether a photo shows the query's class, bool (Q, K).
        query_names: Q class names to write below the sketches, or None.
        result_names: Q lists of K class names to write below the photos, or None.
        title: one sentence, or None.

    Returns:
        The figure, with Q * (K + 1) axes, row by row.
    """
    correct = as_array(correct).astype(bool)
    whole = correct.ndim == 2 and correct.size
    require(whole, f"correct has shape {correct.shape}; expected (Q, K)")
    count, top = correct.shape
    _check_rows(count, top, queries=queries, query_names=query_names)
    _check_rows(count, top, results=results, result_names=result_names)
    named = query_names is not None or result_names is not None
    fig, grid = _empty_grid(count, top + 1, with_text=named, title=title)
    for row, (first, *others) in enumerate(grid):
        draw_picture(first, queries[row], frame=style.SKETCH_COLOUR)
        if query_names is not None:
            _write_below(first, query_names[row])
        for rank, axes in enumerate(others):
            _draw_result(axes, results[row][rank], correct[row, rank])
            if result_names is not None:
                _write_below(axes, result_names[row][rank])
    for column, axes in enumerate(grid[0]):
        axes.set_title(str(column) if column else "sketch", fontsize=8, loc="center")
    return fig


def _check_rows(count: int, top: int, **given: Sequence | None) -> None:
    """Raise ValueError unless all have an entry a query, and results K in each."""
    for name, rows in given.items():
        if rows is None:
            continue
        require_length(name, rows, count)
        for number, row in enumerate(rows if name.startswith("result") else ()):
            require_length(f"{name}[{number}]", row, top)


def drawing_stages(
    drawings: Mapping[str, Sequence[ArrayLike]],
    shares: Sequence[float],
    title: str | None = None,
) -> Figure:
    """Draw a row a drawing, from its first lines to the finished one.

    Args:
        drawings: for each drawing its name, and K images, each (3, H, W), (1, H, W) or
            (H, W), uint8 from 0 to 255 or float from 0 to 1.
        shares: K shares of the pen's way, above 0 to 1, in the order of the images.
        title: one sentence, or None.
    """
    whole = drawings and len(shares)
    require(whole, "nothing to draw: give one drawing and one share or more")
    side = (style.FIGURE_WIDTH - STAGE_LABEL_WIDTH) / len(shares)
    size = (style.FIGURE_WIDTH, side * len(drawings) + (0.7 if title else 0.4))
    fig, grid = plt.subplots(
        len(drawings), len(shares), figsize=size, squeeze=False, layout="constrained"
    )
    style.write_title(fig, title)
    for row, (name, images) in zip(grid, drawings.items(), strict=True):
        require_length(f"drawing {name!r}", images, len(shares))
        for axes, image in zip(row, images, strict=True):
            draw_picture(axes, image, frame=style.SKETCH_COLOUR, linewidth=0.8)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axes, share in zip(grid[0], shares, strict=True):
        axes.set_title(f"{share:.0%}", fontsize=10, loc="center")
    return fig


def draw_picture(
    axes: Axes, image: ArrayLike, frame: str | None = None, linewidth: float = 2.5
) -> None:
    """Draw one image without scales, in a frame if a colour is given."""
    picture = as_picture(image)
    white = 255 if picture.dtype == np.uint8 else 1
    axes.imshow(picture, cmap="gray", vmin=0, vmax=white)
    style.without_scales(axes)
    if frame is not None:
        axes.spines[:].set(visible=True, color=frame, linewidth=linewidth)


def _empty_grid(
    rows: int, columns: int, with_text: bool, title: str | None
) -> tuple[Figure, Array]:
    """Return a figure of at most the house's width with rows x columns bare axes."""
    cell = min(style.FIGURE_WIDTH / columns, 1.4)
    height = rows * (cell + (0.26 if with_text else 0.06)) + (0.4 if title else 0.2)
    size = (cell * columns, height)
    fig, grid = plt.subplots(
        rows, columns, figsize=size, squeeze=False, layout="constrained"
    )
    style.write_title(fig, title, fontsize=11)
    for axes in grid.flat:
        axes.spines[:].set_visible(False)
    return fig, grid


def _draw_result(axes: Axes, photo: ArrayLike, is_correct: bool) -> None:
    """Draw a retrieved photo with its frame and its tick or cross."""
    colour = style.CORRECT_COLOUR if is_correct else style.WRONG_COLOUR
    mark = style.CORRECT_MARK if is_correct else style.WRONG_MARK
    draw_picture(axes, photo, frame=colour)
    corner = {"ha": "right", "va": "top"}
    stamp(axes, mark, 0.94, 0.93, colour, pad=1.2, fontsize=8, **corner)


def stamp(axes: Axes, text: str, x: float, y: float, box: str, **look: Any) -> None:
    """Write white on a box of a colour; the place is in shares of the picture."""
    look["bbox"] = {"facecolor": box, "edgecolor": "none", "pad": look.pop("pad")}
    axes.text(x, y, text, transform=axes.transAxes, color="white", **look)


def _write_below(axes: Axes, name: str) -> None:
    """Write a class name below a picture, broken into lines that fit."""
    axes.set_xlabel(textwrap.fill(name, NAME_WIDTH), fontsize=7, labelpad=2)
