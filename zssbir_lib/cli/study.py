"""`study`: rows x splits x seeds of a file, resumable, compared with intervals."""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zssbir_lib.cli.options import (
    add_data_options,
    add_network_options,
    change_split,
    check_split_named,
    read_data,
    read_device,
    read_settings,
    source_of,
)

if TYPE_CHECKING:
    from zssbir_lib.training.study import Study, StudyRun

ALMOST_ZERO = 0.001


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("study", help=__doc__, description=__doc__)
    add = parser.add_argument
    add("file", type=Path, metavar="FILE.toml", help="rows and comparisons: studies/")
    add("--runs", type=Path, required=True, metavar="DIR", help="a folder a run")
    add("--out", type=Path, required=True, metavar="FILE.csv", help="and FILE.json")
    add("--rows", metavar="ROW,ROW", help="(default: all)")
    add("--profiles", metavar="NAME,NAME", help="such as quick,book")
    add("--seeds", type=int, metavar="N", help="0 to N-1")
    add("--seen-counts", metavar="N,N", help="repeat all with so many seen classes")
    add("--jobs", type=int, default=1, metavar="N", help="processes")
    add("--figure", type=Path, metavar="FILE.png", help="draw the rows' intervals")
    add_network_options(parser)
    add_data_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train what is missing, score what is not scored, write and print the table."""
    from zssbir_lib.training.study import check_codes_fit, run_study, score_study
    from zssbir_lib.training.tables import study_table, summarise, write_table

    check_figure(options.figure)
    study = read_options(options)
    device, runs = read_device(options.device), plan(study, options)
    load = partial(read_data, source_of(options))  # every process calls it
    if study.cells:
        check_codes_fit(runs, load)
    work = (runs, load, options.runs, device, options.jobs)
    results = run_study(*work)
    scores = score_study(*work) if study.cells else ()
    rows = [run.row for run in runs]
    table = study_table(rows, results, device, study.compare, scores)
    write_table(table, options.out)
    summary = summarise(table)
    (print_cell_table if study.cells else print_rows)(summary)
    print_differences(summary)
    print(f"written: {options.out.with_suffix('.csv')} and .json")
    if options.figure:
        draw(summary, options.figure)


def read_options(options: argparse.Namespace) -> "Study":
    """Return the study of the file, with what the options change."""
    from zssbir_lib.training.study import read_study

    given = {"splits": options.split, "profiles": options.profiles}
    changes = {name: text.split(",") for name, text in given.items() if text}
    if options.seeds is not None:
        changes["seeds"] = options.seeds
    return replace(read_study(options.file), **changes)


def plan(study: "Study", options: argparse.Namespace) -> "list[StudyRun]":
    """Return the runs of a study, on the data that the options name."""
    from zssbir_lib.data import load_split
    from zssbir_lib.training.study import plan_runs, with_seen_counts

    check_split_named(options, source_of(options)["data"])
    splits = [change_split(load_split(name), options) for name in study.splits]
    if options.seen_counts:
        splits = with_seen_counts(splits, read_counts(options.seen_counts))
    changes = read_settings(options, study.hints(study.rows), "--profiles")
    rows = options.rows.split(",") if options.rows else None
    return plan_runs(study, splits, rows, options.backbone, **changes)


def read_counts(text: str) -> list[int]:
    """Return the whole numbers of a list such as 20,45."""
    try:
        return [int(word) for word in text.split(",")]
    except ValueError as error:
        message = f"--seen-counts takes numbers such as 20,45; got {text!r}"
        raise ValueError(message) from error


def check_figure(path: Path | None) -> None:
    """Raise before the work if the figure cannot be written."""
    plain = path is None or path.stem.replace("-", "_").isidentifier()
    if not plain or (path is not None and path.suffix != ".png"):
        raise ValueError(
            "--figure needs a name of letters, digits, - and _ that ends in .png, got "
            f"{path.name!r}"
        )


def draw(summary: dict[str, Any], path: Path) -> None:
    """Draw the rows of a study with their intervals."""
    from zssbir_lib.display import ablation_plot, save_figure, use_house_style

    use_house_style()
    save_figure(ablation_plot(summary["rows"]), path.stem, path.parent)
    print(f"written: {path}")


def print_rows(summary: dict[str, Any]) -> None:
    """Print one line a row: mean mAP@all and its interval."""
    for row in summary["rows"]:
        value = row["metrics"]["map@all"]
        low, high = value["low"], value["high"]
        interval = "" if low is None else f"  [{low:.3f}, {high:.3f}]"
        print(f"{row['row']:<34} {row['split']:<18} {value['mean']:.3f}{interval}")


def print_cell_table(summary: dict[str, Any]) -> None:
    """Print the mean mAP@all of every row and cell, a block for each protocol."""
    from zssbir_lib.evaluation.representations import REPRESENTATIONS
    from zssbir_lib.scoring import PROTOCOLS

    for protocol in PROTOCOLS:
        heading = f"map@all, {protocol}"
        print(f"{heading:<36}", *(f"{r:>6}" for r in REPRESENTATIONS))
        for row in summary["rows"]:
            cells = [row["cells"][f"{protocol}/{r}"] for r in REPRESENTATIONS]
            means = (f"{cell['map@all']['mean']:>6.3f}" for cell in cells)
            print(f"{row['row']:<24} {row['split']:<11}", *means)


def print_differences(summary: dict[str, Any]) -> None:
    """Print one line a comparison in mAP@all, zero-shot: the mean and its interval."""
    for one in summary.get("differences", ()):
        if one["metric"] != "map@all" or one.get("family", "zero_shot/real") != (
            "zero_shot/real"
        ):
            continue
        names = f"{one['row']} - {one['minus'].partition(':')[0]}"
        print(f"{names:<58} {one['split']:<22} {one['mean']:+.3f}{evidence(one)}")


def evidence(one: dict[str, Any]) -> str:
    """Return interval and verdict or corrected p of a difference, if there are any."""
    if one["low"] is None:
        return ""
    interval = f"  [{one['low']:+.3f}, {one['high']:+.3f}]"
    if "corrected_p" not in one:
        return interval + ("" if one["excludes_zero"] else "  (zero inside)")
    p = one["corrected_p"]
    return interval + (f"  p < {ALMOST_ZERO}" if p < ALMOST_ZERO else f"  p = {p:.3f}")
