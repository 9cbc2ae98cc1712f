"""The checkpoints in the runs folder of a study, and how to measure them all."""

import argparse
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from zssbir_lib.cli.main import OneLineParser
from zssbir_lib.cli.options import add_source_options, read_data, source_of
from zssbir_lib.data import SketchPhotoData, ZeroShotData, ZeroShotSplit
from zssbir_lib.training import provenance, read_checkpoint, use_threads
from zssbir_lib.training.experiment import CHECKPOINT
from zssbir_lib.training.study import check_rows
from zssbir_lib.training.tables import Table, summarise, write_table

Content = dict[str, Any]  # of a checkpoint, see `read_checkpoint`
Measure = Callable[[Content, ZeroShotData], dict[str, float]]
ReadData = Callable[[ZeroShotSplit, int], SketchPhotoData]


def measure_parser(what: str) -> OneLineParser:
    """Return the parser of a script that measures the networks of a study."""
    parser = OneLineParser(description=what)
    add_measure_options(parser)
    return parser


def add_measure_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a study, its data and the file to write."""
    add_source_options(parser)
    add = parser.add_argument
    add("--runs", type=Path, required=True, metavar="DIR", help="folder of a study")
    add("--rows", metavar="ROW,ROW", help="folders of rows, such as learned-quick")
    add("--out", type=Path, required=True, metavar="FILE.csv")


def write_measures(
    options: argparse.Namespace,
    name: str,
    measure: Measure,
    shown: tuple[str, ...] | None = None,
) -> None:
    """Measure a study, write means with intervals, print the means.

    Args:
        options: of `add_measure_options`.
        name: what the numbers are called in a row.
        measure: maps the content of a checkpoint and the split data to numbers.
        shown: which numbers to print; None for all.
    """
    use_threads(1)
    read = partial(read_data, source_of(options))
    lines = measure_study(options.runs, measure, read, options.rows)
    write_lines(lines, name, options.out, shown)


def write_lines(
    lines: list[dict[str, Any]],
    name: str,
    out: Path,
    shown: tuple[str, ...] | None = None,
) -> None:
    """Write a line a network as a table, and print the means of every row."""
    keys = ("row", "split", "seed")
    named = [
        {k if k in keys else f"{name} {k}": v for k, v in x.items()} for x in lines
    ]
    table = Table(pd.DataFrame(named), provenance())
    write_table(table, out)
    for row in summarise(table)["rows"]:
        if row[name]:
            print(line_of(row, name, shown or tuple(row[name])))
    print(f"written: {out.with_suffix('.csv')} and .json")


def measure_study(
    folder: Path,
    measure: Measure,
    read: ReadData,
    only: str | None = None,
) -> list[dict[str, Any]]:
    """Measure every checkpoint of a study, each on its own split.

    Args:
        folder: of the study.
        measure: see `write_measures`.
        read: maps a split and an image size to its images.
        only: names of rows with commas between them, as their folders are called; None
            for all.

    Returns:
        A line a network: row, split, seed, and the numbers.

    Raises:
        FileNotFoundError: the folder holds no checkpoint.
        ValueError: a checkpoint does not say on which split it was trained, or a row is
            not there.
    """

    @lru_cache(maxsize=2)
    def parts(split: ZeroShotSplit, image_size: int) -> ZeroShotData:
        return split.apply(read(split, image_size))

    def measured(path: Path) -> dict[str, float]:
        content = read_checkpoint(path)
        split = split_of(content, path)
        return measure(content, parts(split, content["recipe"]["image_size"]))

    cells = chosen_rows(find_checkpoints(folder), only)
    return [
        {"row": row, "split": split, "seed": seed_of(path)} | measured(path)
        for (row, split), paths in tqdm(cells.items(), unit="row")
        for path in paths
    ]


def find_checkpoints(folder: Path) -> dict[tuple[str, str], list[Path]]:
    """Return the checkpoints of a study by row and split, seeds in order."""
    cells: dict[tuple[str, str], list[Path]] = {}
    found = folder.glob(f"*/*/seed-*/{CHECKPOINT}")
    for path in sorted(found, key=lambda path: (path.parts[:-2], seed_of(path))):
        row, split = path.parts[-4:-2]
        cells.setdefault((row, split), []).append(path)
    if not cells:
        raise FileNotFoundError(
            f"no {CHECKPOINT} in {folder}/ROW/SPLIT/seed-N: give the --runs folder of "
            "a study"
        )
    return cells


def seed_of(path: Path) -> int:
    """Return the seed that a run's folder is named after."""
    return int(path.parent.name.removeprefix("seed-"))


def split_of(content: Content, path: Path) -> ZeroShotSplit:
    """Return the split that a checkpoint was trained on; raise if it does not say."""
    if "split" not in content["about"]:
        raise ValueError(f"{path} does not say on which split it was trained")
    return ZeroShotSplit(**content["about"]["split"])


def chosen_rows(
    cells: dict[tuple[str, str], list[Path]], only: str | None
) -> dict[tuple[str, str], list[Path]]:
    """Return the cells of some rows, all if none is named; raise if one is missing."""
    if only is None:
        return cells
    check_rows(only.split(","), dict.fromkeys(row for row, _ in cells))
    return {cell: paths for cell, paths in cells.items() if cell[0] in only.split(",")}


def line_of(row: dict[str, Any], name: str, shown: tuple[str, ...]) -> str:
    """Return one line for the terminal: the means of a row, those that it has."""
    values = row[name]
    means = "  ".join(f"{n} {values[n]['mean']:.3f}" for n in shown if n in values)
    return f"{row['row']:<38} {row.get('split', ''):<10} {means}"
