"""f07_tsne: seven unseen classes as two models place them.

t-SNE keeps neighbours together and gives up distances: how far apart two groups lie,
and how large they are drawn, means nothing. A number measured on the embeddings
themselves belongs beside every such map.
"""

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from paper_figures.material import Material, TrainedModel
from paper_figures.words import Drawn, and_list, class_name, percent
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
)
from zssbir_lib.display.maps import COLOURS, modality_handles, write_name
from zssbir_lib.evaluation import LabelledEmbeddings, RetrievalSets
from zssbir_lib.modality import PHOTO, SKETCH

CLASSES = 7  # as many as in RAMLN's figure
SHOWN = 60  # images of a class and modality
NEAREST = "p@1"
TITLE = "two models place them (distances on a map mean nothing)"
MARKERS = {SKETCH: "h", PHOTO: "x"}  # hexagons and crosses, as in RAMLN's figure
PERPLEXITY = 30.0
NAME_HEIGHT, NAME_WIDTH = 0.055, 0.3  # that a name takes, as shares of the map


def draw_tsne(material: Material) -> Drawn:
    """Draw t-SNE maps of the first seven unseen classes, and measure beside them."""
    unseen, seed = material.split.unseen, material.options.seed
    numbers = sorted(range(len(unseen)), key=lambda n: unseen[n])[:CLASSES]
    names = [class_name(unseen[number]) for number in numbers]
    planes, scores = {}, {}
    for model in (material.beside, material.ours):
        sets = material.unseen_sets(model.row, model.seed)
        query, gallery = (keep(one, numbers) for one in (sets.query, sets.gallery))
        scores[model.row] = RetrievalSets(query, gallery).evaluate(ks=(1,))
        points, labels, modality = shown(query, gallery, seed)
        nearest = percent(scores[model.row][NEAREST], 0)
        title = f"{material.names[model.row]}: nearest photo right for {nearest}"
        planes[title] = tsne_plane(points, seed)
    heading = f"{len(names)} unseen classes as {TITLE}"
    figure = tsne_panels(planes, labels, modality, names, heading)
    alt = (
        f"t-SNE maps of sketches and photos of {len(names)} unseen classes, by "
        f"{material.beside.name} and by {material.ours.name}"
    )
    return Drawn(figure, alt, describe(material, names, scores, len(query)))


def keep(images: LabelledEmbeddings, numbers: list[int]) -> LabelledEmbeddings:
    """Keep some classes; numbers[i] becomes class i."""
    parts = [images.labels == number for number in numbers]
    return LabelledEmbeddings(
        torch.cat([images.embeddings[part] for part in parts]),
        torch.cat([torch.full((int(p.sum()),), c) for c, p in enumerate(parts)]),
    )


def shown(
    query: LabelledEmbeddings, gallery: LabelledEmbeddings, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw at most `SHOWN` images of every class and modality, the same by the seed.

    Returns:
        Embeddings (N, D), class numbers (N,) and modality (N,).
    """
    generator = torch.Generator().manual_seed(seed)
    points, labels, modality = [], [], []
    for kind, images in ((SKETCH, query), (PHOTO, gallery)):
        for label in images.labels.unique():
            places = (images.labels == label).nonzero().flatten()
            order = torch.randperm(len(places), generator=generator)[:SHOWN]
            points.append(images.embeddings[places[order]])
            labels.append(images.labels[places[order]])
            modality.append(torch.full((len(order),), kind))
    return torch.cat(points), torch.cat(labels), torch.cat(modality)


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
    Each plane is (N, 2); there are colours for at most seven classes.
    """
    labels, modality = as_array(labels), as_array(modality)
    planes = {name: as_array(points) for name, points in planes.items()}
    check_planes(planes, labels, modality, class_names)
    fig, panels = style.row_of_panels(len(planes), 4.3 if len(planes) > 1 else 6.5)
    style.write_title(fig, title, **style.AT_LEFT)
    for axes, (name, points) in zip(panels, planes.items(), strict=True):
        draw_images(axes, points, labels, modality)
        write_class_names(axes, points, labels, class_names)
        axes.set_title(name, fontsize=9)
        style.without_scales(axes)
        axes.spines[:].set(visible=True, color="#cccccc")
    square = {"linestyle": "", "marker": "s", "markersize": 6}
    handles = [
        Line2D([], [], color=f"C{number}", label=name, **square)
        for number, name in enumerate(class_names)
    ] + modality_handles(MARKERS, "#555555")
    fig.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=9)
    return fig


def check_planes(
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


def draw_images(axes: Axes, points: Array, labels: Array, modality: Array) -> None:
    """Draw the photos of all classes, then the sketches over them."""
    photo = dict(s=12, linewidths=0.8)
    sketch = dict(s=15, linewidths=0.4, edgecolors="white")
    for kind, look in ((PHOTO, photo), (SKETCH, sketch)):
        for label in np.unique(labels):
            chosen = points[(labels == label) & (modality == kind)]  # (n, 2)
            mark = {"marker": MARKERS[kind], "color": f"C{label}"}
            axes.scatter(*chosen.T, alpha=0.85, **mark, **look)


def write_class_names(
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
        write_name(axes, class_names[label], place, f"C{label}", **centred)


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


def describe(
    material: Material, names: list[str], scores: dict[str, dict], queries: int
) -> str:
    """Return the caption."""
    seed, models = material.options.seed, (material.beside, material.ours)
    measured = and_list([measure(model, scores) for model in models])
    return (
        f"t-SNE (scikit-learn, started from the PCA, seed {seed}) of "
        f"{and_list(names)}: the first {len(names)} of the "
        f"{len(material.split.unseen)} unseen classes of {material.split.name} in "
        f"alphabetical order. At most {SHOWN} sketches (hexagons) and {SHOWN} photos "
        "(crosses) of a class are drawn, the same for both models. Distances on such "
        "a map prove nothing, so the embeddings themselves were scored, all "
        f"{queries} sketches against all photos of these classes: {measured}. One "
        f"training of each (seed {seed}): not a proof that one is better."
    )


def measure(model: TrainedModel, scores: dict[str, dict]) -> str:
    """Say what one model scores."""
    found = scores[model.row]
    return (
        f"by {model.name} the nearest photo is of the sketch's class for "
        f"{percent(found[NEAREST])}, mAP@all {found['map@all']:.3f}"
    )
