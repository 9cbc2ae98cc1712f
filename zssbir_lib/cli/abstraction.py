"""`abstraction`: how a study's networks retrieve with unfinished sketches."""

import argparse
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from zssbir_lib.cli.checkpoints import add_measure_options, write_measures
from zssbir_lib.cli.options import read_data
from zssbir_lib.data import ImageSet, ZeroShotData, load_world_data
from zssbir_lib.evaluation import zero_shot
from zssbir_lib.training import load_trained_net, use_threads
from zssbir_lib.training.scoring import embed_labelled
from zssbir_lib.world import difficulty

NAME = "abstraction"
SHARES = (0.25, 0.5, 0.75, 1.0)  # of the pen's way


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser(NAME, help=__doc__)
    add_measure_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Score every checkpoint of the folder with parts of the unseen sketches."""
    if options.data != "world":
        raise ValueError(
            f"--data {options.data}: only the sketches of the world know the order of "
            "their strokes"
        )
    use_threads(1)
    _, finished = difficulty(options.difficulty)

    @lru_cache(maxsize=8)
    def sketches(classes: tuple[str, ...], size: int, share: float) -> ImageSet:
        drawn = replace(finished, drawn=share)
        data = load_world_data(classes, size, photos=1, sketch_options=drawn)
        return data.sketches

    def measure(content: dict[str, Any], parts: ZeroShotData) -> dict[str, float]:
        net, recipe = load_trained_net(content)
        gallery = embed_labelled(net, parts.unseen.photos, recipe.feature)
        scores = {}
        for share in SHARES:
            drawn = sketches(parts.unseen.class_names, recipe.image_size, share)
            sets = zero_shot(embed_labelled(net, drawn, recipe.feature), gallery)
            scores[f"map@all/{share:g}"] = sets.evaluate()["map@all"]
        return scores

    write_measures(options, NAME, measure, partial(read_data, options))
