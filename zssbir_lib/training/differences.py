"""Rows of a study compared pair by pair: same split, same seed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from zssbir_lib.evaluation import Comparison, compare_methods, paired_interval
from zssbir_lib.scoring import CELLS, PROTOCOLS
from zssbir_lib.training.study import StudyRun

GENERALISED = "generalised/"  # before a protocol, then a blank and the metric
VALIDATION = "validation/"  # before a metric on the validation classes
COMPARED_METRICS = (
    "map@all",
    "map@200/min",
    "map@200/voc",
    "p@100",
    "generalised/seen_gallery map@all",
    "generalised/seen_sample map@all",
    "validation/map@all",
)
EVERY_SPLIT = "every split"
BEST = "combined"  # compared with every other row, with and without test-time steps
COMPARED = "map@all"

Key = tuple[str, str, int]  # row, split, seed
Entry = tuple[str, str]  # a row and a cell


def row_differences(
    runs: list[StudyRun],
    results: list[dict[str, Any]],
    comparisons: Sequence[Sequence[str]],
) -> list[dict[str, Any]]:
    """Compare rows pair by pair, one part of a method more or less.

    Args:
        runs: the runs of a study.
        results: their metrics, in the same order.
        comparisons: which row is compared with which; those not run are left out.

    Returns:
        For every comparison, profile, metric and split: the differences, their mean
        with a 95 % interval, and whether it excludes zero. With several splits of one
        number of seen classes, one entry more joins them.
    """
    measured = {
        (run.row, run.split.name, run.seed): result
        for run, result in zip(runs, results, strict=True)
    }
    profiles = dict.fromkeys(run.method.recipe.profile for run in runs)
    groups = split_groups(runs)
    differences = [
        difference(measured, f"{row}:{profile}", f"{base}:{profile}", metric, group)
        for profile in profiles
        for row, base in comparisons
        for metric in COMPARED_METRICS
        for group in groups.items()
    ]
    return [one for one in differences if one is not None]


def split_groups(runs: list[StudyRun]) -> dict[str, list[str]]:
    """Return the splits to compare on: each alone, and all of one seen count joined."""
    by_count: dict[int, list[str]] = {}
    for run in runs:
        names = by_count.setdefault(len(run.split.seen), [])
        if run.split.name not in names:
            names.append(run.split.name)
    alone = {name: [name] for names in by_count.values() for name in names}
    joined = {
        f"{EVERY_SPLIT}, {count} seen": names
        for count, names in by_count.items()
        if len(names) > 1
    }
    return alone | joined


def difference(
    measured: dict[Key, dict[str, Any]],
    row: str,
    base: str,
    metric: str,
    group: tuple[str, list[str]],
) -> dict[str, Any] | None:
    """Return one paired comparison, or None if a row was not run, or not measured."""
    name, splits = group
    pairs = [
        (split, seed)
        for (one, split, seed) in measured
        if one == row
        and split in splits
        and (base, split, seed) in measured
        and has_metric(measured[one, split, seed], metric)
    ]
    if not pairs:
        return None
    values, bases = (
        [metric_of(measured[one, *pair], metric) for pair in pairs]
        for one in (row, base)
    )
    mean, low, high = paired_interval(values, bases)
    return {
        "row": row,
        "minus": base,
        "split": name,
        "metric": metric,
        "values": [round(a - b, 5) for a, b in zip(values, bases, strict=True)],
        "mean": round(mean, 5),
        "low": None if low is None else round(low, 5),
        "high": None if high is None else round(high, 5),
        "excludes_zero": low is not None and (low > 0 or high < 0),
    }


def has_metric(result: dict[str, Any], metric: str) -> bool:
    """Return whether a metric was measured: not every run has all of them."""
    for prefix in (VALIDATION, GENERALISED):
        if metric.startswith(prefix):
            return prefix.rstrip("/") in result
    return True


def metric_of(result: dict[str, Any], metric: str) -> float:
    """Return a metric of a run by its name in `COMPARED_METRICS`."""
    if metric.startswith(VALIDATION):
        return result["validation"][metric.removeprefix(VALIDATION)]
    if not metric.startswith(GENERALISED):
        return result["metrics"][metric]
    protocol, _, name = metric.removeprefix(GENERALISED).partition(" ")
    return result["generalised"][protocol][name]


def cell_differences(
    runs: list[StudyRun],
    scores: list[dict[str, Any]],
    comparisons: Sequence[Sequence[str]],
) -> list[dict[str, Any]]:
    """Compare rows pair by pair in every cell, corrected for their number.

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
    """
    found = {
        (run.row, run.split.name, run.seed): one["cells"]
        for run, one in zip(runs, scores, strict=True)
    }
    differences = []
    for profile in dict.fromkeys(run.method.recipe.profile for run in runs):
        rows = [run.row for run in runs if run.method.recipe.profile == profile]
        for family, pairs in families(dict.fromkeys(rows), comparisons).items():
            for group, splits in split_groups(runs).items():
                place = {"family": family, "split": group}
                differences += [
                    place | one for one in compare_family(found, pairs, splits)
                ]
    return differences


def families(
    rows: Sequence[str], comparisons: Sequence[Sequence[str]]
) -> dict[str, list[tuple[Entry, Entry]]]:
    """Return which entries of the table are compared, by the name of their family.

    There is a family for each cell. Where there is a row "combined", there is one more
    for each protocol: it with test-time steps against every other row without and with
    them. Rows are NAME:PROFILE, all of one profile.
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
    found: dict[Key, dict[str, Any]],
    pairs: list[tuple[Entry, Entry]],
    splits: Sequence[str],
) -> list[dict[str, Any]]:
    """Return the comparisons of one family, on the seeds of some splits."""
    entries = {entry for pair in pairs for entry in pair}
    tables = {" ".join(entry): seed_table(found, entry, splits) for entry in entries}
    names = [(" ".join(first), " ".join(second)) for first, second in pairs]
    compared = compare_methods(tables, names, labels=None, over="seeds")
    return [
        describe(*pair, comparison)
        for pair, comparison in zip(pairs, compared, strict=True)
    ]


def seed_table(
    found: dict[Key, dict[str, Any]], entry: Entry, splits: Sequence[str]
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
