"""The main table: whole methods in every protocol, real-valued and as codes."""

from typing import Any

from table_text import RESULTS, markdown_table, read, with_interval
from whole_differences import difference_part
from whole_names import METHODS, PROTOCOLS, REPRESENTATIONS, name_of

FILES = {"table_world": "The embedded world", "table_sketchy": "The part of Sketchy"}
METRIC = "map@all"
FIRST = "zero_shot/real"
IMPROVED = "zero_shot/real+"


def is_written() -> bool:
    """Return whether the results files of both tables are there."""
    return all((RESULTS / f"{name}.json").exists() for name in FILES)


def headline(cell: str = FIRST) -> str:
    """Return mAP@all of every method in one cell: a table of the README."""
    return headline_table([read(name) for name in FILES], cell)


def headline_seeds() -> list[int]:
    """Return the number of seeds of each table."""
    return [len(read(name)["rows"][0]["seeds"]) for name in FILES]


def headline_table(tables: list[dict[str, Any]], cell: str = FIRST) -> str:
    """Return mAP@all of every method in one cell, a column a split.

    Args:
        tables: results of studies/methods.toml.
        cell: protocol and representation.
    """
    values = {
        (name_of(row["row"]), row["split"]): with_interval(row["cells"][cell][METRIC])
        for table in tables
        for row in table["rows"]
    }
    splits = list(dict.fromkeys(split for _, split in values))
    body = [
        [METHODS[name], *(values.get((name, split), "not run") for split in splits)]
        for name in methods_of(tables)
    ]
    return markdown_table([["mAP@all on unseen classes", *splits], *body])


def methods_of(tables: list[dict[str, Any]]) -> list[str]:
    """Return the methods that some table has, in the order of `METHODS`."""
    there = {name_of(row["row"]) for table in tables for row in table["rows"]}
    return [name for name in METHODS if name in there]


def whole_table_part() -> list[str]:
    """Return the part of results/README.md: every cell, and paired differences."""
    parts = [
        "## Every method under one protocol",
        "Whole methods, each with its own batches and rates, on the same number of "
        "training images. Codes are of ITQ, learned from the gallery that is searched. "
        "A plus marks test-time steps that need no training and no label: each "
        "embedding averaged with that of the mirrored image, the gallery smoothed and "
        "the queries expanded by neighbours. Scores with a plus stand beside scores "
        "with a plus only. Written by `zssbir study studies/methods.toml`.",
    ]
    for name, title in FILES.items():
        parts += table_part(title, read(name))
    return parts


def table_part(title: str, table: dict[str, Any]) -> list[str]:
    """Return all tables of one results file, with their headings.

    Args:
        title: what the data are.
        table: result of studies/methods.toml.
    """
    seeds, neighbours = len(table["rows"][0]["seeds"]), table["settings"]["neighbours"]
    parts = [
        f"### {title}",
        f"mAP@all, {seeds} seeds, {neighbours} neighbours where a plus stands.",
    ]
    for protocol, meaning in PROTOCOLS.items():
        parts += [f"{meaning}:", protocol_table(table, protocol)]
    parts += ["All conventions, zero-shot and real-valued:", conventions_table(table)]
    return parts + difference_part(table)


def protocol_table(table: dict[str, Any], protocol: str) -> str:
    """Return mAP@all of every row and split, a column a representation."""
    body = [
        [
            f"{METHODS[name_of(row['row'])]}, {row['split']}",
            *(
                with_interval(row["cells"][f"{protocol}/{one}"][METRIC])
                for one in REPRESENTATIONS
            ),
        ]
        for row in table["rows"]
    ]
    return markdown_table([["", *REPRESENTATIONS.values()], *body])


def conventions_table(table: dict[str, Any]) -> str:
    """Return every metric of every row and split, zero-shot and real-valued."""
    metrics = table["settings"]["metrics"]
    body = [
        [
            f"{METHODS[name_of(row['row'])]}, {row['split']}",
            *(f"{row['cells'][FIRST][metric]['mean']:.3f}" for metric in metrics),
        ]
        for row in table["rows"]
    ]
    return markdown_table([["", *(f"`{metric}`" for metric in metrics)], *body])
