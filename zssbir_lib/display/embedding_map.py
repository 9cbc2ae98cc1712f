"""A map of embeddings: which sketches and photos lie near each other."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zssbir_lib.display.arrays import ArrayLike, as_array, require_length
from zssbir_lib.display.style import FIGURE_WIDTH, MODALITY_MARKERS
from zssbir_lib.modality import NAMES, PHOTO, SKETCH


def principal_plane(embeddings: ArrayLike) -> np.ndarray:
    """Project embeddings onto the plane in which they vary most (PCA).

    Args:
        embeddings: float (N, D), N and D at least 2.

    Returns:
        float64 (N, 2), centred. The largest weight of either direction is positive,
        so that the same embeddings always give the same picture, never its mirror.

    Raises:
        ValueError: fewer than two embeddings or dimensions.
    """
    points = as_array(embeddings).astype(np.float64)
    if points.ndim != 2 or min(points.shape) < 2:
        raise ValueError(
            f"embeddings have shape {points.shape}; expected (N, D), both at least 2"
        )
    centred = points - points.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    plane = directions[:2]  # (2, D)
    largest = plane[[0, 1], np.abs(plane).argmax(axis=1)]
    return centred @ (plane * np.sign(largest)[:, None]).T  # (N, 2)


def embedding_map(
    points: ArrayLike,
    labels: ArrayLike,
    modality: ArrayLike,
    class_names: Sequence[str],
    title: str | None = None,
) -> Figure:
    """Draw points by class (colour) and modality (triangle or circle).

    Sketches are triangles, photos circles; a class name is written where the photos
    of the class lie on average (its sketches, if it has no photos).

    Args:
        points: positions in the plane, float (N, 2), such as `principal_plane` gives.
        labels: class numbers from 0 to C - 1, integers (N,).
        modality: 0 for a sketch, 1 for a photo, integers (N,).
        class_names: the C names.
        title: what the map shows, said in one sentence, or None.

    Returns:
        The figure; one scatter for each class and modality that occurs.

    Raises:
        ValueError: shapes differ, or a label has no name.
    """
    points, labels, modality = as_array(points), as_array(labels), as_array(modality)
    _check_map(points, labels, modality, class_names)
    fig, axes = plt.subplots(figsize=(FIGURE_WIDTH, 4.2), layout="constrained")
    for label in np.unique(labels):
        _draw_class(axes, points, modality, labels == label, class_names[label], label)
    handles = [
        Line2D([], [], linestyle="", marker=marker, color="grey", label=NAMES[kind])
        for kind, marker in MODALITY_MARKERS.items()
    ]
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set(xlabel="first direction", ylabel="second direction", xticks=[], yticks=[])
    if title is not None:
        axes.set_title(title)
    return fig


def _check_map(
    points: np.ndarray,
    labels: np.ndarray,
    modality: np.ndarray,
    class_names: Sequence[str],
) -> None:
    """Raise ValueError unless every point has a named class and a modality."""
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(
            f"points have shape {points.shape}; expected (N, 2): project embeddings "
            "with principal_plane first"
        )
    require_length("labels", labels, len(points))
    require_length("modality", modality, len(points))
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}, but there are "
            f"{len(class_names)} class names"
        )
    unknown = set(np.unique(modality).tolist()) - {SKETCH, PHOTO}
    if unknown:
        raise ValueError(f"modality contains {sorted(unknown)}; expected 0 or 1")


def _draw_class(
    axes: Axes,
    points: np.ndarray,
    modality: np.ndarray,
    member: np.ndarray,
    name: str,
    label: int,
) -> None:
    """Draw the sketches and photos of one class and write its name beside them."""
    colour = f"C{label % 7}"
    for kind, marker in MODALITY_MARKERS.items():
        chosen = points[member & (modality == kind)]  # (n, 2)
        if len(chosen) == 0:
            continue
        centre = chosen.mean(axis=0)  # photos come last and decide
        axes.scatter(
            *chosen.T, marker=marker, color=colour, s=22, alpha=0.7, linewidths=0
        )
    axes.annotate(
        name,
        centre,
        horizontalalignment="center",
        fontsize=9,
        weight="bold",
        bbox={"facecolor": "white", "edgecolor": colour, "alpha": 0.85, "pad": 1.5},
    )
