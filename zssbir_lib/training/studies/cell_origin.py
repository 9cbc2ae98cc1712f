"""What the scores of a network were made of, so that stale ones are noticed.

Taught in: notebook 07.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zssbir_lib.evaluation.neighbourhood import NEIGHBOURS
from zssbir_lib.evaluation.representations import BITS
from zssbir_lib.training.cells import CELL_METRICS, CELLS
from zssbir_lib.training.experiment import CHECKPOINT
from zssbir_lib.training.studies.study import StudyRun

SCORES = "table.json"
SETTINGS = {
    "cells": list(CELLS),
    "metrics": list(CELL_METRICS),
    "bits": BITS,
    "neighbours": NEIGHBOURS,
}


def scores_path(run: StudyRun, folder: Path) -> Path:
    """Return the file of a run's scores inside the folder of the study."""
    return folder / run.folder / SCORES


def read_scores(run: StudyRun, folder: Path) -> dict[str, Any] | None:
    """Return a run's scores, or None if there are none or they are of something else.

    Args:
        run: which network, on which split.
        folder: of the study.

    Returns:
        The content of its file.

    Raises:
        FileNotFoundError: the run has no checkpoint.

    Taught in: notebook 07.
    """
    origin = origin_of(run, folder)
    try:
        content = json.loads(scores_path(run, folder).read_text())
    except (FileNotFoundError, ValueError):
        return None
    valid = isinstance(content, dict) and content.get("origin") == origin
    return content if valid else None


def origin_of(run: StudyRun, folder: Path) -> dict[str, Any]:
    """Return what decides a run's scores: its network, its split, how it is scored.

    Args:
        run: which network, on which split.
        folder: of the study.

    Returns:
        Plain values, as they are read from JSON.

    Raises:
        FileNotFoundError: the run has no checkpoint.

    Taught in: notebook 07.
    """
    network = fingerprint_of(run, folder / run.folder / CHECKPOINT)
    origin = dict(network=network, split=asdict(run.split), settings=SETTINGS)
    return json.loads(json.dumps(origin))


def fingerprint_of(run: StudyRun, path: Path) -> dict[str, Any]:
    """Return what tells a run's network from all others.

    Args:
        run: which run.
        path: of its checkpoint; a run that trains nothing has none.

    Returns:
        The checksum of the checkpoint, or the recipe and the seed where it has none.

    Raises:
        FileNotFoundError: the run trains and has no checkpoint.

    Taught in: notebook 07.
    """
    if run.recipe.epochs == 0:
        return {"untrained": run.recipe.to_dict(), "seed": run.seed}
    if not path.is_file():
        raise FileNotFoundError(
            f"no checkpoint at {path} although its training is finished: delete its "
            "folder, and the same command trains it again"
        )
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}
