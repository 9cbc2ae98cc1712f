"""Names of classes on a map, none on top of another."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

NAME_HEIGHT, NAME_WIDTH = 0.055, 0.3  # that a name takes, as shares of the map


def write_class_names(
    axes: Axes, points: np.ndarray, labels: np.ndarray, class_names: Sequence[str]
) -> None:
    """Write each name in the middle of its class, or so near that none is hidden.

    Args:
        axes: where the points are drawn.
        points: positions, float (N, 2).
        labels: class numbers from 0 to C - 1, integers (N,).
        class_names: the C names; a frame has the colour of its class.
    """
    there = np.unique(labels)
    middles = np.stack([np.median(points[labels == one], axis=0) for one in there])
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    size = np.where(size > 0, size, 1.0)
    places = low + size * keep_apart((middles - low) / size)
    for label, place in zip(there, places, strict=True):
        axes.annotate(
            class_names[label],
            place,
            horizontalalignment="center",
            verticalalignment="center",
            fontsize=8,
            bbox={
                "facecolor": "white",
                "edgecolor": f"C{label}",
                "alpha": 0.85,
                "pad": 1.5,
            },
        )


def keep_apart(
    places: np.ndarray, width: float = NAME_WIDTH, height: float = NAME_HEIGHT
) -> np.ndarray:
    """Move names up until none lies on another.

    Args:
        places: middles of N names, float (N, 2).
        width: that a name takes.
        height: that a name takes.

    Returns:
        (N, 2): the lowest name stays, each next one is moved up as far as it must.
    """
    placed: list[np.ndarray] = []
    moved = places.astype(float)
    for number in np.argsort(places[:, 1], kind="stable"):
        x, y = moved[number]
        for other in placed:  # from the lowest to the highest
            if abs(other[0] - x) < width and abs(other[1] - y) < height:
                y = other[1] + height
        moved[number, 1] = y
        placed.append(moved[number].copy())
        placed.sort(key=lambda one: one[1])
    return moved
