"""Learned margins on a map of the images, and class by class."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from zssbir_lib.display.arrays import ArrayLike, as_array, require_length
from zssbir_lib.display.style import FIGURE_WIDTH, MODALITY_MARKERS, NEUTRAL_COLOUR

NAMES = {0: "sketch", 1: "photo"}
SCALE = "viridis"
ENDS = (0.02, 0.98)  # quantiles of the margins where the scale of colours ends


def margin_map(
    points: ArrayLike,
    margin: ArrayLike,
    difficulty: ArrayLike,
    labels: ArrayLike,
    modality: ArrayLike,
    class_names: Sequence[str],
    named: Sequence[str] = (),
    every: int = 1,
    title: str | None = None,
) -> Figure:
    """Draw images with their margins as colour, and every class's mean margin.

    On the map sketches are triangles, photos circles, and a named class has its name
    where its images lie on average. The few lowest and highest margins share the
    colours at the ends of the scale. Beside the map stands a mark for each class, with
    Spearman's correlation above.

    Args:
        points: positions of N images in the plane, float (N, 2).
        margin: their margins, float (N,).
        difficulty: how hard each is to retrieve by, 0 to 1, float (N,).
        labels: class numbers from 0 to C - 1, integers (N,).
        modality: 0 for a sketch, 1 for a photo, integers (N,).
        class_names: the C names.
        named: names of the classes that are written in both panels.
        every: draw one image in so many on the map; classes are of all images.
        title: what the panels show together, said in one sentence, or None.

    Returns:
        The figure, with two panels and a colour bar.

    Raises:
        ValueError: there is nothing to draw, or shapes and numbers do not fit.
    """
    points = as_array(points)
    rest = [as_array(one) for one in (margin, difficulty, labels, modality)]
    _check_images(points, rest, class_names, named)
    margin, difficulty, labels, modality = rest
    fig, (left, right) = plt.subplots(
        1,
        2,
        figsize=(FIGURE_WIDTH, 3.7),
        width_ratios=(1.25, 1),
        layout="constrained",
    )
    _draw_images(left, points[::every], margin[::every], modality[::every])
    numbers = [list(class_names).index(name) for name in named]
    for label, name in zip(numbers, named, strict=True):
        _write_name(left, name, points[labels == label].mean(axis=0))
    left.set(xticks=[], yticks=[])
    left.grid(False)
    left.set_title("images: colour is the margin", fontsize=10)
    left.legend(loc="upper left", fontsize=8, frameon=True)
    means = np.array(
        [
            (difficulty[labels == label].mean(), margin[labels == label].mean())
            for label in np.unique(labels)
        ]
    )  # (C, 2)
    right.scatter(*means.T, marker="D", s=18, color=NEUTRAL_COLOUR, alpha=0.6)
    for label, name in zip(numbers, named, strict=True):
        place = means[np.unique(labels).tolist().index(label)]
        above = place[1] > np.median(means[:, 1])  # away from the other marks
        _write_name(right, name, place, shift=9 if above else -9)
    right.set(xlabel="mean difficulty, 1 - AP (0 to 1)", ylabel="mean margin")
    right.margins(x=0.18, y=0.12)
    correlation = spearmanr(*means.T).statistic if len(means) > 1 else 0.0
    right.set_title(f"every class: rank correlation {correlation:+.2f}", fontsize=10)
    if title is not None:
        fig.suptitle(title, fontsize=11, x=0.01, horizontalalignment="left")
    return fig


def _check_images(
    points: np.ndarray,
    rest: Sequence[np.ndarray],
    class_names: Sequence[str],
    named: Sequence[str],
) -> None:
    """Raise ValueError unless every image has a place, values and a named class."""
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"points have shape {points.shape}; expected (N, 2)")
    names = ("margin", "difficulty", "labels", "modality")
    for name, values in zip(names, rest, strict=True):
        require_length(name, values, len(points))
    labels, modality = rest[2:]
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}, but there are "
            f"{len(class_names)} class names"
        )
    unknown = set(np.unique(modality).tolist()) - set(NAMES)
    if unknown:
        raise ValueError(f"modality contains {sorted(unknown)}; expected 0 or 1")
    drawn = {class_names[label] for label in np.unique(labels)}
    missing = [name for name in named if name not in drawn]
    if missing:
        raise ValueError(f"no image is of the class {missing[0]!r}")


def _draw_images(
    axes: Axes, points: np.ndarray, margin: np.ndarray, modality: np.ndarray
) -> None:
    """Draw the images by modality, on one scale of colours."""
    low, high = np.quantile(margin, ENDS)
    for kind, marker in MODALITY_MARKERS.items():
        some = modality == kind
        drawn = axes.scatter(
            *points[some].T,
            c=margin[some],
            marker=marker,
            s=13,
            cmap=SCALE,
            vmin=low,
            vmax=high,
            linewidths=0,
            label=NAMES[kind],
        )
    axes.figure.colorbar(drawn, ax=axes, label="margin", shrink=0.85)


def _write_name(
    axes: Axes, name: str, place: tuple[float, float], shift: int = 0
) -> None:
    """Write a class name on a place, framed, or so many points above it."""
    edge = "none" if shift else "grey"
    axes.annotate(
        name,
        place,
        xytext=(0, shift),
        textcoords="offset points",
        horizontalalignment="center",
        verticalalignment="center",
        fontsize=8,
        bbox={"facecolor": "white", "edgecolor": edge, "alpha": 0.8, "pad": 1.2},
    )
