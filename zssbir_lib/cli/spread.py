"""`spread`: how the networks of a study spread the unseen classes in their space."""

import argparse
from functools import partial
from typing import Any

import torch

from zssbir_lib.cli.checkpoints import (
    add_measure_options,
    write_measures,
)
from zssbir_lib.cli.options import read_data
from zssbir_lib.data import SketchPhotoData, ZeroShotData
from zssbir_lib.evaluation import embedding_spread
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.training import (
    embed,
    load_trained_net,
    use_threads,
)

NAME = "spread"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("spread", help=__doc__)
    add_measure_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure every checkpoint of the folder and write means with intervals."""
    use_threads(1)
    read = partial(read_data, options)
    write_measures(options, NAME, measure, read)


def measure(content: dict[str, Any], parts: ZeroShotData) -> dict[str, float]:
    """Measure the network of a checkpoint on the unseen classes."""
    net, recipe = load_trained_net(content)
    return spread_of(net, parts.unseen, recipe.feature)


def spread_of(
    net: torch.nn.Module, data: SketchPhotoData, feature: str
) -> dict[str, float]:
    """Measure the spread of a data set's sketches and photos together."""
    sets = (data.sketches, data.photos)
    counts = torch.tensor([len(images) for images in sets])
    return embedding_spread(
        torch.cat([embed(net, images, feature) for images in sets]),
        torch.cat([images.labels for images in sets]),
        torch.tensor([SKETCH, PHOTO]).repeat_interleave(counts),
    )
