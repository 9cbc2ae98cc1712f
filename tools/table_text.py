"""Results files and the Markdown that shows them."""

from functools import cache
from pathlib import Path
from typing import Any

from zssbir_lib.training.tables import read_results

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "results"
read_once = cache(read_results)


def read(name: str) -> dict[str, Any]:
    """Return the content of a file in results/; what tables imply is computed once."""
    return read_once((RESULTS / f"{name}.json").resolve())


def with_interval(value: dict[str, Any]) -> str:
    """Return "mean [low, high]", or the mean alone where there is no interval."""
    if value["low"] is None or value["low"] == value["high"]:
        return f"{value['mean']:.3f}"
    return f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


def markdown_table(rows: list[list[str]]) -> str:
    """Return rows as a Markdown table; the first is the heading."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    rule = "|" + "---|" * len(rows[0])
    return "\n".join([lines[0], rule, *lines[1:]])
