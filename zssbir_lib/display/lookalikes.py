"""Two classes that look alike: where models confuse them, and how much."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from zssbir_lib.display import style
from zssbir_lib.display.arrays import (
    Array,
    ArrayLike,
    Names,
    as_array,
    require,
    require_length,
)
from zssbir_lib.display.panels import draw_picture
from zssbir_lib.evaluation import mean_interval

MODEL_WIDTH, CLASS_WIDTH = 15, 11  # characters of a name on one line
Examples = Mapping[str, tuple[ArrayLike, ArrayLike]]  # class -> sketches, photos


def lookalike_figure(
    confusions: Mapping[str, ArrayLike],
    class_names: Names,
    pair: tuple[int, int],
    examples: Examples,
    shares: Mapping[str, Sequence[float]],
    title: str | None = None,
) -> Figure:
    """Draw confusion matrices with a pair marked, its images, and how often it errs.

    Args:
        confusions: for each model (C, C) shares, 0 to 1, as `confusion_matrix` returns
            them; all models share one scale.
        class_names: the C names.
        pair: the numbers of the two classes.
        examples: for each of the two classes some sketches and some photos, as many
            of the one class as of the other, each (3, H, W).
        shares: for each model, for each run, the share of photos of the other class
            among those retrieved for sketches of the two, 0 to 1.
        title: one sentence, or None.
    """
    matrices = {name: as_array(one) for name, one in confusions.items()}
    _check_figure(matrices, class_names, pair, examples, shares)
    fig = plt.figure(figsize=(style.FIGURE_WIDTH, 5.7), layout="constrained")
    style.write_title(fig, title, **style.AT_LEFT)
    top, below = fig.subfigures(2, 1, height_ratios=[3.8, 1.75])
    _draw_confusions(top, matrices, class_names, pair)
    left, right = below.subfigures(1, 2, width_ratios=[1.7, 1])
    _draw_examples(left, examples)
    _draw_shares(right.subplots(), shares)
    return fig


def _check_figure(
    matrices: Mapping[str, Array],
    class_names: Names,
    pair: tuple[int, int],
    examples: Examples,
    shares: Mapping[str, Sequence[float]],
) -> None:
    """Raise ValueError unless everything is there for the same models and classes."""
    count = len(class_names)
    given = f"confusions are of {list(matrices)}, shares of {list(shares)}"
    both = matrices and list(matrices) == list(shares)
    require(both, f"{given}: give both for each model")
    for name, matrix in matrices.items():
        fault = f"confusion of {name!r} has shape {matrix.shape}; expected"
        require(matrix.shape == (count, count), f"{fault} ({count}, {count})")
    apart = len(set(pair)) == 2 and 0 <= min(pair) <= max(pair) < count
    require(apart, f"pair is {pair}: expected two classes of 0 to {count - 1}")
    names, found = [class_names[one] for one in pair], list(examples)
    require(found == names, f"examples are of {found}; expected {names}")
    for place, kind in enumerate(("sketches", "photos")):
        first, second = (examples[name][place] for name in names)
        require_length(f"{kind} of {names[1]!r}", second, len(first))


def _draw_confusions(
    fig: SubFigure,
    matrices: Mapping[str, Array],
    class_names: Names,
    pair: tuple[int, int],
) -> None:
    """Draw a matrix for each model, on one scale; the diagonals are left white."""
    panels = fig.subplots(1, len(matrices), sharey=True, squeeze=False)[0]
    apart = [np.where(np.eye(len(one)), np.nan, one) for one in matrices.values()]
    highest = max(np.nanmax(one) for one in apart)
    frame = {"fill": False, "edgecolor": style.WRONG_COLOUR, "linewidth": 2}
    for axes, name, matrix in zip(panels, matrices, apart, strict=True):
        image = _draw_matrix(axes, matrix, class_names, highest)
        for row, column in (pair, pair[::-1]):
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **frame))
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("class of the photo retrieved", fontsize=8)
    panels[0].set_ylabel("class of the sketch", fontsize=8)
    bar = fig.colorbar(image, ax=panels, shrink=0.8, pad=0.02)
    bar.set_label("share of the photos retrieved", fontsize=8)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    bar.ax.tick_params(labelsize=7)


def _draw_matrix(
    axes: Axes, matrix: Array, class_names: Names, highest: float
) -> AxesImage:
    """Draw one matrix with the names of rows and columns."""
    image = axes.imshow(matrix, cmap="Greys", vmin=0, vmax=highest)
    size = min(7.0, 130 / len(class_names))
    axes.set_xticks(range(len(matrix)), class_names, rotation=90, fontsize=size)
    axes.set_yticks(range(len(matrix)), class_names, fontsize=size)
    axes.tick_params(length=0, pad=2)
    axes.grid(False)
    axes.spines[:].set(visible=True, color="#cccccc")
    return image


def _draw_examples(fig: SubFigure, examples: Examples) -> None:
    """Draw a row for each class: its sketches, then its photos."""
    first_sketches, first_photos = next(iter(examples.values()))
    columns = len(first_sketches) + len(first_photos)
    grid = fig.subplots(len(examples), columns, squeeze=False)
    for row, (name, (sketches, photos)) in zip(grid, examples.items(), strict=True):
        colours = [style.SKETCH_COLOUR] * len(sketches) + [style.PHOTO_COLOUR] * len(
            photos
        )
        pictures = [*sketches, *photos]
        for axes, picture, colour in zip(row, pictures, colours, strict=True):
            draw_picture(axes, picture, frame=colour, linewidth=1.5)
        row[0].set_ylabel(textwrap.fill(name, CLASS_WIDTH), fontsize=8)
    grid[0][0].set_title("sketches", fontsize=8, color=style.SKETCH_COLOUR)
    grid[0][len(first_sketches)].set_title(
        "photos", fontsize=8, color=style.PHOTO_COLOUR
    )


def _draw_shares(axes: Axes, shares: Mapping[str, Sequence[float]]) -> None:
    """Draw every run as a ring and the mean of each model with its 95 % interval."""
    for height, values in enumerate(shares.values()):
        mean, low, high = (
            None if end is None else 100 * end for end in mean_interval(values)
        )
        ends = None if low is None else [[mean - low], [high - mean]]
        places = [height + 0.2] * len(values)
        ring = {"facecolors": "none", "edgecolors": style.NEUTRAL_COLOUR, "s": 16}
        axes.scatter(100 * np.asarray(values), places, **ring)
        axes.errorbar(
            mean, height, xerr=ends, fmt="D", color=style.NEUTRAL_COLOUR, capsize=2
        )
    style.first_on_top(
        axes, [textwrap.fill(one, MODEL_WIDTH) for one in shares], fontsize=8
    )
    axes.set_xlim(left=0)
    axes.set_xlabel("photos of the\nother class, %", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x")
