"""Maps of embeddings: which sketches and photos lie near each other."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zssbir_lib.display import style
from zssbir_lib.display.arrays import (
    Array,
    ArrayLike,
    Names,
    as_array,
    require,
    require_labels,
    require_modality,
    require_points,
)
from zssbir_lib.modality import NAMES

COLOURS = 7  # in the house's cycle


def principal_plane(embeddings: ArrayLike) -> Array:
    """Project embeddings, float (N, D), onto the plane in which they vary most (PCA).

    Returns:
        float64 (N, 2), centred. The largest weight of either direction is positive,
        so that the same embeddings always give the same picture, never its mirror.
    """
    points = as_array(embeddings).astype(np.float64)
    require(
        points.ndim == 2 and min(points.shape) >= 2,
        f"embeddings have shape {points.shape}; expected (N, D), both at least 2",
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
    class_names: Names,
    title: str | None = None,
) -> Figure:
    """Draw points by class (colour) and modality: sketches triangles, photos circles.

    A class name is written where the photos of the class lie on average (its sketches,
    if it has no photos).

    Args:
        points: positions in the plane, float (N, 2), such as `principal_plane` gives.
        labels: class numbers from 0 to C - 1, integers (N,).
        modality: 0 for a sketch, 1 for a photo, integers (N,).
        class_names: the C names.
        title: one sentence, or None.
    """
    points, labels, modality = as_array(points), as_array(labels), as_array(modality)
    require_points(points, labels=labels, modality=modality)
    require_labels(labels, class_names)
    require_modality(modality)
    fig, (axes,) = style.row_of_panels(1, 4.2)
    for label in np.unique(labels):
        colour = f"C{label % COLOURS}"
        for kind, marker in style.MODALITY_MARKERS.items():
            chosen = points[(labels == label) & (modality == kind)]  # (n, 2)
            if len(chosen):
                centre = chosen.mean(axis=0)  # photos come last and decide
                look = dict(marker=marker, s=22, alpha=0.7, linewidths=0)
                axes.scatter(*chosen.T, color=colour, **look)
        name = class_names[label]
        write_name(axes, name, centre, colour, fontsize=9, weight="bold")
    handles = modality_handles(style.MODALITY_MARKERS, "grey")
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set(xlabel="first direction", ylabel="second direction", xticks=[], yticks=[])
    axes.set_title(title or "")
    return fig


def modality_handles(markers: dict[int, str], colour: str) -> list[Line2D]:
    """Return what a legend shows for sketches and for photos."""
    look = {"linestyle": "", "color": colour}
    return [
        Line2D([], [], marker=marker, label=NAMES[kind], **look)
        for kind, marker in markers.items()
    ]


def write_name(axes: Axes, name: str, place: Array, colour: str, **text: Any) -> None:
    """Write a class name in a frame of its colour."""
    box = {"facecolor": "white", "edgecolor": colour, "alpha": 0.85, "pad": 1.5}
    axes.annotate(name, place, horizontalalignment="center", bbox=box, **text)
