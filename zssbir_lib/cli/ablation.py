"""`ablation`: a method taken apart, over splits, lengths and seeds."""

import argparse
import re
from functools import partial
from pathlib import Path

from zssbir_lib.cli.options import (
    add_data_options,
    add_study_options,
    read_changes,
    read_data,
    read_device,
    read_splits,
)
from zssbir_lib.cli.study import print_summary
from zssbir_lib.display import ablation_plot, save_figure, use_house_style
from zssbir_lib.training import (
    ABLATIONS,
    StudyRun,
    ablation_differences,
    plan_ablation,
    run_study,
    summarise_study,
    with_seen_counts,
    write_json,
)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("ablation", help=__doc__)
    add_data_options(parser)
    parser.add_argument("--method", default="sbtknet", choices=tuple(ABLATIONS))
    rows = "; ".join(f"{n}: {', '.join(one.rows)}" for n, one in ABLATIONS.items())
    parser.add_argument("--rows", metavar="ROW,ROW", help=f"(default: all) {rows}")
    parser.add_argument(
        "--profiles", default="quick", metavar="NAME,NAME", help="such as quick,book"
    )
    parser.add_argument(
        "--seen-counts",
        metavar="N,N",
        help="repeat everything with so many seen classes (default: all there are)",
    )
    add_study_options(parser, seeds=5)
    parser.add_argument("--figure", type=Path, metavar="FILE.png")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Run the ablation; write its summary and, if asked for, its figure."""
    check_figure(options.figure)
    device = read_device(options.device)
    runs = plan_runs(options)
    load = partial(read_data, options)  # every process of the study calls it
    results = run_study(runs, load, options.runs, device, options.jobs)
    summary = summarise_study(runs, results, device)
    comparisons = ABLATIONS[options.method].comparisons
    summary["differences"] = ablation_differences(runs, results, comparisons)
    write_json(summary, options.out)
    print_summary(summary)
    print_differences(summary)
    print(f"written: {options.out}")
    if options.figure:
        use_house_style()
        figure = ablation_plot(summary["rows"])
        save_figure(figure, options.figure.stem, options.figure.parent)
        print(f"written: {options.figure}")


def check_figure(path: Path | None) -> None:
    """Raise before the work if the figure cannot be written."""
    if path is not None and not re.fullmatch(r"[\w-]+\.png", path.name):
        raise ValueError(
            "--figure needs a name of letters, digits, - and _ that ends in .png, got "
            f"{path.name!r}"
        )


def plan_runs(options: argparse.Namespace) -> list[StudyRun]:
    """Return the runs that the options describe."""
    splits = read_splits(options)
    if options.seen_counts:
        splits = with_seen_counts(splits, read_counts(options.seen_counts))
    changes = read_changes(options.set)
    if options.weights:
        changes["weights"] = options.weights
    return plan_ablation(
        splits,
        options.profiles.split(","),
        options.seeds,
        options.rows.split(",") if options.rows else None,
        options.backbone,
        options.method,
        **changes,
    )


def read_counts(text: str) -> list[int]:
    """Return the whole numbers of a list such as 20,45."""
    try:
        return [int(word) for word in text.split(",")]
    except ValueError as error:
        raise ValueError(
            f"--seen-counts takes numbers such as 20,45; got {text!r}"
        ) from error


def print_differences(summary: dict) -> None:
    """Print one line a comparison: the mean difference in mAP@all, its interval."""
    for one in summary["differences"]:
        if one["metric"] != "map@all":
            continue
        interval = ""
        if one["low"] is not None:
            verdict = "" if one["excludes_zero"] else "  (zero inside)"
            interval = f"  [{one['low']:+.3f}, {one['high']:+.3f}]{verdict}"
        names = f"{one['row']} - {one['minus'].partition(':')[0]}"
        print(f"{names:<58} {one['split']:<22} {one['mean']:+.3f}{interval}")
