"""`forgetting`: what the networks of a study still know of their pretraining."""

import argparse
from pathlib import Path
from typing import Any

from tqdm import tqdm

from zssbir_lib.cli.checkpoints import find_checkpoints
from zssbir_lib.models import EmbeddingNet, load_teacher
from zssbir_lib.training import (
    build_net,
    load_fresh_pretraining_photos,
    load_trained_net,
    measure_forgetting,
    named_recipe,
    provenance,
    read_checkpoint,
    use_threads,
    write_json,
)
from zssbir_lib.training.studies.study import summarise_metrics

BEFORE = "before"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("forgetting", help=__doc__)
    parser.add_argument(
        "--runs",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of an ablation on the embedded world",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure every checkpoint of the folder and write means with intervals."""
    use_threads(1)
    cells = find_checkpoints(options.runs)
    photos, teacher = load_fresh_pretraining_photos(), load_teacher()
    untrained = build_net(named_recipe("untrained"), seed=0).eval()
    before = measure_forgetting(untrained, teacher, photos)
    rows = [{"row": BEFORE, "accuracy": summarise_metrics([before])}]
    for (row, split), paths in tqdm(cells.items(), unit="row"):
        nets = map(load_small_net, paths)
        found = [measure_forgetting(net, teacher, photos) for net in nets]
        rows.append({"row": row, "split": split, "accuracy": summarise_metrics(found)})
    write_json({"rows": rows} | provenance(), options.out)
    for one in rows:
        print(line_of(one))
    print(f"written: {options.out}")


def load_small_net(path: Path) -> EmbeddingNet:
    """Load the network of a checkpoint; raise unless the shipped teacher started it."""
    net, recipe = load_trained_net(read_checkpoint(path))
    if recipe.backbone != "small":
        raise ValueError(
            f"{path} is a {recipe.backbone}: forgetting is measured on the embedded "
            "world, with the backbone small"
        )
    return net


def line_of(row: dict[str, Any]) -> str:
    """Return one line for the terminal: every mean accuracy of a row."""
    means = {name: value["mean"] for name, value in row["accuracy"].items()}
    shown = "  ".join(f"{name} {mean:.3f}" for name, mean in means.items())
    return f"{row['row']:<34} {row.get('split', ''):<18} {shown}"
