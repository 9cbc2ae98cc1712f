"""Paired differences between rows of the whole table, corrected for their number.

Taught in: notebook 07.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zssbir_lib.evaluation import Comparison, compare_methods
from zssbir_lib.training.cells import CELLS, PROTOCOLS
from zssbir_lib.training.studies.ablation import split_groups
from zssbir_lib.training.studies.methods_rows import BEST
from zssbir_lib.training.studies.study import StudyRun

COMPARED = "map@all"
Entry = tuple[str, str]  # a row and a cell
Pairs = list[tuple[Entry, Entry]]


def cell_differences(
    runs: list[StudyRun],
    scores: list[dict[str, Any]],
    comparisons: Sequence[tuple[str, str]],
) -> list[dict[str, Any]]:
    """Compare rows pair by pair in every cell: same split, same seed.

    One family of comparisons is what one reads together: those of a cell, on one split
    or on all of them. p values are of Student's paired t test, corrected by Holm for
    the size of the family.

    Args:
        runs: the runs of a study.
        scores: what `score_study` returned for them.
        comparisons: which row is compared with which; those not run are left out.

    Returns:
        For every comparison the family, both rows and cells, the splits, the mean
        difference in mAP@all with its 95 % interval, one that holds for the whole
        family at once (joint_low, joint_high), p before and after the correction, and
        whether the difference is significant.

    Taught in: notebook 07.
    """
    found = {
        (run.row, run.split.name, run.seed): one["cells"]
        for run, one in zip(runs, scores, strict=True)
    }
    differences = []
    for profile in dict.fromkeys(run.recipe.profile for run in runs):
        rows = [run.row for run in runs if run.recipe.profile == profile]
        for family, pairs in families(dict.fromkeys(rows), comparisons).items():
            for group, splits in split_groups(runs).items():
                place = {"family": family, "split": group}
                differences += [
                    place | one for one in compare_family(found, pairs, splits)
                ]
    return differences


def families(
    rows: Sequence[str], comparisons: Sequence[tuple[str, str]]
) -> dict[str, Pairs]:
    """Return which entries of the table are compared, by the name of their family.

    Args:
        rows: the rows of one length, NAME:PROFILE.
        comparisons: names of rows.

    Returns:
        A family for each cell. Where there is a row "combined", one more for each
        protocol: it with test-time steps against every other row without and with
        them.

    Taught in: notebook 07.
    """
    full = {row.partition(":")[0]: row for row in rows}
    wanted = [(full[a], full[b]) for a, b in comparisons if a in full and b in full]
    found = {
        cell: [((row, cell), (base, cell)) for row, base in wanted] for cell in CELLS
    }
    for protocol in PROTOCOLS:
        found[f"{protocol}/{BEST}+"] = [
            ((full[BEST], f"{protocol}/real+"), (row, f"{protocol}/{representation}"))
            for name, row in full.items()
            for representation in ("real", "real+")
            if BEST in full and name != BEST
        ]
    return {name: pairs for name, pairs in found.items() if pairs}


def compare_family(
    found: dict[tuple[str, str, int], dict[str, Any]],
    pairs: Pairs,
    splits: Sequence[str],
) -> list[dict[str, Any]]:
    """Return the comparisons of one family, on the seeds of some splits.

    Args:
        found: the metrics by cell of every row, split and seed.
        pairs: what is compared with what.
        splits: whose seeds are the pairs of the test.

    Returns:
        One record for each pair, as `cell_differences` says.

    Taught in: notebook 07.
    """
    entries = {entry for pair in pairs for entry in pair}
    tables = {" ".join(entry): seed_table(found, entry, splits) for entry in entries}
    names = [(" ".join(first), " ".join(second)) for first, second in pairs]
    compared = compare_methods(tables, names, labels=None, over="seeds")
    return [
        describe(*pair, comparison)
        for pair, comparison in zip(pairs, compared, strict=True)
    ]


def seed_table(
    found: dict[tuple[str, str, int], dict[str, Any]],
    entry: Entry,
    splits: Sequence[str],
) -> np.ndarray:
    """Return mAP@all of a row in a cell, (S, 1): a line a split and seed, in order."""
    row, cell = entry
    keys = sorted(key for key in found if key[0] == row and key[1] in splits)
    return np.array([[found[key][cell][COMPARED]] for key in keys])


def describe(first: Entry, second: Entry, comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values for JSON, rounded."""
    mean, low, high = comparison.interval
    _, joint_low, joint_high = comparison.joint_interval
    ends = dict(low=low, high=high, joint_low=joint_low, joint_high=joint_high)
    rounded = {n: None if v is None else round(v, 5) for n, v in ends.items()}
    p_values = dict(p=comparison.p, corrected_p=comparison.corrected_p)
    return {
        "row": first[0],
        "cell": first[1],
        "minus": second[0],
        "minus_cell": second[1],
        "metric": COMPARED,
        "mean": round(mean, 5),
        **rounded,
        **{n: None if p is None else float(f"{p:.3g}") for n, p in p_values.items()},
        "significant": comparison.significant,
    }
