"""f07_ablation: every method of the whole table, with intervals."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from paper_figures.material import Material
from paper_figures.words import Drawn, and_list, distinct_names
from zssbir_lib.display import row_intervals
from zssbir_lib.evaluation import Comparison, compare_methods
from zssbir_lib.training.tables import read_results

METRIC = "map@all"
PLAIN = "zero_shot/real"
UNTRAINED = ("pretrained", "random")  # so far off that the others would run together
CELLS = {
    PLAIN: "as embedded",
    "zero_shot/real+": "after test-time steps",
    "zero_shot/code": "64-bit codes",
}
WRITES = "`zssbir study studies/methods.toml`"
Cells = dict[str, list[float]]  # such as "zero_shot/real" -> a value for each seed
Table = dict[str, dict[str, Cells]]  # split -> row -> cells


def read_table(path: Path) -> Table:
    """Read mAP@all of every split, row and cell.

    Args:
        path: a JSON file with "rows", each with "row", "split" and "cells".

    Returns:
        The values, with the rows that every split has, in the order of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not such a file, or the splits share no row.
    """
    table: Table = {}
    for entry in read_rows(path):
        try:
            cells = {n: cell[METRIC]["values"] for n, cell in entry["cells"].items()}
            table.setdefault(entry["split"], {})[entry["row"]] = cells
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f'{path}: a row lacks {error}; expected "row", "split" and "cells" '
                f"with {METRIC}, as {WRITES} writes them"
            ) from error
    shared = [r for r in first(table) if all(r in rows for rows in table.values())]
    if not shared:
        raise ValueError(f"{path}: no row was scored on all of {', '.join(table)}")
    return {split: {r: rows[r] for r in shared} for split, rows in table.items()}


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the entries of the file, one or more."""
    if not path.is_file():
        raise FileNotFoundError(f"no table at {path}; {WRITES} writes one")
    try:
        rows = read_results(path)["rows"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{path} is not a JSON file with "rows": {error}') from error
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{path} has no rows: run {WRITES} again")
    return rows


def first(table: Table) -> dict[str, Cells]:
    """Return the rows of the first split."""
    return next(iter(table.values()))


def shared_cells(table: Table) -> list[str]:
    """Return the cells that every row of every split has, in the file's order."""
    rows = [cells for of_split in table.values() for cells in of_split.values()]
    return [name for name in rows[0] if all(name in cells for cells in rows)]


def draw_ablation(material: Material) -> Drawn:
    """Draw the rows of a whole table, and compare ours with each of the others."""
    table = read_table(material.options.table)
    if PLAIN not in shared_cells(table):
        raise ValueError(
            f"{material.options.table} lacks {PLAIN} in a row: run the table again"
        )
    ours = find_row(table, material.options.ours)
    methods = and_list(list(trained(table).values()))
    alt = f"Mean mAP@all with 95 % intervals of {methods} on {and_list(list(table))}"
    return Drawn(draw_rows(table, ours), alt, describe(table, ours))


def find_row(table: Table, folder: str) -> str:
    """Return the row that a folder is named after; raise if there is none."""
    folders = {row.replace(":", "-"): row for row in first(table)}
    if folder not in folders:
        raise ValueError(
            f"the table has no row {folder!r}: choose --ours of {', '.join(folders)}"
        )
    return folders[folder]


def trained(table: Table) -> dict[str, str]:
    """Return the readable names of the rows that were trained."""
    names = distinct_names(first(table))
    return {r: n for r, n in names.items() if r.partition(":")[0] not in UNTRAINED}


def draw_rows(table: Table, ours: str) -> Figure:
    """Draw a panel for each split, a row for each method, a mark for each cell."""
    names = trained(table)
    cells = [cell for cell in CELLS if cell in shared_cells(table)]
    panels = {
        split: {
            f"{cell} {names[row]}": {split: values[cell]}
            for row, values in rows.items()
            for cell in cells
            if row in names
        }
        for split, rows in table.items()
    }
    return row_intervals(
        panels,
        list(names.values()),
        {CELLS[cell]: f"{cell} " for cell in cells},
        references={},
        title=finding(table, ours),
    )


def finding(table: Table, ours: str) -> str:
    """Say in one sentence where ours stands, as embedded."""
    drawn = {*trained(table), ours}
    best = []
    for split, rows in table.items():
        means = {row: float(np.mean(rows[row][PLAIN])) for row in drawn}
        rank = sorted(means, key=means.get, reverse=True).index(ours) + 1
        best.append(f"number {rank} of {len(means)} on {split}")
    return f"As embedded, {distinct_names(first(table))[ours]} is {and_list(best)}"


def describe(table: Table, ours: str) -> str:
    """Return the caption, with a table of paired differences."""
    names = distinct_names(first(table))
    others = [row for row in first(table) if row != ours]
    counts = {len(cells[PLAIN]) for rows in table.values() for cells in rows.values()}
    seeds = and_list([str(count) for count in sorted(counts)])
    text = (
        f"mAP@all on unseen classes: means over {seeds} seeds with 95 % intervals "
        f"(Student's t), on {and_list(list(table))}. "
        "Filled: embeddings as they are; the other marks: the same networks after the "
        "test-time steps (mirrored images, neighbours), and as codes of 64 bits."
    )
    if len(trained(table)) < len(names):
        text += " Networks that were not trained are in the table below only."
    if not others:
        return text
    heading = f"| {names[ours]} minus, in points | {' | '.join(table)} |"
    lines = [heading, "|---" * (len(table) + 1) + "|"]
    columns = [compare(rows, ours, others) for rows in table.values()]
    for place, row in enumerate(others):
        cells = " | ".join(with_interval(column[place]) for column in columns)
        lines.append(f"| {names[row]} | {cells} |")
    return (
        f"{text} Differences as embedded, paired by seed, each with its own 95 % "
        "interval; a star marks those that are significant after Holm's correction "
        "for all comparisons of its column:\n\n" + "\n".join(lines)
    )


def compare(rows: dict[str, Cells], ours: str, others: list[str]) -> list[Comparison]:
    """Compare ours with every other row, seed by seed."""
    tables = {row: np.array(cells[PLAIN])[:, None] for row, cells in rows.items()}
    pairs = [(ours, other) for other in others]
    return compare_methods(tables, pairs, labels=None, over="seeds")


def with_interval(one: Comparison) -> str:
    """Return a difference in points as text, with its interval where it has one."""
    mean, low, high = one.points
    ends = "" if low is None else f" [{low:+.1f}, {high:+.1f}]"
    return f"{mean:+.1f}{ends}" + " *" * one.significant
