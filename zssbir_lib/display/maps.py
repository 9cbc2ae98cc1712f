"""Maps of embeddings: which sketches and photos lie near each other.

PCA keeps directions. t-SNE keeps neighbours together and gives up distances: how far
apart two groups lie, and how large they are drawn, means nothing. A number measured on
the embeddings themselves belongs beside every such map.
"""

from collections.abc import Mapping
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
    require_length,
    require_modality,
    require_points,
)
from zssbir_lib.modality import NAMES, PHOTO, SKETCH

TSNE_MARKERS = {SKETCH: "h", PHOTO: "x"}  # hexagons and crosses, as in RAMLN's figure
PERPLEXITY = 30.0
COLOURS = 7  # in the house's cycle
NAME_HEIGHT, NAME_WIDTH = 0.055, 0.3  # that a name takes, as shares of the map


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
        _write_name(axes, name, centre, colour, fontsize=9, weight="bold")
    handles = _modality_handles(style.MODALITY_MARKERS, "grey")
    axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set(xlabel="first direction", ylabel="second direction", xticks=[], yticks=[])
    axes.set_title(title or "")
    return fig


def _modality_handles(markers: dict[int, str], colour: str) -> list[Line2D]:
    """Return what a legend shows for sketches and for photos."""
    look = {"linestyle": "", "color": colour}
    return [
        Line2D([], [], marker=marker, label=NAMES[kind], **look)
        for kind, marker in markers.items()
    ]


def _write_name(axes: Axes, name: str, place: Array, colour: str, **text: Any) -> None:
    """Write a class name in a frame of its colour."""
    box = {"facecolor": "white", "edgecolor": colour, "alpha": 0.85, "pad": 1.5}
    axes.annotate(name, place, horizontalalignment="center", bbox=box, **text)


def tsne_plane(embeddings: ArrayLike, seed: int = 0) -> Array:
    """Lay embeddings, float (N, D), out in the plane by t-SNE, from their PCA.

    The same embeddings (at least three) and seed give the same plane, float64 (N, 2).

    Source: van der Maaten and Hinton, JMLR 2008; scikit-learn's implementation, with
        a perplexity of 30, less for fewer than 91 points.
    """
    from sklearn.manifold import TSNE  # slow to load, and few figures need it

    points = as_array(embeddings).astype(np.float64)
    require(
        points.ndim == 2 and len(points) >= 3 and np.isfinite(points).all(),
        f"embeddings have shape {points.shape}; expected finite numbers (N, D), N at "
        "least 3",
    )
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    start = "pca" if points.shape[1] > 1 else "random"
    layout = TSNE(init=start, perplexity=perplexity, random_state=seed)
    return layout.fit_transform(points).astype(np.float64)


def tsne_panels(
    planes: Mapping[str, ArrayLike],
    labels: ArrayLike,
    modality: ArrayLike,
    class_names: Names,
    title: str | None = None,
) -> Figure:
    """Draw the same images as each model places them, one colour a class.

    Sketches are hexagons, photos crosses; there are no scales: they mean nothing here.

    Args:
        planes: for each panel its title and the positions (N, 2), as `tsne_plane`
            returns them.
        labels: class numbers from 0 to C - 1, integers (N,).
        modality: 0 for a sketch, 1 for a photo, integers (N,).
        class_names: the C names, at most 7: there are no more colours to tell apart.
        title: one sentence, or None.
    """
    labels, modality = as_array(labels), as_array(modality)
    planes = {name: as_array(points) for name, points in planes.items()}
    _check_planes(planes, labels, modality, class_names)
    fig, panels = style.row_of_panels(len(planes), 4.3 if len(planes) > 1 else 6.5)
    style.write_title(fig, title, **style.AT_LEFT)
    for axes, (name, points) in zip(panels, planes.items(), strict=True):
        _draw_images(axes, points, labels, modality)
        _write_class_names(axes, points, labels, class_names)
        axes.set_title(name, fontsize=9)
        style.without_scales(axes)
        axes.spines[:].set(visible=True, color="#cccccc")
    square = {"linestyle": "", "marker": "s", "markersize": 6}
    handles = [
        Line2D([], [], color=f"C{number}", label=name, **square)
        for number, name in enumerate(class_names)
    ] + _modality_handles(TSNE_MARKERS, "#555555")
    fig.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=9)
    return fig


def _check_planes(
    planes: Mapping[str, Array], labels: Array, modality: Array, class_names: Names
) -> None:
    """Raise ValueError unless every panel has a point for each labelled image."""
    count, classes = len(labels), len(class_names)
    require(planes and count, "nothing to draw: give one plane and one point or more")
    fault = f"{classes} classes, but {COLOURS} colours that can be told apart"
    require(classes <= COLOURS, f"{fault}: draw fewer classes")
    require_length("modality", modality, count)
    for name, points in planes.items():
        fault = f"plane {name!r} has shape {points.shape}; expected ({count}, 2)"
        require(points.shape == (count, 2), fault)
    require_labels(labels, class_names)
    require_modality(modality)


def _draw_images(axes: Axes, points: Array, labels: Array, modality: Array) -> None:
    """Draw the photos of all classes, then the sketches over them."""
    photo = dict(s=12, linewidths=0.8)
    sketch = dict(s=15, linewidths=0.4, edgecolors="white")
    for kind, look in ((PHOTO, photo), (SKETCH, sketch)):
        for label in np.unique(labels):
            chosen = points[(labels == label) & (modality == kind)]  # (n, 2)
            mark = {"marker": TSNE_MARKERS[kind], "color": f"C{label}"}
            axes.scatter(*chosen.T, alpha=0.85, **mark, **look)


def _write_class_names(
    axes: Axes, points: Array, labels: Array, class_names: Names
) -> None:
    """Write each name in the middle of its class, or so near that none is hidden."""
    there = np.unique(labels)
    middles = np.stack([np.median(points[labels == one], axis=0) for one in there])
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    size = np.where(size > 0, size, 1.0)
    places = low + size * keep_apart((middles - low) / size)
    centred = {"verticalalignment": "center", "fontsize": 8}
    for label, place in zip(there, places, strict=True):
        _write_name(axes, class_names[label], place, f"C{label}", **centred)


def keep_apart(
    places: Array, width: float = NAME_WIDTH, height: float = NAME_HEIGHT
) -> Array:
    """Move the middles of names, (N, 2), up until none lies on another.

    The lowest name stays, each next one is moved up as far as it must.
    """
    placed: list[Array] = []
    moved = places.astype(float)
    for number in np.argsort(places[:, 1], kind="stable"):
        x, y = moved[number]
        for other in sorted(placed, key=lambda one: one[1]):  # the lowest first
            if abs(other[0] - x) < width and abs(other[1] - y) < height:
                y = other[1] + height
        moved[number, 1] = y
        placed.append(moved[number].copy())
    return moved
