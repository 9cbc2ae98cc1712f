"""Score a retrieval system: every metric of the field from one ranking.

Three incompatible quantities are published as mAP@200. They are all here, each
under its own name (R is the number of relevant photos in the gallery):

===================  ========================================================
``map@all``          mean average precision over the whole gallery
``map@all/voc``      the same with interpolated precision (Pascal VOC envelope)
``map@K/min``        first K photos, precisions divided by min(K, R)
``map@K/voc``        the same, interpolated inside the first K
``map@K/hits``       divided by the relevant photos inside the first K
``map@K/relevant``   divided by R
``map@K/k``          divided by K
``p@K``              share of relevant photos among K (also where K exceeds the
                     gallery: photos that do not exist count as wrong)
``p@K/capped``       share of relevant photos among the first min(K, R)
===================  ========================================================
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from zssbir_lib.evaluation.checks import (
    check_choice,
    check_count,
    check_features,
    check_labels,
)
from zssbir_lib.evaluation.metrics import all_metrics
from zssbir_lib.evaluation.ranking import DISTANCES, TIE_RULES, walk_rankings

AVERAGES = ("micro", "macro")


def metric_names(ks: Sequence[int] = (100, 200)) -> tuple[str, ...]:
    """List the names of all metrics at the cut-offs, in the order of a report."""
    conventions = ("min", "voc", "hits", "relevant", "k")
    names = ["map@all", "map@all/voc"]
    for k in ks:
        names += [f"map@{k}/{convention}" for convention in conventions]
        names += [f"p@{k}", f"p@{k}/capped"]
    return tuple(names)


def evaluate_retrieval(
    query: Tensor,
    gallery: Tensor,
    query_labels: Tensor,
    gallery_labels: Tensor,
    distance: str = "euclidean",
    ks: Sequence[int] = (100, 200),
    ties: str = "block",
    average: str = "micro",
) -> dict[str, float | int]:
    """Rank the gallery for every query and return every metric.

    Args:
        query: (Q, D) embeddings of the sketches, floating point; for "hamming"
            codes: bool, -1 and +1, 0 and 1, or bits packed in uint8.
        gallery: (N, D) embeddings or codes of the photos, on the same device.
        query_labels: (Q,) class of every query, whole numbers.
        gallery_labels: (N,) class of every photo.
        distance: "euclidean", "cosine" (a zero vector is at 1 from all) or "hamming".
        ks: the cut-offs K.
        ties: "block" (tied photos share the last rank of their group),
            "optimistic" or "pessimistic" (relevant ones first or last).
        average: over queries, "micro", or over the means of the classes, "macro".

    Returns:
        Fractions from 0 to 1 by metric name (see the table of this file), averaged
        over the queries that have a relevant photo; their number as "queries", the
        number of all others as "queries_without_relevant".
    """
    check_choice("average", average, AVERAGES)
    values = per_query_metrics(
        query, gallery, query_labels, gallery_labels, distance, ks, ties
    )
    scored = ~np.isnan(values["map@all"])
    if not scored.any():
        raise ValueError(
            f"none of the {len(scored)} queries has a photo of its class in the "
            "gallery: check that both use the same label numbers"
        )
    labels = query_labels.cpu().numpy()[scored]
    weights = _query_weights(labels, average)
    result = {name: float(weights @ value[scored]) for name, value in values.items()}
    counts = {"queries": scored.sum(), "queries_without_relevant": (~scored).sum()}
    return result | {name: int(count) for name, count in counts.items()}


def per_query_metrics(
    query: Tensor,
    gallery: Tensor,
    query_labels: Tensor,
    gallery_labels: Tensor,
    distance: str = "euclidean",
    ks: Sequence[int] = (100, 200),
    ties: str = "block",
    chunk_size: int = 512,
) -> dict[str, np.ndarray]:
    """Return every metric of every query, float64 (Q,) by name, for statistics.

    Queries without a relevant photo have NaN. Arguments as for `evaluate_retrieval`;
    `chunk_size`, the queries compared at a time, changes speed and memory only.
    """
    check_choice("distance", distance, DISTANCES)
    check_choice("ties", ties, TIE_RULES)
    ks = tuple(ks)
    for k in ks:
        check_count("a cut-off in ks", k, 1)
    check_features(query, gallery, distance)
    query_labels = check_labels("query", query_labels, query)
    gallery_labels = check_labels("gallery", gallery_labels, gallery)
    check_count("chunk_size", chunk_size, 1)

    # filled in place: small results kept between large temporary ones leave holes
    nothing = torch.full((len(query),), torch.nan, dtype=torch.float64)
    values = {name: nothing.to(query.device, copy=True) for name in metric_names(ks)}
    sets = query.detach(), gallery.detach(), query_labels, gallery_labels
    for row, ranks in walk_rankings(*sets, distance, ks, ties, chunk_size):
        for name, value in all_metrics(ranks, ks).items():
            values[name][row] = value
    return {name: value.cpu().numpy() for name, value in values.items()}


def _query_weights(labels: np.ndarray, average: str) -> np.ndarray:
    """Return the weight of each query in the average; the weights add up to 1."""
    if average == "micro":
        return np.full(len(labels), 1 / len(labels))
    _, class_of, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    return 1 / (len(sizes) * sizes[class_of])
