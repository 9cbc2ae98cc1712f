"""Measure what 64-bit codes cost, with the right update and with the released one.

    python benchmarks/itq_codes.py --runs runs/methods --out results/itq_world.json

RUNS is the folder of a study (ROW/SPLIT/seed-N/checkpoint.pt). Every network embeds the
unseen classes of its split; the codes are learned from the photos of the gallery. All
scores are mAP@all, codes under the block tie rule, each the mean over five rotations to
start from; intervals are Student's t over the networks' seeds. "own" means that
sketches are centred by their own mean, "gallery" by that of the photos. With
`--reference FOLDER` the reference problems are measured as well: m1_plain.npz, real
labels, and itq64.npz, where an image is relevant if it is one of the ten nearest by
Euclidean distance.
"""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded
sys.path.append(str(Path(__file__).resolve().parents[1] / "studies"))

import numpy as np
import torch
from checkpoints_of import add_measure_options, line_of, measure_study
from sklearn.metrics import average_precision_score
from torch import Tensor

from zssbir_lib.cli.options import read_data, source_of
from zssbir_lib.data import ZeroShotData
from zssbir_lib.evaluation import evaluate_retrieval, fit_itq, unpack_codes
from zssbir_lib.evaluation.codes import principal_directions
from zssbir_lib.files import write_json
from zssbir_lib.scoring import embed_zero_shot
from zssbir_lib.training import load_trained_net, provenance, use_threads

BITS, STARTS, NEAREST = 64, 5, 10
CODES = {  # name -> iterations, update
    "random": (0, "procrustes"),
    "itq": (50, "procrustes"),
    "released": (50, "released"),
}
DIFFERENCES = (
    ("itq, gallery", "released, gallery"),
    ("itq, own", "released, own"),
    ("itq, gallery", "random, gallery"),
    ("released, gallery", "random, gallery"),
    ("itq, gallery", "real"),
    ("itq, own", "real, own"),
    ("itq, own", "itq, gallery"),
    ("itq, gallery", "released, own"),
)
Problem = tuple[Tensor, Tensor, Tensor, Tensor]


def measure_network(content: dict[str, Any], parts: ZeroShotData) -> dict[str, float]:
    """Measure the network of a checkpoint on the unseen classes."""
    net, recipe = load_trained_net(content)
    sets = embed_zero_shot(net, parts.unseen, recipe.feature)
    query, gallery = sets.query, sets.gallery
    return measure((query.embeddings, gallery.embeddings, query.labels, gallery.labels))


def measure(problem: Problem) -> dict[str, float]:
    """Return mAP@all of real numbers and of codes, their differences, and errors."""
    values = real_valued(problem)
    starts = [binary(problem, seed) for seed in range(STARTS)]
    for name in starts[0]:
        values[name] = float(np.mean([one[name] for one in starts]))
    for name in ("itq, gallery", "released, gallery"):
        spread = np.std([one[name] for one in starts], ddof=1)
        values[f"{name}, deviation over starts"] = float(spread)
    for one, other in DIFFERENCES:
        values[f"{one} minus {other}"] = values[one] - values[other]
    return values


def real_valued(problem: Problem) -> dict[str, float]:
    """Return mAP@all of the embeddings whole, centred, and projected."""
    query, gallery, *labels = problem
    mean, directions = principal_directions(gallery, BITS)
    own = query.double() - query.double().mean(dim=0)
    around_gallery, photos = query.double() - mean, gallery.double() - mean
    versions = {
        "real": (around_gallery, photos),
        "real, own": (own, photos),
        f"real, {BITS} numbers": (around_gallery @ directions, photos @ directions),
    }
    return {
        name: evaluate_retrieval(*pair, *labels)["map@all"]
        for name, pair in versions.items()
    }


def binary(problem: Problem, seed: int) -> dict[str, float]:
    """Return mAP@all and quantisation error of each kind of codes."""
    query, gallery, *labels = problem
    values = {}
    for name, (iterations, update) in CODES.items():
        encoder = fit_itq(gallery, BITS, iterations, update, seed)
        photos = encoder.encode(gallery)
        centres = {"gallery": None, "own": query.double().mean(dim=0)}
        for centring, centre in centres.items():
            sketches = encoder.encode(query, centre)
            scores = evaluate_retrieval(sketches, photos, *labels, distance="hamming")
            values[f"{name}, {centring}"] = scores["map@all"]
        values[f"error, {name}"] = encoder.errors[-1]
    return values


def measure_reference(folder: Path) -> dict[str, dict[str, float]]:
    """Measure the reference problems in a folder."""
    plain = np.load(folder / "metrics" / "m1_plain.npz")
    names = ("in_query", "in_gallery", "in_query_labels", "in_gallery_labels")
    problem = tuple(torch.from_numpy(plain[name]) for name in names)
    points = np.load(folder / "losses" / "itq64.npz")
    query, gallery = (torch.from_numpy(points[n]) for n in ("in_test", "in_train"))
    starts = [measure_neighbours(query, gallery, seed) for seed in range(STARTS)]
    means = {name: float(np.mean([one[name] for one in starts])) for name in starts[0]}
    return {"m1_plain": measure(problem), "itq64": means}


def measure_neighbours(query: Tensor, gallery: Tensor, seed: int) -> dict[str, float]:
    """Return how well codes find the nearest images, without any labels."""
    distances = torch.cdist(query, gallery)
    limit = distances.kthvalue(NEAREST, dim=1, keepdim=True).values
    relevant = (distances <= limit).numpy()
    values = {}
    for name, (iterations, update) in CODES.items():
        encoder = fit_itq(gallery, BITS, iterations, update, seed)
        sketches, photos = (
            unpack_codes(encoder.encode(one), BITS).double() * 2 - 1
            for one in (query, gallery)
        )
        scores = (sketches @ photos.T).numpy()
        pairs = zip(relevant, scores, strict=True)
        values[f"{name}, nearest {NEAREST}"] = float(
            np.mean([average_precision_score(*pair) for pair in pairs])
        )
        values[f"error, {name}"] = encoder.errors[-1]
    return values


def main() -> None:
    """Measure, print the means, and write them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_measure_options(parser)
    parser.add_argument("--reference", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    use_threads(1)
    read = partial(read_data, source_of(options))
    rows = measure_study(options.runs, "codes", measure_network, read, options.rows)
    for row in rows:
        print(line_of(row, "codes", tuple(row["codes"])))
    content: dict[str, Any] = {"bits": BITS, "starts": STARTS, "rows": rows}
    command = f"python benchmarks/itq_codes.py --runs RUNS --out {options.out.name}"
    if options.reference:
        content["reference"] = measure_reference(options.reference)
        command += " --reference FOLDER"
        print(content["reference"])
    write_json(content | provenance() | {"command": command}, options.out)
    print(f"written: {options.out}")


if __name__ == "__main__":
    main()
