"""Confusion matrices of several models beside each other."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import SubFigure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from zssbir_lib.display.style import WRONG_COLOUR


def draw_confusions(
    fig: SubFigure,
    matrices: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    pair: tuple[int, int],
) -> None:
    """Draw a matrix for each model, on one scale; the diagonals are left white.

    Args:
        fig: where to draw.
        matrices: for each model (C, C) shares, 0 to 1.
        class_names: the C names.
        pair: two classes; both of their cells get a frame.
    """
    panels = fig.subplots(1, len(matrices), sharey=True, squeeze=False)[0]
    apart = [np.where(np.eye(len(one)), np.nan, one) for one in matrices.values()]
    highest = max(np.nanmax(one) for one in apart)
    for axes, name, matrix in zip(panels, matrices, apart, strict=True):
        image = _draw_matrix(axes, matrix, class_names, highest)
        for row, column in (pair, pair[::-1]):
            axes.add_patch(_frame(column, row))
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("class of the photo retrieved", fontsize=8)
    panels[0].set_ylabel("class of the sketch", fontsize=8)
    bar = fig.colorbar(image, ax=panels, shrink=0.8, pad=0.02)
    bar.set_label("share of the photos retrieved", fontsize=8)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    bar.ax.tick_params(labelsize=7)


def _draw_matrix(
    axes: Axes, matrix: np.ndarray, class_names: Sequence[str], highest: float
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


def _frame(column: int, row: int) -> Rectangle:
    """Return a frame around one cell."""
    style = {"fill": False, "edgecolor": WRONG_COLOUR, "linewidth": 2}
    return Rectangle((column - 0.5, row - 0.5), 1, 1, **style)
