"""The networks of a study scored in every cell; scores lie beside the checkpoints."""

import hashlib
import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from zssbir_lib.data import ZeroShotData
from zssbir_lib.evaluation.neighbourhood import NEIGHBOURS
from zssbir_lib.evaluation.representations import BITS
from zssbir_lib.files import write_json
from zssbir_lib.jobs import run_jobs
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.scoring import CELL_METRICS, CELLS, SplitScorer, check_gallery_size
from zssbir_lib.training.checkpoints import load_trained_net, read_checkpoint
from zssbir_lib.training.execution import use_threads
from zssbir_lib.training.experiment import CHECKPOINT
from zssbir_lib.training.provenance import provenance
from zssbir_lib.training.study import DataLoader, StudyRun

SCORES = "table.json"
SETTINGS = {
    "cells": list(CELLS),
    "metrics": list(CELL_METRICS),
    "bits": BITS,
    "neighbours": NEIGHBOURS,
}


def score_study(
    runs: list[StudyRun],
    load: DataLoader,
    folder: Path,
    device: str = "cpu",
    jobs: int = 1,
) -> list[dict[str, Any]]:
    """Score every run that has no valid scores yet and return all in order.

    Args:
        runs: the runs of a study, all trained.
        load: returns the images of a split at an image size; must be picklable when
            jobs > 1.
        folder: of the study; scores found there are taken if they are of this network
            and were made in the same way, and made again if not.
        device: where to embed.
        jobs: number of processes.

    Returns:
        The content of every table.json; "cells" has the metrics of `SplitScorer.cells`.

    Raises:
        FileNotFoundError: a run has no checkpoint.
        ValueError: a checkpoint is damaged or of another run, or the data are too few
            for the codes.
    """
    found = [read_scores(run, folder) for run in runs]
    waiting = [run for run, one in zip(runs, found, strict=True) if one is None]
    done = len(runs) - len(waiting)
    with tqdm(total=len(runs), initial=done, desc="scores", unit="net") as bar:
        score = partial(score_run, load=load, folder=folder, device=device)
        for _ in run_jobs(score, waiting, jobs):
            bar.update(1)
    return [
        one or json.loads(scores_path(run, folder).read_text())
        for run, one in zip(runs, found, strict=True)
    ]


def score_run(run: StudyRun, load: DataLoader, folder: Path, device: str) -> None:
    """Score one network and write its file, with one thread so that scores repeat."""
    use_threads(1)
    origin = origin_of(run, folder)
    parts = run.split.apply(load(run.split, run.method.recipe.image_size))
    net = net_of(run, folder).to(device)
    cells = SplitScorer(net, parts).cells(run.method.recipe.feature)
    about = {"recipe": run.method.to_dict(), "seed": run.seed}
    content = {"origin": origin, "cells": cells} | about
    write_json(content | provenance(device), scores_path(run, folder))


def scores_path(run: StudyRun, folder: Path) -> Path:
    """Return the file of a run's scores inside the folder of the study."""
    return folder / run.folder / SCORES


def read_scores(run: StudyRun, folder: Path) -> dict[str, Any] | None:
    """Return a run's scores, or None if there are none or they are of something else.

    Raises:
        FileNotFoundError: the run has no checkpoint.
    """
    origin = origin_of(run, folder)
    try:
        content = json.loads(scores_path(run, folder).read_text())
    except (FileNotFoundError, ValueError):
        return None
    valid = isinstance(content, dict) and content.get("origin") == origin
    return content if valid else None


def origin_of(run: StudyRun, folder: Path) -> dict[str, Any]:
    """Return what decides a run's scores: its network, its split, how it is scored."""
    path = folder / run.folder / CHECKPOINT
    if not path.is_file():
        raise FileNotFoundError(
            f"no checkpoint at {path} although its training is finished: delete its "
            "folder, and the same command trains it again"
        )
    with path.open("rb") as file:
        network = {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    origin = dict(network=network, split=asdict(run.split), settings=SETTINGS)
    return json.loads(json.dumps(origin))


def net_of(run: StudyRun, folder: Path) -> EmbeddingNet:
    """Return the network that a run ended with, on the CPU.

    Raises:
        ValueError: the checkpoint is damaged or of another run.
    """
    path = folder / run.folder / CHECKPOINT
    content = read_checkpoint(path)
    saved = content["recipe"], content["seed"], content["about"].get("split")
    if saved != (run.method.to_dict(), run.seed, asdict(run.split)):
        raise ValueError(
            f"{path} is of another recipe, seed or split than its folder says: delete "
            "the folder, and the same command trains it again"
        )
    return load_trained_net(content)[0]


def check_codes_fit(runs: list[StudyRun], load: DataLoader) -> None:
    """Raise before the first training if codes cannot be made after the last."""
    for run in runs:
        recipe = run.method.recipe
        if recipe.feature == "embedding" and recipe.embedding_size < BITS:
            raise ValueError(
                f"embedding_size is {recipe.embedding_size}: codes of {BITS} bits need "
                f"{BITS} or more"
            )
    places = dict.fromkeys((run.split, run.method.recipe.image_size) for run in runs)
    for split, image_size in places:
        parts: ZeroShotData = split.apply(load(split, image_size))
        check_gallery_size(parts)
