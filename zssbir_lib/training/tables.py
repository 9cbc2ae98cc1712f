"""Results as tables: one line a run, and everything else derived when it is asked for.

A study is kept as two files: NAME.csv has a line for every run with all it measured,
NAME.json says where that comes from: command, commit, versions, recipes, and which rows
are compared. Columns are called METRIC for zero-shot retrieval, else GROUP METRIC, for
example `generalised/seen_gallery map@all` or `zero_shot/code p@100`.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from zssbir_lib.evaluation import (
    Comparison,
    compare_methods,
    mean_interval,
    paired_interval,
)
from zssbir_lib.files import write_json, write_text
from zssbir_lib.scoring import CELLS, PROTOCOLS
from zssbir_lib.training.provenance import provenance

KEYS = ["row", "split", "seed"]
VALIDATION = "validation/map@all"
COMPARED_METRICS = (
    "map@all",
    "map@200/min",
    "map@200/voc",
    "p@100",
    "generalised/seen_gallery map@all",
    "generalised/seen_sample map@all",
    VALIDATION,
)
BEST = "combined"  # compared with every other row, with and without test-time steps
COMPARED = "map@all"
DIGITS = 7

Entry = tuple[str, str]  # a row and a cell
Interval = tuple[float, float | None, float | None]  # mean, low, high


class Table(NamedTuple):
    """The runs of a study and where they come from.

    The origin says command, commit, versions, device; as "recipe" what all rows share
    and as "recipes" what each row has besides; as "compare" which rows are compared.
    """

    lines: pd.DataFrame  # a line a run: row, split, seed, a column for every number
    origin: dict[str, Any]


def study_table(
    rows: Sequence[str],
    results: Sequence[Mapping[str, Any]],
    device: str,
    compare: Sequence[Sequence[str]] = (),
    scores: Sequence[Mapping[str, Any]] = (),
) -> Table:
    """Return the runs of a study as a table: all that was measured, and its origin.

    `rows` names the row of every run, `results` and `scores` are what `run_study` and,
    where every cell was scored, `score_study` returned.
    """
    lines, recipes = [], {}
    for number, (row, result) in enumerate(zip(rows, results, strict=True)):
        cells = scores[number]["cells"] if scores else {}
        lines.append(run_line(row, result, cells))
        recipes[row] = without_folders(result["recipe"])
    origin = provenance(device) | {"commit": commits_of(results)}
    if scores:
        origin |= {"commit_of_scores": commits_of(scores)}
        origin |= {"settings": scores[0]["origin"]["settings"]}
    compared = {"compare": [list(pair) for pair in compare]}
    return Table(pd.DataFrame(lines), origin | as_differences(recipes) | compared)


def run_line(
    row: str, result: Mapping[str, Any], cells: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the line of a run, from its metrics.json and its scores in every cell."""
    split = result["split"]
    line = {"row": row, "split": split["name"], "seed": result["seed"]}
    line |= {"seen_classes": split["seen"]} | result["metrics"]
    for feature, metrics in result["metrics_by_feature"].items():
        line[f"{feature}_map@all"] = metrics["map@all"]
    groups = {f"generalised/{n}": m for n, m in result.get("generalised", {}).items()}
    for group, metrics in (groups | dict(cells)).items():
        line |= {f"{group} {name}": value for name, value in metrics.items()}
    if "validation" in result:
        line[VALIDATION] = result["validation"]["map@all"]
    return line | {"cpu_seconds": result["cpu_seconds"]}


