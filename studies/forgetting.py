r"""What the networks of a study on the embedded world still know of their pretraining.

python studies/forgetting.py --runs runs/ablation-world \
    --out results/forgetting_world.json
"""

import argparse
import sys
from pathlib import Path

from checkpoints_of import find_checkpoints, line_of
from tqdm import tqdm

from zssbir_lib.cli.main import OneLineParser, run_script
from zssbir_lib.files import write_json
from zssbir_lib.models import EmbeddingNet, load_teacher
from zssbir_lib.training import (
    build_net,
    load_fresh_pretraining_photos,
    load_trained_net,
    measure_forgetting,
    named_method,
    provenance,
    read_checkpoint,
    use_threads,
)
from zssbir_lib.training.study import summarise_metrics


def run(options: argparse.Namespace) -> None:
    """Measure every checkpoint of the folder, and the network before any training."""
    use_threads(1)
    cells = find_checkpoints(options.runs)
    photos, teacher = load_fresh_pretraining_photos(), load_teacher()
    untrained = build_net(named_method("untrained"), seed=0).eval()
    before = measure_forgetting(untrained, teacher, photos)
    rows = [{"row": "before", "accuracy": summarise_metrics([before])}]
    for (row, split), paths in tqdm(cells.items(), unit="row"):
        nets = map(load_small_net, paths)
        found = [measure_forgetting(net, teacher, photos) for net in nets]
        rows.append({"row": row, "split": split, "accuracy": summarise_metrics(found)})
    write_json({"rows": rows} | provenance(), options.out)
    for row in rows:
        print(line_of({"split": ""} | row, "accuracy", tuple(row["accuracy"])))
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


def main(arguments: list[str] | None = None) -> int:
    """Write means with intervals of every row's accuracies."""
    parser = OneLineParser(description=__doc__.partition("\n")[0])
    add = parser.add_argument
    add("--runs", type=Path, required=True, metavar="DIR", help="folder of a study")
    add("--out", type=Path, required=True, metavar="FILE.json")
    return run_script(parser, run, arguments)


if __name__ == "__main__":
    sys.exit(main())
