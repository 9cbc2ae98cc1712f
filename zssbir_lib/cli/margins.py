"""`margins`: what the margins of RAMLN in a study came to, and what they go with."""

import argparse
from functools import partial
from typing import Any

from zssbir_lib.cli.checkpoints import (
    add_measure_options,
    write_measures,
)
from zssbir_lib.cli.options import read_data
from zssbir_lib.data import ZeroShotData
from zssbir_lib.training import (
    Recipe,
    describe_image_margins,
    describe_pushes,
    load_margin_learner,
    margins_of_images,
    pushes_of_batches,
    use_threads,
)

NAME = "margins"
SHOWN = (
    "mean",
    "std",
    "confusability/sketches",
    "ambiguity/sketches",
    "aligned_share",
    "alignment/violation",
)
BATCHES, PUSHES_SEED = 12, 0  # what the pushes are measured on


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("margins", help=__doc__)
    add_measure_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Describe the margins of every checkpoint; write means with intervals."""
    use_threads(1)
    read = partial(read_data, options)
    write_measures(options, NAME, measure, read, SHOWN)


def measure(content: dict[str, Any], parts: ZeroShotData) -> dict[str, float]:
    """Describe margins and what pushes them; nothing if the row has no quadruplets."""
    recipe = Recipe.from_dict(content["recipe"])
    if "relation_aware" not in recipe.losses:
        return {}
    net, learner = load_margin_learner(content)
    pushes = pushes_of_batches(net, recipe, parts.seen, BATCHES, PUSHES_SEED)
    described = describe_pushes(pushes)
    if recipe.margins.form != "fixed":
        images = margins_of_images(net, learner, parts.seen, recipe.feature)
        described = describe_image_margins(images) | described
    return described
