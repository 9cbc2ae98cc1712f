"""The table that evaluation_speed.py prints and writes."""

import argparse
import json
import shlex
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from evaluation_contestants import CONTESTANTS
from evaluation_problem import DIMENSIONS, SIZES

from zssbir_lib.training import provenance

NOT_RUN = "not yet run on a GPU"
PEERS = ("pytorch-metric-learning", "faiss-cpu", "open-metric-learning", "torchmetrics")


@dataclass(frozen=True)
class Row:
    """One line of the table; None for what was not measured, ``note`` says why.

    Attributes:
        size: key of `SIZES`.
        device: "cpu" or "cuda".
        name: of the contestant.
        computes: what it computes.
        queries: of the size.
        gallery: photos searched.
        queries_timed: in every round.
        milliseconds_a_query: median of the rounds.
        seconds_all_queries: of one run, or scaled from the rounds.
        scaled: whether the seconds are scaled.
        times_floor: milliseconds over the floor's.
        times_ours: milliseconds over those of "ours".
        map_first_queries: mAP@all of the queries timed.
        queries_alone: of the run in a process of its own.
        peak_extra_mebibytes: of that run.
        note: why nothing was measured, or empty.
    """

    size: str
    device: str
    name: str
    computes: str
    queries: int
    gallery: int
    queries_timed: int | None = None
    milliseconds_a_query: float | None = None
    seconds_all_queries: float | None = None
    scaled: bool | None = None
    times_floor: float | None = None
    times_ours: float | None = None
    map_first_queries: float | None = None
    queries_alone: int | None = None
    peak_extra_mebibytes: float | None = None
    note: str = ""

    @staticmethod
    def not_run(size: str, device: str, name: str, note: str) -> "Row":
        """Return a line of what was not measured."""
        asked, computes = SIZES[size], CONTESTANTS[name].computes
        return Row(
            size, device, name, computes, asked.queries, asked.gallery, note=note
        )

    @staticmethod
    def measured(
        size: str,
        device: str,
        name: str,
        timed: int,
        seconds: dict[str, float],
        score: float,
        count: int,
        alone: dict[str, float],
    ) -> "Row":
        """Return a line from the rounds and from the run alone.

        Args:
            size: key of `SIZES`.
            device: "cpu" or "cuda".
            name: of the contestant.
            timed: queries of a round.
            seconds: a query, of every contestant.
            score: mAP@all, or NaN.
            count: queries of the run alone.
            alone: "seconds" and "peak" (MiB) of that run.
        """
        asked, scaled = SIZES[size], count < SIZES[size].queries
        whole = seconds[name] * asked.queries if scaled else alone["seconds"]
        return Row(
            size=size,
            device=device,
            name=name,
            computes=CONTESTANTS[name].computes,
            queries=asked.queries,
            gallery=asked.gallery,
            queries_timed=timed,
            milliseconds_a_query=round(seconds[name] * 1e3, 4),
            seconds_all_queries=round(whole, 2),
            scaled=scaled,
            times_floor=round(seconds[name] / seconds["floor"], 3),
            times_ours=round(seconds[name] / seconds["ours"], 3),
            map_first_queries=None if score != score else round(score, 6),
            queries_alone=count,
            peak_extra_mebibytes=round(alone["peak"], 1),
        )


def show(rows: list[Row]) -> None:
    """Print the table."""
    print(
        f"{'size':20} {'contestant':24} {'computes':11} {'ms/query':>8} {'all, s':>8} "
        f"{'x floor':>7} {'x ours':>6} {'MiB':>6}  mAP of the queries timed"
    )
    for row in rows:
        print(f"{row.size:20} {row.name:24} {row.computes:11} {numbers(row)}")
    if any(row.scaled for row in rows):
        print("* scaled from the queries timed; memory of those only")


def numbers(row: Row) -> str:
    """Return the numbers of one line, or why there are none."""
    if row.note:
        return row.note
    return (
        f"{row.milliseconds_a_query:8.3f} {row.seconds_all_queries:7.2f}"
        f"{'*' if row.scaled else ' '} {row.times_floor:7.2f} "
        f"{row.times_ours:6.2f} {row.peak_extra_mebibytes:6.0f}  "
        f"{'' if row.map_first_queries is None else f'{row.map_first_queries:.6f}'}"
    )


def table_file(rows: list[Row], options: argparse.Namespace) -> dict[str, Any]:
    """Return what a result file holds: the rows, how they were made, and where."""
    return {
        "seed": options.seed,
        "rounds": options.rounds,
        "threads": 1,
        "dimensions": DIMENSIONS,
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "rows": [asdict(row) for row in rows],
        "device": devices(rows),
        **origin(),
    }


def origin() -> dict[str, Any]:
    """Return versions, commit and command."""
    found = provenance()
    words = [Path(word).name if word.endswith(".json") else word for word in sys.argv]
    return {
        "versions": found["versions"] | {name: version(name) for name in PEERS},
        "commit": found["commit"],
        "command": shlex.join(["python", "benchmarks/evaluation_speed.py", *words[1:]]),
    }


def rows_so_far(options: argparse.Namespace) -> list[Row]:
    """Return the rows that the same command on the same commit wrote before."""
    now = origin()
    if not (options.out and options.out.exists()) or now["commit"].endswith("-dirty"):
        return []
    before = json.loads(options.out.read_text())
    if any(before.get(name) != value for name, value in now.items()):
        return []
    return [Row(**row) for row in before["rows"]]


def devices(rows: list[Row]) -> str:
    """Return the devices that rows were measured on."""
    used = {row.device for row in rows if not row.note}
    return ", ".join(provenance(device)["device"] for device in sorted(used))


def version(package: str) -> str:
    """Return the version of a package, or that it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
