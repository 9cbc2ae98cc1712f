"""Two classes that look alike: where models confuse them, and how much."""

import textwrap
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure, SubFigure

from zssbir_lib.display.arrays import (
    ArrayLike,
    as_array,
    as_picture,
    require_length,
)
from zssbir_lib.display.confusion_matrices import draw_confusions
from zssbir_lib.display.style import (
    FIGURE_WIDTH,
    NEUTRAL_COLOUR,
    PHOTO_COLOUR,
    SKETCH_COLOUR,
)
from zssbir_lib.evaluation import mean_interval

NAME_WIDTH = 15  # characters of a model's name on one line
CLASS_WIDTH = 11  # of a class's name
Examples = Mapping[str, tuple[ArrayLike, ArrayLike]]  # class -> sketches, photos


def lookalike_figure(
    confusions: Mapping[str, ArrayLike],
    class_names: Sequence[str],
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
        title: what the figure shows, said in one sentence, or None.

    Returns:
        The figure: a matrix for each model, below them the images and the shares.

    Raises:
        ValueError: there is nothing to draw, or shapes and numbers do not fit.
    """
    matrices = {name: as_array(one) for name, one in confusions.items()}
    _check_figure(matrices, class_names, pair, examples, shares)
    fig = plt.figure(figsize=(FIGURE_WIDTH, 5.7), layout="constrained")
    top, below = fig.subfigures(2, 1, height_ratios=[3.8, 1.75])
    draw_confusions(top, matrices, class_names, pair)
    left, right = below.subfigures(1, 2, width_ratios=[1.7, 1])
    _draw_examples(left, examples)
    _draw_shares(right, shares, len(matrices))
    if title is not None:
        fig.suptitle(title, fontsize=11, x=0.01, horizontalalignment="left")
    return fig


def _check_figure(
    matrices: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    pair: tuple[int, int],
    examples: Examples,
    shares: Mapping[str, Sequence[float]],
) -> None:
    """Raise ValueError unless everything is there for the same models and classes."""
    count = len(class_names)
    if not matrices or list(matrices) != list(shares):
        raise ValueError(
            f"confusions are of {list(matrices)}, shares of {list(shares)}: give both "
            "for each model"
        )
    for name, matrix in matrices.items():
        if matrix.shape != (count, count):
            raise ValueError(
                f"confusion of {name!r} has shape {matrix.shape}; expected ({count}, "
                f"{count})"
            )
    if len(set(pair)) != 2 or not all(0 <= one < count for one in pair):
        raise ValueError(f"pair is {pair}: expected two classes of 0 to {count - 1}")
    names = [class_names[one] for one in pair]
    if list(examples) != names:
        raise ValueError(f"examples are of {list(examples)}; expected {names}")
    for place, kind in enumerate(("sketches", "photos")):
        first, second = (examples[name][place] for name in names)
        require_length(f"{kind} of {names[1]!r}", second, len(first))


def _draw_examples(fig: SubFigure, examples: Examples) -> None:
    """Draw a row for each class: its sketches, then its photos."""
    first_sketches, first_photos = next(iter(examples.values()))
    columns = len(first_sketches) + len(first_photos)
    grid = fig.subplots(len(examples), columns, squeeze=False)
    for row, (name, (sketches, photos)) in zip(grid, examples.items(), strict=True):
        colours = [SKETCH_COLOUR] * len(sketches) + [PHOTO_COLOUR] * len(photos)
        for axes, picture, colour in zip(
            row, [*sketches, *photos], colours, strict=True
        ):
            axes.imshow(as_picture(picture), cmap="gray")
            axes.set(xticks=[], yticks=[])
            axes.grid(False)
            axes.spines[:].set(visible=True, color=colour, linewidth=1.5)
        row[0].set_ylabel(textwrap.fill(name, CLASS_WIDTH), fontsize=8)
    grid[0][0].set_title("sketches", fontsize=8, color=SKETCH_COLOUR)
    grid[0][len(first_sketches)].set_title("photos", fontsize=8, color=PHOTO_COLOUR)


def _draw_shares(
    fig: SubFigure, shares: Mapping[str, Sequence[float]], models: int
) -> None:
    """Draw every run as a ring and the mean of each model with its 95 % interval."""
    axes = fig.subplots()
    for height, values in enumerate(shares.values()):
        mean, low, high = (
            None if end is None else 100 * end for end in mean_interval(values)
        )
        ends = None if low is None else [[mean - low], [high - mean]]
        axes.scatter(
            100 * np.asarray(values),
            [height + 0.2] * len(values),
            facecolors="none",
            edgecolors=NEUTRAL_COLOUR,
            s=16,
        )
        axes.errorbar(mean, height, xerr=ends, fmt="D", color=NEUTRAL_COLOUR, capsize=2)
    names = [textwrap.fill(name, NAME_WIDTH) for name in shares]
    axes.set_yticks(range(models), names, fontsize=8)
    axes.set_ylim(models - 0.4, -0.6)  # the first model on top
    axes.set_xlim(left=0)
    axes.set_xlabel("photos of the\nother class, %", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x")
