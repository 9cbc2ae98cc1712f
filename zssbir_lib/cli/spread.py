"""`spread`: how the networks of a study spread the unseen classes in their space."""

import argparse
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from zssbir_lib.cli.checkpoints import find_checkpoints
from zssbir_lib.cli.options import add_data_options, read_data, read_splits
from zssbir_lib.data import SketchPhotoData
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
    add_data_options(parser)
    parser.add_argument(
        "--runs", type=Path, required=True, metavar="DIR", help="folder of a study"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure every checkpoint of the folder and write means with intervals."""
    use_threads(1)
    splits = {split.name: split for split in read_splits(options)}
    cells = find_checkpoints(options.runs)
    rows = []
    for (row, name), paths in tqdm(cells.items(), unit="row"):
        if name not in splits:
            raise ValueError(
                f"{options.runs} has runs on the split {name!r}: name it in --split"
            )
        nets = [load_trained_net(read_checkpoint(path)) for path in paths]
        size = nets[0][1].image_size
        unseen = splits[name].apply(read_data(options, splits[name], size)).unseen
        found = [spread_of(net, unseen) for net, _ in nets]
        rows.append({"row": row, "split": name, "spread": summarise_metrics(found)})
    write_json({"rows": rows} | provenance(), options.out)
    for one in rows:
        print(line_of(one))
    print(f"written: {options.out}")


def spread_of(net: torch.nn.Module, data: SketchPhotoData) -> dict[str, float]:
    """Measure the spread of a data set's sketches and photos together."""
    sets = (data.sketches, data.photos)
    counts = torch.tensor([len(images) for images in sets])
    return embedding_spread(
        torch.cat([embed(net, images) for images in sets]),
        torch.cat([images.labels for images in sets]),
        torch.tensor([SKETCH, PHOTO]).repeat_interleave(counts),
    )


def line_of(row: dict[str, Any]) -> str:
    """Return one line for the terminal: every mean of a row."""
    means = {name: value["mean"] for name, value in row["spread"].items()}
    shown = "  ".join(f"{name} {mean:.3f}" for name, mean in means.items())
    return f"{row['row']:<38} {row['split']:<10} {shown}"
