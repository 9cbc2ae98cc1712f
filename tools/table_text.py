"""Results files, the Markdown that shows them, and what it calls methods."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from zssbir_lib.training.tables import read_results

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "results"
SHORT_NAMES = {
    "triplet": "triplet baseline",
    "sbtknet": "SBTKNet",
    "mathm": "MATHM",
    "ramln": "RAMLN",
}
METHODS = {
    "pretrained": "starting weights, not trained for retrieval",
    "triplet": "triplet baseline",
    "classification": "classification alone, with gates",
    "sbtknet": "SBTKNet",
    "mathm": "MATHM",
    "bid-tri": "Bid-Tri, one fixed margin",
    "bid-qua": "Bid-Qua, one fixed margin",
    "ramln": "RAMLN, margins learned",
    "combined": "the combined recipe",
}
MATHM_KINDS = {
    "within": "within",
    "hybrid": "hybrid",
    "cross": "cross",
    "sum": "all three, added",
    "intended": "all three, weighted",
    "released": "all three, weighted as released",
}
BID_QUA = {
    f"bid-qua-{margin}": f"classification, Bid-Qua, margin {margin}"
    for margin in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
}
ABLATION_NAMES = {
    "triplet": "triplet",
    "quadruplet": "quadruplet",
    "quadruplet+classification": "quadruplet, classification",
    "quadruplet+knowledge": "quadruplet, knowledge",
    "all-three": "all three",
    "all-three+attention": "all three, attention",
    "classification": "classification alone",
    **{f"classification+{k}": f"classification, {v}" for k, v in MATHM_KINDS.items()},
    **MATHM_KINDS,
    "no-gates+classification": "classification alone, no gates",
    "no-gates+classification+cross": "classification, cross, no gates",
    "no-gates+classification+intended": "classification, all three, weighted, no gates",
    "no-gates+intended": "all three, weighted, no gates",
    "sbtknet": "SBTKNet",
    "bid-tri": "classification, Bid-Tri",
    **BID_QUA,
    "scalar": "one learned margin",
    "scalar-joint": "one margin, learned without a meta step",
    "memory-joint": "R(x), learned without a meta step",
    "embedding": "R(x) without the memory",
    "learned": "RAMLN: R(x) with the memory",
    "learned-shuffled": "the same margins, handed out at random",
    "mathm": "MATHM",
}
IDEAS = {
    "cosine-8": "cosine classifier, scale 8",
    "cosine-16": "cosine classifier, scale 16",
    "cosine-30": "cosine classifier, scale 30",
    "weight-3": "triplets weigh 3 times as much",
    "weight-10": "triplets weigh 10 times as much",
    "edges-0.3": "30 % of the photos as edge drawings",
    "edges-0.6": "60 % of the photos as edge drawings",
    "grey-0.7": "70 % of the photos without colour",
    "knowledge-0.3": "knowledge preservation, weight 0.3",
    "knowledge-1": "knowledge preservation, weight 1",
    "classification-0.3": "classification weighs 0.3",
    "attention": "attention pooling",
    "margin-0.5": "margin 0.5",
    "rate-2": "twice the learning rate",
    "embedding-256": "256 dimensions",
    "4-a-class": "4 images a class in a batch",
    "16-a-class": "16 images a class in a batch",
    "pooled": "pooled feature compared, not the embedding",
    "centred": "pooled feature compared, centred by modality",
    "learned-margins": "RAMLN's quadruplets and margins in place of triplets",
    "weight+knowledge-0.3": "triplets times 3, knowledge 0.3",
    "weight+knowledge-1": "triplets times 3, knowledge 1",
    "cosine+weight": "cosine 16, triplets times 3",
    "cosine+weight+edges": "cosine 16, triplets times 3, edges 30 %",
    "cosine+weight+knowledge": "cosine 16, triplets times 3, knowledge 0.3",
    "cosine+weight+edges+knowledge": "cosine 16, triplets times 3, edges, knowledge",
    "cosine+weight+edges+centred": "cosine 16, triplets times 3, edges, centred",
}
read_once = cache(read_results)


def read(name: str) -> dict[str, Any]:
    """Return the content of a file in results/; what tables imply is computed once."""
    return read_once((RESULTS / f"{name}.json").resolve())


def seeds_of(results: dict[str, Any]) -> int:
    """Return the number of seeds of a study."""
    return len(results["rows"][0]["seeds"])


def name_of(row: str) -> str:
    """Return the method of a row METHOD:PROFILE."""
    return row.partition(":")[0]


def joined(differences: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the differences over all splits together, where there are any."""
    whole = [one for one in differences if one["split"].startswith("every split")]
    return whole or differences


def with_interval(value: dict[str, Any]) -> str:
    """Return "mean [low, high]", or the mean alone where there is no interval."""
    if value["low"] is None or value["low"] == value["high"]:
        return f"{value['mean']:.3f}"
    return f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


def difference_text(one: dict[str, Any], sure: str = "excludes_zero") -> str:
    """Return a difference with its interval, bold where the entry `sure` says so."""
    if one["low"] is None:
        return f"{one['mean']:+.3f}"
    text = f"{one['mean']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
    return f"**{text}**" if one[sure] else text


def markdown_table(heading: Iterable[str], body: Iterable[Iterable[Any]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in (heading, *body)]
    return "\n".join([lines[0], "|" + "---|" * len(list(heading)), *lines[1:]])


def cross_table(
    corner: str,
    cells: Mapping[tuple[str, str], str],
    rows: Iterable[str] | None = None,
    missing: str | None = None,
) -> str:
    """Return cells as a Markdown table; rows and columns in the order of the cells.

    Args:
        corner: the heading of the first column.
        cells: text by row and column.
        rows: another order of the rows, of which some may have no cell.
        missing: what stands in place of a cell that is not there; None: none may lack.
    """
    there, columns = (list(dict.fromkeys(names)) for names in zip(*cells, strict=True))
    if missing is not None:
        every = {(row, column): missing for row in there for column in columns}
        cells = every | dict(cells)
    order = there if rows is None else [row for row in rows if row in there]
    body = [[row, *(cells[row, column] for column in columns)] for row in order]
    return markdown_table([corner, *columns], body)
