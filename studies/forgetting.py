r"""What the networks of a study on the embedded world still know of their pretraining.

python studies/forgetting.py --runs runs/ablation-world \
    --out results/forgetting_world.json
"""

import argparse
import sys
from pathlib import Path

from checkpoints_of import find_checkpoints, seed_of, write_lines
from tqdm import tqdm

from zssbir_lib.cli.main import OneLineParser, run_script
from zssbir_lib.models import EmbeddingNet, load_teacher
from zssbir_lib.training import (
    build_net,
    load_fresh_pretraining_photos,
    load_trained_net,
    measure_forgetting,
    named_method,
    read_checkpoint,
    use_threads,
)


def run(options: argparse.Namespace) -> None:
    """Measure every checkpoint of the folder, and the network before any training."""
    use_threads(1)
    cells = find_checkpoints(options.runs)
    photos, teacher = load_fresh_pretraining_photos(), load_teacher()
    untrained = build_net(named_method("untrained"), seed=0).eval()
    before = measure_forgetting(untrained, teacher, photos)
    lines = [{"row": "before", "split": "", "seed": 0} | before]
    for (row, split), paths in tqdm(cells.items(), unit="row"):
        for path in paths:
            found = measure_forgetting(load_small_net(path), teacher, photos)
            lines.append({"row": row, "split": split, "seed": seed_of(path)} | found)
    write_lines(lines, "accuracy", options.out)


def load_small_net(path: Path) -> EmbeddingNet:
    """Load the network of a checkpoint; raise unless the shipped teacher started it."""
    net, recipe = load_trained_net(read_checkpoint(path))
    if recipe.backbone != "small":
        raise ValueError(
            f"{path} is a {recipe.backbone}: forgetting is measured on the embedded "
            "world, with the backbone small"
        )
    return net


def main(arguments: list[str] | None = None) -> int:
    """Write means with intervals of every row's accuracies."""
    parser = OneLineParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--runs", type=Path, required=True, metavar="DIR", help="folder of a study")
    add("--out", type=Path, required=True, metavar="FILE.json")
    return run_script(parser, run, arguments)


if __name__ == "__main__":
    sys.exit(main())
