"""The table of results/README.md on large galleries: time and memory of a score."""

from typing import Any

from table_text import RESULTS, markdown_table, read

NAME = "evaluation_large"
WAYS = {
    "floor": "the matrix product alone (floor)",
    "ours": "this library",
    "codes: ours": "this library, 64-bit codes",
    "codes: counted": "64-bit codes, mAP by counting",
    "OML, two functions": "open-metric-learning, two inner functions",
}
SIZES = {
    "sketchy": "Sketchy",
    "tuberlin": "TU-Berlin",
    "quickdraw": "QuickDraw",
    "tuberlin-generalised": "TU-Berlin, seen photos as well",
    "quickdraw-generalised": "QuickDraw, seen photos as well",
}
HEADING = ["", "computes", "ms a query", "all queries, s", "x floor", "extra MiB"]


def large_part() -> list[str]:
    """Return the tables, one a size and device; nothing before they were measured."""
    if not (RESULTS / f"{NAME}.json").exists():
        return []
    results = read(NAME)
    rows = results["rows"]
    measured = [row for row in rows if not row["note"]]
    parts = [
        "## Scores in large galleries",
        "Random features of 512 numbers, as many as the data sets have; one thread; "
        f"medians of {results['rounds']} rounds in turn, in CPU time, on a machine "
        "with other work on it. Extra memory is the peak of a run in a process of its "
        "own, above the embeddings. A star: scaled from the first queries, and the "
        "memory of those; peers always get few. The whole table of distances never "
        "exists.",
    ]
    for size, device in dict.fromkeys((row["size"], row["device"]) for row in measured):
        some = [
            row for row in measured if (row["size"], row["device"]) == (size, device)
        ]
        parts += [caption(some[0]), markdown_table([HEADING, *map(line, some)])]
    notes = sorted({row["note"] for row in rows if row["note"]})
    return [*parts, *(f"Device `cuda`: {note}." for note in notes)]


def caption(row: dict[str, Any]) -> str:
    """Return what a table is of."""
    where = "" if row["device"] == "cpu" else ", on a GPU"
    return (
        f"{SIZES[row['size']]}: {row['queries']:,} queries, {row['gallery']:,} photos"
        f"{where}:"
    )


def line(row: dict[str, Any]) -> list[str]:
    """Return the cells of one way to score."""
    star = "*" if row["scaled"] else ""
    return [
        WAYS.get(row["name"], row["name"]),
        row["computes"],
        f"{row['milliseconds_a_query']:.3f}",
        f"{row['seconds_all_queries']:,.1f}{star}",
        f"{row['times_floor']:.2f}",
        f"{row['peak_extra_mebibytes']:,.0f}{star}",
    ]
