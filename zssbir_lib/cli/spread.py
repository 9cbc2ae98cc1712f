"""`spread`: how the networks of a study spread the unseen classes in their space."""

import argparse
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from zssbir_lib.cli.checkpoints import find_checkpoints
from zssbir_lib.cli.options import add_source_options, read_data
from zssbir_lib.data import SketchPhotoData, ZeroShotSplit
from zssbir_lib.evaluation import embedding_spread
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.training import (
    embed,
    load_trained_net,
    provenance,
    read_checkpoint,
    use_threads,
    write_json,
)
from zssbir_lib.training.study import summarise_metrics


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("spread", help=__doc__)
    add_source_options(parser)
    parser.add_argument(
        "--runs", type=Path, required=True, metavar="DIR", help="folder of a study"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure every checkpoint of the folder and write means with intervals."""
    use_threads(1)

    @lru_cache(maxsize=2)
    def unseen(split: ZeroShotSplit, image_size: int) -> SketchPhotoData:
        return split.apply(read_data(options, split, image_size)).unseen

    rows = []
    for (row, name), paths in tqdm(find_checkpoints(options.runs).items(), unit="row"):
        found = [measure(path, unseen) for path in paths]
        rows.append({"row": row, "split": name, "spread": summarise_metrics(found)})
    write_json({"rows": rows} | provenance(), options.out)
    for one in rows:
        print(line_of(one))
    print(f"written: {options.out}")


def measure(
    path: Path, unseen: Callable[[ZeroShotSplit, int], SketchPhotoData]
) -> dict[str, float]:
    """Measure the network of a checkpoint on the unseen classes of its own split."""
    content = read_checkpoint(path)
    if "split" not in content["about"]:
        raise ValueError(f"{path} does not say on which split it was trained")
    split = ZeroShotSplit(**content["about"]["split"])
    net, recipe = load_trained_net(content)
    return spread_of(net, unseen(split, recipe.image_size), recipe.feature)


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


def line_of(row: dict[str, Any]) -> str:
    """Return one line for the terminal: every mean of a row."""
    means = {name: value["mean"] for name, value in row["spread"].items()}
    shown = "  ".join(f"{name} {mean:.3f}" for name, mean in means.items())
    return f"{row['row']:<38} {row['split']:<10} {shown}"