def without_folders(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe in which no weights are named by a folder of this machine."""
    recipe = recipe | {"weights": Path(recipe["weights"]).name}
    if "teacher" in recipe:
        architecture, colon, source = recipe["teacher"].partition(":")
        recipe["teacher"] = architecture + colon + Path(source).name
    return recipe


def commits_of(contents: Sequence[Mapping[str, Any]]) -> str:
    """Return the commits that files were written by, each once."""
    return ", ".join(sorted({content["commit"] for content in contents}))


def as_differences(recipes: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what all recipes share, and what each row has besides."""
    first, *others = recipes.values()
    common = {n: v for n, v in first.items() if all(v == o.get(n, ...) for o in others)}
    own = {
        row: {n: v for n, v in one.items() if n not in common}
        for row, one in recipes.items()
    }
    return {"recipe": common, "recipes": own}


def write_table(table: Table, path: Path) -> None:
    """Write NAME.csv and NAME.json, each whole or not at all; the path is either."""
    text = table.lines.to_csv(index=False, float_format=f"%.{DIGITS}g")
    csv = path.with_suffix(".csv")
    write_json(table.origin | {"lines": csv.name}, path.with_suffix(".json"))
    write_text(text, csv)


def read_table(path: Path) -> Table:
    """Read what `write_table` wrote; the path is either file."""
    for one in (path.with_suffix(".csv"), path.with_suffix(".json")):
        if not one.is_file():
            raise FileNotFoundError(f"no table at {one}; `zssbir study` writes one")
    lines = pd.read_csv(path.with_suffix(".csv"), keep_default_na=False, na_values=[""])
    return Table(lines, json.loads(path.with_suffix(".json").read_text()))


def read_results(path: Path) -> dict[str, Any]:
    """Return the results in a file of `results/`, as means with intervals.

    The path is NAME.csv, NAME.json, or NAME alone. A table gives its rows and
    differences, see `summarise`, and its origin; other files give what they hold.
    """
    content = json.loads(Path(path).with_suffix(".json").read_text())
    return summarise(read_table(Path(path))) if "lines" in content else content


def summarise(table: Table) -> dict[str, Any]:
    """Return means with 95 % intervals over seeds, paired differences, and the origin.

    "rows" have row, split, seeds, recipe, and by group and metric the values, mean, low
    and high; "differences" are those of the rows that are compared.
    """
    groups = table.lines.groupby(["row", "split"], sort=False, dropna=False)
    rows = [summarise_row(*place, some, table.origin) for place, some in groups]
    derived: dict[str, Any] = {"rows": rows}
    if table.origin.get("compare"):
        in_cells = any(column.startswith(CELLS[0]) for column in table.lines)
        compare = cell_differences if in_cells else row_differences
        derived["differences"] = compare(table.lines, table.origin["compare"])
    return derived | table.origin


def summarise_row(
    row: str, split: str, some: pd.DataFrame, origin: Mapping[str, Any]
) -> dict[str, Any]:
    """Return mean and interval of every number of a row on a split."""
    entry: dict[str, Any] = {"row": row}
    if isinstance(split, str):
        entry["split"] = split
    entry["seeds"] = some["seed"].tolist()
    if "seen_classes" in some:
        entry["seen_classes"] = int(some["seen_classes"].iloc[0])
    if "recipe" in origin:
        entry["recipe"] = origin["recipe"] | origin["recipes"][row]
    for column in some.columns.difference([*KEYS, "seen_classes"], sort=False):
        group, _, metric = column.rpartition(" ")
        if some[column].isna().any():
            if group and "/" not in group:
                entry.setdefault(group, {})  # a row in which it is not measured
            continue
        values = some[column].tolist()
        value = described(values, mean_interval(values))
        if group in CELLS:
            entry.setdefault("cells", {}).setdefault(group, {})[metric] = value
        elif group:
            entry.setdefault(group, {})[metric] = value
        elif column == VALIDATION:
            entry["validation_map@all"] = value
        elif column == "cpu_seconds" or column.endswith("_map@all"):
            entry[column] = value
        else:
            entry.setdefault("metrics", {})[metric] = value
    return entry


def described(values: Sequence[float], interval: Interval) -> dict[str, Any]:
    """Return values with their mean and 95 % interval, rounded to 5 decimals."""
    mean, low, high = interval
    found = {"values": [round(v, 5) for v in values], "mean": round(mean, 5)}
    return found | rounded(low=low, high=high)


def rounded(**ends: float | None) -> dict[str, float | None]:
    """Return numbers with 5 decimals, nothing where there is none."""
    return {n: None if v is None else round(v, 5) for n, v in ends.items()}


def split_groups(lines: pd.DataFrame) -> dict[str, list[str]]:
    """Return the splits to compare on: each alone, and all of one seen count joined."""
    counts = lines.drop_duplicates("split").groupby("seen_classes", sort=False)["split"]
    by_count = {count: names.tolist() for count, names in counts}
    alone = {name: [name] for names in by_count.values() for name in names}
    several = {count: names for count, names in by_count.items() if len(names) > 1}
    return alone | {f"every split, {n} seen": names for n, names in several.items()}


def profiles_of(lines: pd.DataFrame) -> list[str]:
    """Return the lengths of a study's rows, NAME:PROFILE."""
    return list(dict.fromkeys(row.partition(":")[2] for row in lines["row"]))


def row_differences(
    lines: pd.DataFrame, comparisons: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """Compare rows pair by pair: same split, same seed, one part more or less.

    For every comparison, profile, metric and split: the differences, their mean with a
    95 % interval, and whether it excludes zero. Splits of one number of seen classes
    have one entry more that joins them. Rows that were not run are left out.
    """
    groups, differences = split_groups(lines), []
    for profile in profiles_of(lines):
        for first, second in comparisons:
            pair = f"{first}:{profile}", f"{second}:{profile}"
            one, other = (lines[lines["row"] == row] for row in pair)
            both = one.merge(other, on=["split", "seed"])  # METRIC_x and METRIC_y
            for metric in COMPARED_METRICS:
                if f"{metric}_x" not in both:
                    continue
                for name, splits in groups.items():
                    some = both[both["split"].isin(splits)]
                    values = some[[f"{metric}_x", f"{metric}_y"]].dropna()
                    if len(values):
                        place = dict(row=pair[0], minus=pair[1], split=name)
                        differences.append(place | difference(metric, values))
    return differences


def difference(metric: str, values: pd.DataFrame) -> dict[str, Any]:
    """Return one paired comparison of two columns."""
    one, other = (values[column].tolist() for column in values)
    interval = paired_interval(one, other)
    _, low, high = interval
    values = [a - b for a, b in zip(one, other, strict=True)]
    excludes = low is not None and (low > 0 or high < 0)
    found = {"metric": metric} | described(values, interval)
    return found | {"excludes_zero": excludes}


def cell_differences(
    lines: pd.DataFrame, comparisons: Sequence[Sequence[str]]
) -> list[dict[str, Any]]:
    """Compare rows pair by pair in mAP@all in every cell, corrected for their number.

    One family of comparisons is what one reads together: those of a cell, on one split
    or on all of them. p values are of Student's paired t test, corrected by Holm for
    the size of the family; joint intervals hold for the whole family at once.
    """
    differences = []
    for profile in profiles_of(lines):
        rows = [r for r in lines["row"].unique() if r.partition(":")[2] == profile]
        for family, pairs in families(rows, comparisons).items():
            for group, splits in split_groups(lines).items():
                some = lines[lines["split"].isin(splits)].sort_values(KEYS)
                place = {"family": family, "split": group}
                differences += [place | one for one in compare_family(some, pairs)]
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
    found = {c: [((row, c), (base, c)) for row, base in wanted] for c in CELLS}
    for protocol in PROTOCOLS:
        found[f"{protocol}/{BEST}+"] = [
            ((full[BEST], f"{protocol}/real+"), (row, f"{protocol}/{representation}"))
            for name, row in full.items()
            for representation in ("real", "real+")
            if BEST in full and name != BEST
        ]
    return {name: pairs for name, pairs in found.items() if pairs}


def compare_family(
    lines: pd.DataFrame, pairs: list[tuple[Entry, Entry]]
) -> list[dict[str, Any]]:
    """Return the comparisons of one family; every run is a seed."""
    entries = {entry for pair in pairs for entry in pair}
    tables = {
        (row, cell): lines.loc[lines["row"] == row, [f"{cell} {COMPARED}"]].to_numpy()
        for row, cell in entries
    }
    compared = compare_methods(tables, pairs, labels=None, over="seeds")
    return [describe(*pair, one) for pair, one in zip(pairs, compared, strict=True)]


def describe(first: Entry, second: Entry, comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain values, rounded."""
    mean, low, high = comparison.interval
    _, joint_low, joint_high = comparison.joint_interval
    p_values = dict(p=comparison.p, corrected_p=comparison.corrected_p)
    place = dict(row=first[0], cell=first[1], minus=second[0], minus_cell=second[1])
    return {
        **place,
        "metric": COMPARED,
        "mean": round(mean, 5),
        **rounded(low=low, high=high, joint_low=joint_low, joint_high=joint_high),
        **{n: None if p is None else float(f"{p:.3g}") for n, p in p_values.items()},
        "significant": comparison.significant,
    }
