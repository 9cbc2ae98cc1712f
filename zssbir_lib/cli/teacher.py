"""`teacher`: train the photo teacher of the embedded world that the package ships."""

import argparse
from pathlib import Path

from zssbir_lib.training import use_threads
from zssbir_lib.training.pretraining import PretrainingRecipe, make_teacher


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("teacher", help=__doc__)
    defaults = PretrainingRecipe()
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pt")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train the teacher and write it with its report."""
    use_threads(1)
    recipe = PretrainingRecipe(steps=options.steps, seed=options.seed)
    report = make_teacher(recipe, options.out)
    print(
        f"accuracy {report.accuracy:.3f} on {report.held_out_photos} held-out photos "
        f"of {report.classes} classes; written: {options.out}"
    )
