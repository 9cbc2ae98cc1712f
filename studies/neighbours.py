r"""What a study's retrieval gains when photos look at their neighbours.

python studies/neighbours.py --runs runs/table --out results/neighbours_world.json \
    --rows triplet-quick,sbtknet-quick,mathm-quick,ramln-quick
"""

import argparse
import sys

from checkpoints_of import Content, measure_parser, write_measures
from torch import Tensor

from zssbir_lib.cli.main import run_script
from zssbir_lib.data import ZeroShotData
from zssbir_lib.evaluation import (
    RetrievalSets,
    centre_modalities,
    evaluate_retrieval,
    expand_queries,
    smooth_gallery,
)
from zssbir_lib.scoring import embed_zero_shot
from zssbir_lib.training import load_trained_net

COUNTS = "5,10,20,40"


def run(options: argparse.Namespace) -> None:
    """Score every checkpoint of the folder, plain and with neighbours."""
    counts = read_counts(options.counts)

    def measure(content: Content, parts: ZeroShotData) -> dict[str, float]:
        net, recipe = load_trained_net(content)
        groups = {"unseen": parts.unseen, "validation": parts.validation}
        scores = {}
        for group, data in groups.items():
            if data is not None:
                sets = embed_zero_shot(net, data, recipe.feature)
                found = score_settings(sets, counts)
                scores |= {f"{group}/{setting}": one for setting, one in found.items()}
        return scores

    write_measures(options, "neighbours", measure)


def read_counts(text: str) -> list[int]:
    """Return the numbers of neighbours that a text with commas names."""
    words = text.split(",")
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise ValueError(f"--counts takes whole numbers above 0 with commas: {text!r}")
    return [int(word) for word in words]


def score_settings(sets: RetrievalSets, counts: list[int]) -> dict[str, float]:
    """Return mAP@all in every setting of the search.

    These are "plain", "centred", and for N neighbours "smooth/N" (the gallery),
    "expand/N" (the queries) and "both/N" (queries expanded in the smoothed gallery).
    """
    query, gallery = sets.query.embeddings, sets.gallery.embeddings
    labels = sets.query.labels, sets.gallery.labels

    def score(queries: Tensor, photos: Tensor) -> float:
        return float(evaluate_retrieval(queries, photos, *labels)["map@all"])

    scores = {"plain": score(query, gallery)}
    scores["centred"] = score(*centre_modalities(query, gallery))
    for count in counts:
        smooth = smooth_gallery(gallery, count)
        alone = expand_queries(query, gallery, count)
        scores[f"smooth/{count}"] = score(query, smooth)
        scores[f"expand/{count}"] = score(alone, gallery)
        scores[f"both/{count}"] = score(expand_queries(query, smooth, count), smooth)
    return scores


def main(arguments: list[str] | None = None) -> int:
    """Write means with intervals of every row's scores."""
    parser = measure_parser(__doc__.partition("\n")[0])
    text = f"how many neighbours to average (default: {COUNTS})"
    parser.add_argument("--counts", default=COUNTS, metavar="N,N", help=text)
    return run_script(parser, run, arguments)


if __name__ == "__main__":
    sys.exit(main())
