"""`fit`: train one network, evaluate it, write checkpoint.pt and metrics.json."""

import argparse
from pathlib import Path

from zssbir_lib.cli.options import (
    add_data_options,
    add_execution_options,
    add_recipe_options,
    read_data,
    read_device,
    read_execution,
    read_recipe,
    read_split,
)
from zssbir_lib.cli.tables import print_metrics
from zssbir_lib.training import Experiment, joined, run_experiment, use_threads
from zssbir_lib.training.hardware.processes import is_first


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("fit", help=__doc__)
    add_data_options(parser)
    add_recipe_options(parser)
    add_execution_options(parser)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--resume", action="store_true", help="go on in DIR")
    parser.add_argument(
        "--generalised", action="store_true", help="also score seen and unseen together"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train and evaluate as the options say, alone or with torchrun's other processes.

    The first process prints and writes.
    """
    use_threads(options.threads)
    recipe, split = read_recipe(options), read_split(options)
    with joined(read_device(options.device)) as device:
        data = read_data(options, split, recipe.image_size)
        execution = read_execution(options, device)
        experiment = Experiment(
            data, split, recipe, options.seed, execution, options.generalised
        )
        if is_first():
            print(f"recipe (seed {options.seed}, {split.name}, {device}):\n{recipe}")
        _, result = run_experiment(experiment, options.out, options.resume)
        if is_first():
            print_metrics(result["metrics"])
            print(f"written: {options.out / 'metrics.json'}")
