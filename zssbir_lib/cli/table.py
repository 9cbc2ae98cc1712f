"""`table`: whole methods in every protocol, real-valued and as codes of 64 bits."""

import argparse
from dataclasses import replace
from functools import partial
from typing import Any

from zssbir_lib.cli.options import (
    add_data_options,
    add_study_options,
    read_changes,
    read_data,
    read_device,
    read_splits,
)
from zssbir_lib.evaluation.representations import BITS, REPRESENTATIONS
from zssbir_lib.training import (
    ABLATIONS,
    StudyRun,
    cell_differences,
    plan_ablation,
    run_study,
    score_study,
    summarise_cells,
    write_json,
)
from zssbir_lib.training.cells import PROTOCOLS, check_gallery_size
from zssbir_lib.training.studies.study import DataLoader

NAME = "table"
METHOD = "methods"
METRIC = "map@all"
ALMOST_ZERO = 0.001


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser(NAME, help=__doc__)
    add_data_options(parser)
    rows = ", ".join(ABLATIONS[METHOD].rows)
    parser.add_argument(
        "--rows", metavar="ROW,ROW", help=f"methods (default: all): {rows}"
    )
    parser.add_argument(
        "--profiles", default="quick", metavar="NAME,NAME", help="such as quick,book"
    )
    add_study_options(parser, seeds=5)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train what is missing, score what is not scored, write and print the table."""
    device = read_device(options.device)
    runs = plan_runs(options)
    load = partial(read_data, options)  # every process calls it
    check_codes_fit(runs, load)
    results = run_study(runs, load, options.runs, device, options.jobs)
    scores = score_study(runs, load, options.runs, device, options.jobs)
    summary = summarise_cells(runs, results, scores, device)
    comparisons = ABLATIONS[METHOD].comparisons
    summary["differences"] = cell_differences(runs, scores, comparisons)
    write_json(summary, options.out)
    print_table(summary)
    print_differences(summary)
    print(f"written: {options.out}")


def plan_runs(options: argparse.Namespace) -> list[StudyRun]:
    """Return the runs that the options describe; scoring does the protocols itself."""
    changes = read_changes(options.set)
    if options.weights:
        changes["weights"] = options.weights
    runs = plan_ablation(
        read_splits(options),
        options.profiles.split(","),
        options.seeds,
        options.rows.split(",") if options.rows else None,
        options.backbone,
        METHOD,
        **changes,
    )
    return [replace(run, generalised=False) for run in runs]


def check_codes_fit(runs: list[StudyRun], load: DataLoader) -> None:
    """Raise before the first training if codes cannot be made after the last."""
    for run in runs:
        size = run.recipe.embedding_size
        if run.recipe.feature == "embedding" and size < BITS:
            raise ValueError(
                f"embedding_size is {size}: codes of {BITS} bits need {BITS} or more"
            )
    places = dict.fromkeys((run.split, run.recipe.image_size) for run in runs)
    for split, image_size in places:
        check_gallery_size(split.apply(load(split, image_size)))


def print_table(summary: dict[str, Any]) -> None:
    """Print the mean mAP@all of every row and cell, a block for each protocol."""
    for protocol in PROTOCOLS:
        print(f"{METRIC + ', ' + protocol:<36}", *(f"{r:>6}" for r in REPRESENTATIONS))
        for row in summary["rows"]:
            cells = [row["cells"][f"{protocol}/{r}"] for r in REPRESENTATIONS]
            means = (f"{cell[METRIC]['mean']:>6.3f}" for cell in cells)
            print(f"{row['row']:<24} {row['split']:<11}", *means)


def print_differences(summary: dict[str, Any]) -> None:
    """Print the differences in the first cell: mean, interval, corrected p."""
    first = f"{PROTOCOLS[0]}/{REPRESENTATIONS[0]}"
    for one in summary["differences"]:
        if one["family"] == first:
            names = f"{one['row']} - {one['minus'].partition(':')[0]}"
            print(f"{names:<40} {one['split']:<22} {one['mean']:+.3f}{evidence(one)}")


def evidence(one: dict[str, Any]) -> str:
    """Return interval and corrected p of a difference, nothing if there are none."""
    if one["low"] is None:
        return ""
    p = one["corrected_p"]
    chance = f"p < {ALMOST_ZERO}" if p < ALMOST_ZERO else f"p = {p:.3f}"
    return f"  [{one['low']:+.3f}, {one['high']:+.3f}]  {chance}"
