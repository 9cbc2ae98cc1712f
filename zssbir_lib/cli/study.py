"""`study`: rows x splits x seeds, resumable, summarised with intervals."""

import argparse
from functools import partial

from zssbir_lib.cli.options import (
    add_data_options,
    add_study_options,
    read_changes,
    read_data,
    read_device,
    read_splits,
)
from zssbir_lib.training import (
    StudyRun,
    run_study,
    study_row,
    summarise_study,
    write_json,
)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("study", help=__doc__)
    add_data_options(parser)
    parser.add_argument(
        "--rows",
        required=True,
        metavar="ROW,ROW",
        help="random, pretrained, METHOD:PROFILE (for example triplet:quick)",
    )
    add_study_options(parser, seeds=3)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Run the study and write its summary."""
    device = read_device(options.device)
    runs = plan_runs(options)
    load = partial(read_data, options)  # every process of the study calls it
    results = run_study(runs, load, options.runs, device, options.jobs)
    summary = summarise_study(runs, results, device)
    write_json(summary, options.out)
    print_summary(summary)
    print(f"written: {options.out}")


def plan_runs(options: argparse.Namespace) -> list[StudyRun]:
    """Return the cells of the study, in the order of rows, splits, seeds."""
    if options.seeds < 1:
        raise ValueError(f"--seeds must be 1 or more, got {options.seeds}")
    changes = read_changes(options.set)
    weights = changes.pop("weights", options.weights)
    splits = read_splits(options)
    return [
        StudyRun(row, study_row(row, options.backbone, weights, **changes), *c)
        for row in options.rows.split(",")
        for c in [(split, seed) for split in splits for seed in range(options.seeds)]
    ]


def print_summary(summary: dict) -> None:
    """Print one line a row: mean mAP@all and its interval."""
    for row in summary["rows"]:
        value = row["metrics"]["map@all"]
        low, high = value["low"], value["high"]
        interval = "" if low is None else f"  [{low:.3f}, {high:.3f}]"
        print(f"{row['row']:<34} {row['split']:<18} {value['mean']:.3f}{interval}")
