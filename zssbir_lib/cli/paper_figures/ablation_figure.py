"""f07_ablation: every method of the whole table, with intervals."""

import numpy as np
from matplotlib.figure import Figure

from zssbir_lib.cli.paper_figures.drawn import Drawn
from zssbir_lib.cli.paper_figures.material import Material
from zssbir_lib.cli.paper_figures.names import and_list, distinct_names
from zssbir_lib.cli.paper_figures.whole_table import (
    Table,
    first,
    read_table,
    shared_cells,
)
from zssbir_lib.display import row_intervals
from zssbir_lib.evaluation import Comparison, compare_methods

PLAIN = "zero_shot/real"
UNTRAINED = ("pretrained", "random")  # so far off that the others would run together
CELLS = {
    PLAIN: "as embedded",
    "zero_shot/real+": "after test-time steps",
    "zero_shot/code": "64-bit codes",
}


def draw_ablation(material: Material) -> Drawn:
    """Draw the rows of a whole table, and compare ours with each of the others."""
    table = read_table(material.options.table)
    if PLAIN not in shared_cells(table):
        raise ValueError(
            f"{material.options.table} lacks {PLAIN} in a row: run the table again"
        )
    ours = find_row(table, material.options.ours)
    methods = and_list(list(trained(distinct_names(first(table))).values()))
    alt = f"Mean mAP@all with 95 % intervals of {methods} on {and_list(list(table))}"
    return Drawn(draw_rows(table, ours), alt, describe(table, ours))


def find_row(table: Table, folder: str) -> str:
    """Return the row that a folder is named after; raise if there is none."""
    for row in first(table):
        if row.replace(":", "-") == folder:
            return row
    raise ValueError(
        f"the table has no row {folder!r}: choose --ours of "
        f"{', '.join(row.replace(':', '-') for row in first(table))}"
    )


def trained(names: dict[str, str]) -> dict[str, str]:
    """Return the names of the rows that were trained."""
    return {
        row: name
        for row, name in names.items()
        if row.partition(":")[0] not in UNTRAINED
    }


def draw_rows(table: Table, ours: str) -> Figure:
    """Draw a panel for each split, a row for each method, a mark for each cell."""
    names = trained(distinct_names(first(table)))
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
    drawn = {*trained(distinct_names(first(table))), ours}
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
    if len(trained(names)) < len(names):
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


def compare(
    rows: dict[str, dict[str, list[float]]], ours: str, others: list[str]
) -> list[Comparison]:
    """Compare ours with every other row, seed by seed."""
    tables = {row: np.array(cells[PLAIN])[:, None] for row, cells in rows.items()}
    pairs = [(ours, other) for other in others]
    return compare_methods(tables, pairs, labels=None, over="seeds")


def with_interval(one: Comparison) -> str:
    """Return a difference in points as text, with its interval where it has one."""
    mean, low, high = one.points
    ends = "" if low is None else f" [{low:+.1f}, {high:+.1f}]"
    return f"{mean:+.1f}{ends}" + " *" * one.significant
