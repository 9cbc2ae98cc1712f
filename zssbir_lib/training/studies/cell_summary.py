"""The rows of the whole table: means with intervals in every cell.

Taught in: notebook 07.
"""

from typing import Any

from zssbir_lib.training.cells import CELLS
from zssbir_lib.training.provenance import provenance
from zssbir_lib.training.studies.study import (
    StudyRun,
    summarise_cell,
    summarise_metrics,
)

OF_THE_ROW = ("row", "split", "seeds", "seen_classes", "recipe", "cpu_seconds")


def summarise_cells(
    runs: list[StudyRun],
    results: list[dict[str, Any]],
    scores: list[dict[str, Any]],
    device: str,
) -> dict[str, Any]:
    """Return the whole table: every metric's mean and 95 % interval in every cell.

    Args:
        runs: the runs of a study.
        results: what `run_study` returned for them.
        scores: what `score_study` returned for them.
        device: where the networks were trained and scored.

    Returns:
        rows (row, split, seeds, recipe, seconds of training, and "cells" with each
        metric's values, mean, low and high), how it was scored, and the provenance.

    Taught in: notebook 07.
    """
    groups: dict[tuple[str, str], list[int]] = {}
    for number, run in enumerate(runs):
        groups.setdefault((run.row, run.split.name), []).append(number)
    rows = []
    for (row, split), numbers in groups.items():
        whole = summarise_cell(row, split, [results[n] for n in numbers])
        about = {name: whole[name] for name in OF_THE_ROW}
        found = [scores[n]["cells"] for n in numbers]
        rows.append(about | {"cells": summarise_found(found)})
    commits = {
        "commit": commits_of(results),
        "commit_of_scores": commits_of(scores),
    }
    settings = scores[0]["origin"]["settings"]
    return {"rows": rows, "settings": settings} | provenance(device) | commits


def summarise_found(found: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Return mean and interval of each metric in every cell, over several seeds.

    Args:
        found: for each seed the metrics by cell, see `score_cells`.

    Taught in: notebook 07.
    """
    return {cell: summarise_metrics([one[cell] for one in found]) for cell in CELLS}


def commits_of(contents: list[dict[str, Any]]) -> str:
    """Return the commits that files were written by, each once."""
    return ", ".join(sorted({content["commit"] for content in contents}))
