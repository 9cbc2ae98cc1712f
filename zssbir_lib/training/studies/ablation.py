"""Ablations: which part of a method adds what, paired by seed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.evaluation import paired_interval
from zssbir_lib.training.recipes.checks import check_batch_fits, check_choice
from zssbir_lib.training.recipes.named import named_recipe
from zssbir_lib.training.studies.ablation_rows import ABLATIONS, SBTKNET_ABLATION
from zssbir_lib.training.studies.study import StudyRun

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


def plan_ablation(
    splits: Sequence[ZeroShotSplit],
    profiles: Sequence[str],
    seeds: int,
    rows: Sequence[str] | None = None,
    backbone: str = "small",
    method: str = "sbtknet",
    **changes: Any,
) -> list[StudyRun]:
    """List the runs of an ablation.

    Args:
        splits: where to run.
        profiles: lengths, such as "quick" and "book".
        seeds: number of seeds, from 0.
        rows: names of rows of the method's ablation; None for all.
        backbone: name of the backbone.
        method: which method to take apart, see `ABLATIONS`.
        **changes: fields of the recipe that all rows share.

    Returns:
        One run for each row, profile, split and seed, profile after profile.

    Raises:
        ValueError: a method or row is unknown, something is named twice, a change is
            one that the rows make, or there is no seed.

    Source: SBTKNet (Tursun et al.), Table 5; MATHM (Huang et al.), figure 2.

    Taught in: notebook 04.
    """
    check_choice("method", method, tuple(ABLATIONS))
    ablation = ABLATIONS[method]
    rows = tuple(ablation.rows) if rows is None else rows
    unknown = [row for row in rows if row not in ablation.rows]
    if unknown:
        raise ValueError(
            f"no row is called {unknown[0]!r}; choose from {', '.join(ablation.rows)}"
        )
    if seeds < 1:
        raise ValueError(f"seeds must be 1 or more, got {seeds}")
    chosen = {row: dict(method=ablation.method) | ablation.rows[row] for row in rows}
    check_changes(changes, ablation.rows.values())
    check_different("row", rows)
    check_different("profile", profiles)
    check_different("split", [split.name for split in splits])
    runs = [
        StudyRun(
            f"{row}:{profile}",
            named_recipe(
                backbone=backbone, profile=profile, **merged(changes, settings)
            ),
            split,
            seed,
            generalised=True,
        )
        for profile in profiles
        for split in splits
        for seed in range(seeds)
        for row, settings in chosen.items()
    ]
    for run in runs:
        check_batch_fits(run.recipe, len(run.split.seen))
    return runs


def merged(changes: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a row with those that all rows share.

    Args:
        changes: of all rows.
        settings: of the row; fields of a record within the recipe are put together.

    Taught in: notebook 04.
    """
    whole = {**changes, **settings}
    for name, value in whole.items():
        if isinstance(value, dict):
            whole[name] = {**changes.get(name, {}), **settings.get(name, {})}
    return whole


def check_changes(changes: dict[str, Any], settings: Iterable[dict[str, Any]]) -> None:
    """Raise if a change is one that the rows of the ablation make."""
    chosen = {name for row in settings for name in field_names(row)}
    for name in field_names(changes):
        if name in chosen:
            raise ValueError(
                f"the rows of an ablation choose the {name}: leave {name} out"
            )


def field_names(changes: dict[str, Any]) -> set[str]:
    """Return the names of changed fields, RECORD.NAME in a record within the recipe."""
    names = set()
    for name, value in changes.items():
        within = isinstance(value, dict)
        names |= {f"{name}.{part}" for part in value} if within else {name}
    return names


def check_different(kind: str, names: Sequence[str]) -> None:
    """Raise if a name occurs twice."""
    for name in names:
        if list(names).count(name) > 1:
            raise ValueError(f"the {kind} {name!r} is named twice: name it once")


def with_seen_counts(
    splits: Sequence[ZeroShotSplit], counts: Sequence[int]
) -> list[ZeroShotSplit]:
    """Repeat splits with fewer seen classes, named after how many they keep.

    Args:
        splits: the whole splits.
        counts: how many seen classes to keep; a split that has just as many stays.

    Returns:
        A split for every split and count; unseen classes are the same.

    Raises:
        ValueError: a split has fewer seen classes than asked for.

    Taught in: notebook 04.
    """
    return [
        split
        if count == len(split.seen)
        else replace(
            split.with_fewer_seen(count, seed=0), name=f"{split.name}-{count}-seen"
        )
        for split in splits
        for count in counts
    ]


def ablation_differences(
    runs: list[StudyRun],
    results: list[dict[str, Any]],
    comparisons: Sequence[tuple[str, str]] = SBTKNET_ABLATION.comparisons,
) -> list[dict[str, Any]]:
    """Compare rows pair by pair: same split, same seed, one part more or less.

    Args:
        runs: the runs of an ablation.
        results: their metrics, in the same order.
        comparisons: which row is compared with which.

    Returns:
        For every comparison whose rows were run, profile, metric and split: the
        differences, their mean with a 95 % interval, and whether it excludes zero.
        With several splits of one number of seen classes, one entry more joins them.

    Taught in: notebook 04.
    """
    measured = {
        (run.row, run.split.name, run.seed): result
        for run, result in zip(runs, results, strict=True)
    }
    profiles = dict.fromkeys(run.recipe.profile for run in runs)
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
    measured: dict[tuple[str, str, int], dict[str, Any]],
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
    """Return whether a metric was measured: not every split has validation classes."""
    return not metric.startswith(VALIDATION) or "validation" in result


def metric_of(result: dict[str, Any], metric: str) -> float:
    """Return a metric of a run.

    Args:
        result: of `run_experiment`.
        metric: its name; "generalised/PROTOCOL NAME" for a generalised one,
            "validation/NAME" for one on the validation classes.
    """
    if metric.startswith(VALIDATION):
        return result["validation"][metric.removeprefix(VALIDATION)]
    if not metric.startswith(GENERALISED):
        return result["metrics"][metric]
    protocol, _, name = metric.removeprefix(GENERALISED).partition(" ")
    return result["generalised"][protocol][name]
