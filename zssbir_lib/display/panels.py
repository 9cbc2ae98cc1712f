"""Panels of images: grids, and what a query sketch retrieved."""

import textwrap
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import ArrayLike, as_array, as_picture, require_length
from zssbir_lib.display.style import (
    CORRECT_COLOUR,
    CORRECT_MARK,
    FIGURE_WIDTH,
    SKETCH_COLOUR,
    WRONG_COLOUR,
    WRONG_MARK,
)

NAME_WIDTH = 11
"""Characters of a class name on one line below a picture."""


def image_grid(
    images: ArrayLike,
    titles: Sequence[str] | None = None,
    columns: int = 8,
    title: str | None = None,
) -> Figure:
    """Draw images in rows, each with its title above.

    Args:
        images: N images, each (3, H, W), (1, H, W) or (H, W), uint8 from 0 to 255
            or float from 0 to 1.
        titles: N short strings, or None.
        columns: images in a row, at least 1.
        title: title of the whole figure, or None.

    Returns:
        The figure; its first N axes hold the images in order.

    Raises:
        ValueError: no images, a wrong number of titles, or images of a wrong shape.
    """
    if len(images) == 0 or columns < 1:
        raise ValueError(
            f"nothing to draw: {len(images)} images in {columns} columns; "
            "give at least one image and one column"
        )
    if titles is not None:
        require_length("titles", titles, len(images))
    rows = -(-len(images) // columns)  # rounded up
    fig, grid = _empty_grid(rows, columns, with_text=titles is not None, title=title)
    for number, axes in enumerate(grid.flat):
        if number >= len(images):
            axes.set_visible(False)
            continue
        _draw_picture(axes, images[number])
        if titles is not None:
            axes.set_title(titles[number], fontsize=7, loc="center", pad=3)
    return fig


def retrieval_panel(
    queries: ArrayLike,
    results: ArrayLike,
    correct: ArrayLike,
    query_names: Sequence[str] | None = None,
    result_names: Sequence[Sequence[str]] | None = None,
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
        title: title of the whole figure, or None.

    Returns:
        The figure, with Q * (K + 1) axes, row by row.

    Raises:
        ValueError: the numbers of queries, results and marks differ.
    """
    correct = as_array(correct).astype(bool)
    if correct.ndim != 2 or correct.size == 0:
        raise ValueError(f"correct has shape {correct.shape}; expected (Q, K)")
    _check_panel(queries, results, correct, query_names, result_names)
    named = query_names is not None or result_names is not None
    count, top = correct.shape
    fig, grid = _empty_grid(count, top + 1, with_text=named, title=title)
    for row in range(count):
        _draw_picture(grid[row, 0], queries[row], frame=SKETCH_COLOUR)
        if query_names is not None:
            _write_below(grid[row, 0], query_names[row])
        for rank in range(top):
            axes = grid[row, rank + 1]
            _draw_result(axes, results[row][rank], correct[row, rank])
            if result_names is not None:
                _write_below(axes, result_names[row][rank])
    for column, axes in enumerate(grid[0]):
        axes.set_title(str(column) if column else "sketch", fontsize=8, loc="center")
    return fig


def _check_panel(
    queries: ArrayLike,
    results: ArrayLike,
    correct: np.ndarray,
    query_names: Sequence[str] | None,
    result_names: Sequence[Sequence[str]] | None,
) -> None:
    """Raise ValueError unless everything has a row a query and K entries a row."""
    count, top = correct.shape
    require_length("queries", queries, count)
    require_length("results", results, count)
    if query_names is not None:
        require_length("query_names", query_names, count)
    if result_names is not None:
        require_length("result_names", result_names, count)
    for row in range(count):
        require_length(f"results[{row}]", results[row], top)
        if result_names is not None:
            require_length(f"result_names[{row}]", result_names[row], top)


def _empty_grid(
    rows: int, columns: int, with_text: bool, title: str | None
) -> tuple[Figure, np.ndarray]:
    """Return a figure of the house's width with rows x columns bare axes."""
    cell = min(FIGURE_WIDTH / columns, 1.4)
    height = rows * (cell + (0.26 if with_text else 0.06)) + (0.4 if title else 0.2)
    fig, grid = plt.subplots(
        rows,
        columns,
        figsize=(cell * columns, height),
        squeeze=False,
        layout="constrained",
    )
    if title is not None:
        fig.suptitle(title, fontsize=11)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set_visible(False)
    return fig, grid


def _draw_picture(axes: Axes, image: ArrayLike, frame: str | None = None) -> None:
    """Draw one image, with a thick frame if a colour is given."""
    picture = as_picture(image)
    white = 255 if picture.dtype == np.uint8 else 1
    axes.imshow(picture, cmap="gray", vmin=0, vmax=white)
    if frame is not None:
        axes.spines[:].set(visible=True, color=frame, linewidth=2.5)


def _draw_result(axes: Axes, photo: ArrayLike, is_correct: bool) -> None:
    """Draw a retrieved photo with its frame and its tick or cross."""
    colour = CORRECT_COLOUR if is_correct else WRONG_COLOUR
    _draw_picture(axes, photo, frame=colour)
    axes.text(
        0.94,
        0.93,
        CORRECT_MARK if is_correct else WRONG_MARK,
        transform=axes.transAxes,
        horizontalalignment="right",
        verticalalignment="top",
        fontsize=8,
        color="white",
        bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.2},
    )


def _write_below(axes: Axes, name: str) -> None:
    """Write a class name below a picture, broken into lines that fit."""
    axes.set_xlabel(textwrap.fill(name, NAME_WIDTH), fontsize=7, labelpad=2)
