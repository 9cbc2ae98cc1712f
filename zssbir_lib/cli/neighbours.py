"""`neighbours`: what a study's retrieval gains when photos look at their neighbours."""

import argparse
from functools import partial
from typing import Any

from torch import Tensor

from zssbir_lib.cli.checkpoints import add_measure_options, write_measures
from zssbir_lib.cli.options import read_data
from zssbir_lib.data import SketchPhotoData, ZeroShotData
from zssbir_lib.evaluation import (
    centre_modalities,
    evaluate_retrieval,
    expand_queries,
    smooth_gallery,
)
from zssbir_lib.training import embed_zero_shot, load_trained_net, use_threads

NAME = "neighbours"
COUNTS = "5,10,20,40"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser(NAME, help=__doc__)
    add_measure_options(parser)
    parser.add_argument(
        "--counts",
        default=COUNTS,
        metavar="N,N",
        help=f"how many neighbours to average (default: {COUNTS})",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Score every checkpoint of the folder, plain and with neighbours."""
    use_threads(1)
    counts = read_counts(options.counts)

    def measure(content: dict[str, Any], parts: ZeroShotData) -> dict[str, float]:
        net, recipe = load_trained_net(content)
        groups = {"unseen": parts.unseen, "validation": parts.validation}
        scores = {}
        for name, data in groups.items():
            if data is not None:
                found = score_settings(net, data, recipe.feature, counts)
                scores |= {f"{name}/{setting}": one for setting, one in found.items()}
        return scores

    write_measures(options, NAME, measure, partial(read_data, options))


def read_counts(text: str) -> list[int]:
    """Return the numbers of neighbours that a text with commas names."""
    words = text.split(",")
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise ValueError(f"--counts takes whole numbers above 0 with commas: {text!r}")
    return [int(word) for word in words]


def score_settings(
    net: Any, data: SketchPhotoData, feature: str, counts: list[int]
) -> dict[str, float]:
    """Return mAP@all in every setting of the search.

    Args:
        net: the network.
        data: the classes to retrieve.
        feature: what is compared.
        counts: numbers of neighbours.

    Returns:
        By setting: "plain", "centred", "smooth/N" (the gallery), "expand/N" (the
        queries), "both/N" (queries expanded in the smoothed gallery).
    """
    sets = embed_zero_shot(net, data, feature)
    query, gallery = sets.query.embeddings, sets.gallery.embeddings

    def score(queries: Tensor, photos: Tensor) -> float:
        labels = sets.query.labels, sets.gallery.labels
        return float(evaluate_retrieval(queries, photos, *labels)["map@all"])

    scores = {"plain": score(query, gallery)}
    scores["centred"] = score(*centre_modalities(query, gallery))
    for count in counts:
        smooth = smooth_gallery(gallery, count)
        expanded = expand_queries(query, smooth, count)
        scores[f"smooth/{count}"] = score(query, smooth)
        scores[f"expand/{count}"] = score(
            expand_queries(query, gallery, count), gallery
        )
        scores[f"both/{count}"] = score(expanded, smooth)
    return scores
