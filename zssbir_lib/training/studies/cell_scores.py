"""The networks of a study, scored in every cell; the scores lie beside the checkpoints.

Taught in: notebook 07.
"""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from zssbir_lib.data import ZeroShotData
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.cells import score_cells
from zssbir_lib.training.checkpoints import load_trained_net, read_checkpoint
from zssbir_lib.training.experiment import CHECKPOINT
from zssbir_lib.training.processor import use_threads
from zssbir_lib.training.provenance import provenance, write_json
from zssbir_lib.training.recipes.recipe import Recipe
from zssbir_lib.training.state import build_student
from zssbir_lib.training.studies.cell_origin import (
    origin_of,
    read_scores,
    scores_path,
)
from zssbir_lib.training.studies.jobs import run_jobs
from zssbir_lib.training.studies.study import DataLoader, StudyRun


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
        The content of every table.json; "cells" has the metrics of `score_cells`.

    Raises:
        FileNotFoundError: a run has no checkpoint.
        ValueError: a checkpoint is damaged or of another run, or the data are too few
            for the codes.

    Taught in: notebook 07.
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
    """Score one network and write its file, with one thread so that scores repeat.

    Args:
        run: which network, on which split.
        load: see `score_study`.
        folder: of the study.
        device: where to embed.

    Taught in: notebook 07.
    """
    use_threads(1)
    origin = origin_of(run, folder)
    parts = run.split.apply(load(run.split, run.recipe.image_size))
    net = net_of(run, folder, parts).to(device)
    cells = score_cells(net, parts, run.recipe.feature)
    about = {"recipe": run.recipe.to_dict(), "seed": run.seed}
    content = {"origin": origin, "cells": cells} | about
    write_json(content | provenance(device), scores_path(run, folder))


def net_of(run: StudyRun, folder: Path, parts: ZeroShotData) -> EmbeddingNet:
    """Return the network that a run ended with.

    Args:
        run: which run.
        folder: of the study.
        parts: the split data; its seen classes are those of the classifier.

    Returns:
        The network, on the CPU.

    Raises:
        ValueError: the checkpoint is damaged or of another run.

    Taught in: notebook 07.
    """
    if run.recipe.epochs == 0:
        return build_student(run.recipe, run.seed, len(parts.seen.class_names))
    path = folder / run.folder / CHECKPOINT
    content = read_checkpoint(path)
    saved = Recipe.from_dict(content["recipe"]), content["seed"]
    trained_on = content["about"].get("split")
    if saved != (run.recipe, run.seed) or trained_on != asdict(run.split):
        raise ValueError(
            f"{path} is of another recipe, seed or split than its folder says: delete "
            "the folder, and the same command trains it again"
        )
    return load_trained_net(content)[0]
