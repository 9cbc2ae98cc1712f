"""t-SNE maps of models side by side: the same images, one panel a model.

t-SNE keeps neighbours together and gives up distances: how far apart two groups lie,
and how large they are drawn, means nothing. A number measured on the embeddings
themselves belongs beside every such map.
"""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zssbir_lib.display.arrays import ArrayLike, as_array, require_length
from zssbir_lib.display.names_on_plane import write_class_names
from zssbir_lib.display.style import FIGURE_WIDTH
from zssbir_lib.modality import NAMES, PHOTO, SKETCH

MARKERS = {SKETCH: "h", PHOTO: "x"}  # hexagons and crosses, as in RAMLN's figure
PERPLEXITY = 30.0
COLOURS = 7  # in the house's cycle


def tsne_plane(embeddings: ArrayLike, seed: int = 0) -> np.ndarray:
    """Lay embeddings out in the plane by t-SNE, starting from their PCA.

    Args:
        embeddings: float (N, D), N at least 3.
        seed: decides the little that is random.

    Returns:
        float64 (N, 2); the same embeddings and seed give the same plane.

    Raises:
        ValueError: fewer than three embeddings, or values that are not finite.

    Source: van der Maaten and Hinton, JMLR 2008; scikit-learn's implementation, with
        a perplexity of 30, less for fewer than 91 points.
    """
    from sklearn.manifold import TSNE  # slow to load, and few figures need it

    points = as_array(embeddings).astype(np.float64)
    if points.ndim != 2 or len(points) < 3 or not np.isfinite(points).all():
        raise ValueError(
            f"embeddings have shape {points.shape}; expected finite numbers (N, D), N "
            "at least 3"
        )
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    start = "pca" if points.shape[1] > 1 else "random"
    layout = TSNE(init=start, perplexity=perplexity, random_state=seed)
    return layout.fit_transform(points).astype(np.float64)


def tsne_panels(
    planes: Mapping[str, ArrayLike],
    labels: ArrayLike,
    modality: ArrayLike,
    class_names: Sequence[str],
    title: str | None = None,
) -> Figure:
    """Draw the same images as each model places them, one colour a class.

    Sketches are hexagons, photos crosses.

    Args:
        planes: for each panel its title and the positions (N, 2), as `tsne_plane`
            returns them.
        labels: class numbers from 0 to C - 1, integers (N,).
        modality: 0 for a sketch, 1 for a photo, integers (N,).
        class_names: the C names, at most 7: there are no more colours to tell apart.
        title: what the panels show together, said in one sentence, or None.

    Returns:
        The figure, without scales: they mean nothing here.

    Raises:
        ValueError: there is nothing to draw, shapes differ, or a label has no name.
    """
    labels, modality = as_array(labels), as_array(modality)
    planes = {name: as_array(points) for name, points in planes.items()}
    _check_panels(planes, labels, modality, class_names)
    fig, panels = plt.subplots(
        1,
        len(planes),
        figsize=(FIGURE_WIDTH, 4.3 if len(planes) > 1 else 6.5),
        squeeze=False,
        layout="constrained",
    )
    for axes, (name, points) in zip(panels[0], planes.items(), strict=True):
        _draw_points(axes, points, labels, modality)
        write_class_names(axes, points, labels, class_names)
        axes.set_title(name, fontsize=9)
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set(visible=True, color="#cccccc")
    fig.legend(
        handles=_legend(class_names),
        loc="outside lower center",
        ncols=5,
        fontsize=9,
    )
    if title is not None:
        fig.suptitle(title, fontsize=11, x=0.01, horizontalalignment="left")
    return fig


def _check_panels(
    planes: Mapping[str, np.ndarray],
    labels: np.ndarray,
    modality: np.ndarray,
    class_names: Sequence[str],
) -> None:
    """Raise ValueError unless every panel has a point for each labelled image."""
    if not planes or len(labels) == 0:
        raise ValueError("nothing to draw: give one plane with one point or more")
    if len(class_names) > COLOURS:
        raise ValueError(
            f"{len(class_names)} classes, but {COLOURS} colours that can be told "
            "apart: draw fewer classes"
        )
    require_length("modality", modality, len(labels))
    for name, points in planes.items():
        if points.shape != (len(labels), 2):
            raise ValueError(
                f"plane {name!r} has shape {points.shape}; expected ({len(labels)}, 2)"
            )
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}, but there are "
            f"{len(class_names)} class names"
        )
    unknown = set(np.unique(modality).tolist()) - set(MARKERS)
    if unknown:
        raise ValueError(f"modality contains {sorted(unknown)}; expected 0 or 1")


def _draw_points(
    axes: Axes, points: np.ndarray, labels: np.ndarray, modality: np.ndarray
) -> None:
    """Draw the photos of all classes, then the sketches over them."""
    for kind, size, line in ((PHOTO, 12, 0.8), (SKETCH, 15, 0.4)):
        for label in np.unique(labels):
            chosen = points[(labels == label) & (modality == kind)]  # (n, 2)
            edge = {} if kind == PHOTO else {"edgecolors": "white"}
            style = {"marker": MARKERS[kind], "color": f"C{label}", "s": size}
            axes.scatter(*chosen.T, linewidths=line, alpha=0.85, **style, **edge)


def _legend(class_names: Sequence[str]) -> list[Line2D]:
    """Explain colours and marks."""
    style = {"linestyle": "", "marker": "s", "markersize": 6}
    classes = [
        Line2D([], [], color=f"C{label}", label=name, **style)
        for label, name in enumerate(class_names)
    ]
    kinds = [
        Line2D([], [], linestyle="", marker=marker, color="#555555", label=NAMES[kind])
        for kind, marker in MARKERS.items()
    ]
    return classes + kinds
