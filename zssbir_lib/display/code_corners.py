"""Points of the plane and the corners that stand for them as codes of two bits."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import ArrayLike, as_array
from zssbir_lib.display.style import FIGURE_WIDTH, PHOTO_COLOUR, PHOTO_MARKER

CORNERS = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
CODES = ("11", "01", "00", "10")


def code_corners(stages: Mapping[str, ArrayLike], title: str | None = None) -> Figure:
    """Draw points, the corner that is nearest to each, and the way between.

    Args:
        stages: for each panel its title and the embeddings of photos, (N, 2); a bit is
            1 where a number is above 0.
        title: what the figure shows, said in one sentence, or None.

    Returns:
        The figure, a panel a stage, all with the same axes.

    Raises:
        ValueError: there is no stage, or a stage has no points of the plane.
    """
    if not stages:
        raise ValueError("nothing to draw: give one stage or more")
    clouds = {name: as_array(points) for name, points in stages.items()}
    for name, points in clouds.items():
        if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
            raise ValueError(f"{name!r} has shape {points.shape}: expected (N, 2)")
    reach = 1.08 * max(1.0, *(np.abs(points).max() for points in clouds.values()))
    width = FIGURE_WIDTH / max(2, len(clouds))
    fig, panels = plt.subplots(
        1,
        len(clouds),
        figsize=(FIGURE_WIDTH, width + 0.4),
        squeeze=False,
        layout="constrained",
    )
    for axes, (name, points) in zip(panels[0], clouds.items(), strict=True):
        _draw_stage(axes, points)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axes.set(xlabel="first number", ylabel="second number")
        axes.set_title(name, fontsize=10)
    if title is not None:
        fig.suptitle(title)
    return fig


def _draw_stage(axes: Axes, points: np.ndarray) -> None:
    """Draw the points of a panel, the axes that cut them, and the four corners."""
    nearest = np.where(points > 0, 1, -1)
    ways = np.stack([points, nearest], axis=1)  # (N, 2 ends, 2)
    axes.add_collection(LineCollection(ways, colors="#BBBBBB", linewidths=0.7))
    axes.plot(*points.T, PHOTO_MARKER, color=PHOTO_COLOUR, markersize=4)
    axes.plot(*CORNERS.T, "s", color="black", markersize=6)
    for corner, code in zip(CORNERS, CODES, strict=True):
        place = 0.5 + 0.45 * corner  # near the panel's corner, 0 to 1
        axes.text(*place, code, ha="center", va="center", transform=axes.transAxes)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.grid(False)
