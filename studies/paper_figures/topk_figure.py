"""f07_topk: what sketches from best to worst retrieve, zero-shot and generalised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from paper_figures.material import Material, take_pictures
from paper_figures.words import Drawn, and_list, class_name
from zssbir_lib.data import ZeroShotData
from zssbir_lib.display import retrieval_panel, style
from zssbir_lib.display.arrays import (
    ArrayLike,
    Names,
    as_array,
    require,
    require_length,
)
from zssbir_lib.display.panels import stamp
from zssbir_lib.evaluation import (
    RetrievalSets,
    generalised_with_seen_gallery,
    per_query_metrics,
    rank_gallery,
)

TOP = 10
PLACES = {
    "best": 0.0,
    "upper quartile": 0.25,
    "median": 0.5,
    "lower quartile": 0.75,
    "worst": 1.0,
}
UNSEEN, ALL = "unseen photos", "all photos"


@dataclass(frozen=True)
class RetrievedPhotos:
    """The first K photos of Q sketches in one gallery, best first."""

    pictures: ArrayLike  # (Q, K, 3, H, W), uint8 or float from 0 to 1
    correct: ArrayLike  # of the query's class, bool (Q, K)
    names: Sequence[Names]  # Q lists of K class names
    seen: ArrayLike  # of a class that was trained on, bool (Q, K)
    scores: ArrayLike  # average precision of each query, (Q,)


def draw_topk(material: Material) -> Drawn:
    """Draw the first ten photos for sketches chosen by their average precision."""
    alone = material.unseen_sets(material.ours.row, material.ours.seed)
    seen = material.seen_photos(material.ours)
    among_all = generalised_with_seen_gallery(alone.query, alone.gallery, seen)
    sets = {UNSEEN: alone, ALL: among_all}
    scores = {name: score_queries(one) for name, one in sets.items()}
    chosen = choose_queries(scores[UNSEEN])
    galleries = {
        name: retrieve(one, chosen, scores[name], material.pictures)
        for name, one in sets.items()
    }
    sketches = take_pictures(material.pictures.unseen.sketches, chosen)
    labels = alone.query.labels[chosen].tolist()
    names = [class_name(material.split.unseen[label]) for label in labels]
    means = [np.nanmean(scores[name]) for name in (UNSEEN, ALL)]
    finding = f"mAP@all {means[0]:.2f} among unseen photos, {means[1]:.2f} among all"
    figure = protocol_panels(sketches, names, galleries, finding)
    alt = (
        f"{len(chosen)} sketches of unseen classes and the first photos that each "
        "retrieves among unseen photos and among all photos, right ones with a tick, "
        "wrong ones with a cross"
    )
    return Drawn(figure, alt, describe(material, sets, scores, galleries, names))


def score_queries(sets: RetrievalSets) -> np.ndarray:
    """Return the average precision of every query, (Q,); NaN without relevant photo."""
    query, gallery = sets.query, sets.gallery
    return per_query_metrics(
        query.embeddings, gallery.embeddings, query.labels, gallery.labels
    )["map@all"]


def choose_queries(scores: np.ndarray) -> Tensor:
    """Return the queries at fixed places of the order from best to worst.

    Args:
        scores: average precision of every query, (Q,); NaN is left out.

    Returns:
        int64 (5,): best, upper quartile, median, lower quartile, worst; of equal
        queries the first is the better.
    """
    order = np.argsort(-scores, kind="stable")  # NaN last
    last = int((~np.isnan(scores)).sum()) - 1
    return torch.tensor([int(order[round(p * last)]) for p in PLACES.values()])


def retrieve(
    sets: RetrievalSets, chosen: Tensor, scores: np.ndarray, pictures: ZeroShotData
) -> RetrievedPhotos:
    """Return the first photos of some queries, ready to be drawn.

    Args:
        sets: queries and gallery: the unseen photos, then perhaps the seen ones.
        chosen: numbers of the queries, (Q,).
        scores: average precision of every query.
        pictures: the images that belong to the embeddings.
    """
    gallery = sets.gallery
    top = min(TOP, len(gallery))
    found = rank_gallery(sets.query.embeddings[chosen], gallery.embeddings, top)
    names = pictures.unseen.class_names + pictures.seen.class_names
    labels = gallery.labels[found]  # (Q, K)
    return RetrievedPhotos(
        [[gallery_picture(pictures, place) for place in row] for row in found.tolist()],
        labels == sets.query.labels[chosen][:, None],
        [[class_name(names[label]) for label in row] for row in labels.tolist()],
        labels >= len(pictures.unseen.class_names),
        scores[chosen.numpy()],
    )


def gallery_picture(pictures: ZeroShotData, place: int) -> Tensor:
    """Return a photo of the gallery, in which the seen photos follow the unseen."""
    unseen, seen = pictures.unseen.photos, pictures.seen.photos
    if place < len(unseen):
        return take_pictures(unseen, torch.tensor([place]))[0]
    return take_pictures(seen, torch.tensor([place - len(unseen)]))[0]


def protocol_panels(
    queries: ArrayLike,
    query_names: Names,
    galleries: Mapping[str, RetrievedPhotos],
    title: str | None = None,
) -> Figure:
    """Draw for each query a row a gallery, photos of seen classes marked "seen"."""
    require(galleries, "no gallery to draw: give what was retrieved from one or more")
    require_length("query_names", query_names, len(queries))
    for one in galleries.values():
        check_retrieved(one, len(queries))
    places = [(number, g) for number in range(len(queries)) for g in galleries]
    fig = retrieval_panel(
        [queries[number] for number, _ in places],
        [galleries[g].pictures[number] for number, g in places],
        np.stack([as_array(galleries[g].correct)[number] for number, g in places]),
        result_names=[galleries[g].names[number] for number, g in places],
        title=title,
    )
    rows = np.reshape(fig.axes, (len(places), -1))  # (Q * G, K + 1)
    for (first, *results), (number, g) in zip(rows, places, strict=True):
        score = float(galleries[g].scores[number])
        first.set_ylabel(g, fontsize=7)
        text = f"{query_names[number]}\nAP {score:.2f}"
        first.set_xlabel(text, fontsize=7, labelpad=2)
        for axes, seen in zip(results, galleries[g].seen[number], strict=True):
            if seen:
                stamp(axes, "seen", 0.06, 0.07, style.NEUTRAL_COLOUR, pad=1, fontsize=6)
    return fig


def check_retrieved(retrieved: RetrievedPhotos, count: int) -> None:
    """Raise ValueError unless everything has a row for each query."""
    for name, values in vars(retrieved).items():
        require_length(name, values, count)
    correct, seen = as_array(retrieved.correct), as_array(retrieved.seen)
    fault = f"seen has shape {seen.shape}, correct {correct.shape}"
    require(correct.shape == seen.shape, fault)


def describe(
    material: Material,
    sets: Mapping[str, RetrievalSets],
    scores: Mapping[str, np.ndarray],
    galleries: Mapping[str, RetrievedPhotos],
    names: list[str],
) -> str:
    """Return the caption."""
    rows = [
        f"{place} ({name}, {alone:.2f}, among all {among_all:.2f})"
        for place, name, alone, among_all in zip(
            PLACES, names, galleries[UNSEEN].scores, galleries[ALL].scores, strict=True
        )
    ]
    photos = {name: len(one.gallery) for name, one in sets.items()}
    seen = float(torch.as_tensor(galleries[ALL].seen).float().mean())
    return (
        f"{material.ours.name}, seed {material.ours.seed}, split "
        f"{material.split.name}. All {len(sets[UNSEEN].query):,} sketches of unseen "
        "classes were put in order of their average precision among the "
        f"{photos[UNSEEN]:,} photos of unseen classes; shown are the "
        f"{and_list(rows)}: no other choice was made. Upper rows: photos of unseen "
        f"classes; lower rows: these and the {photos[ALL] - photos[UNSEEN]:,} photos "
        f'of seen classes, marked "seen". Over all sketches mAP@all is '
        f"{np.nanmean(scores[UNSEEN]):.3f} in the first gallery and "
        f"{np.nanmean(scores[ALL]):.3f} in the second; {100 * seen:.0f} % of the "
        "photos in the lower rows are of seen classes."
    )
