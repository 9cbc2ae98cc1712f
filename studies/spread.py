"""How the networks of a study spread the unseen classes in their space.

python studies/spread.py --runs runs/mathm-world --out results/spread_mathm_world.json
"""

import sys

import torch
from checkpoints_of import Content, measure_parser, write_measures

from zssbir_lib.cli.main import run_script
from zssbir_lib.data import ZeroShotData
from zssbir_lib.evaluation import embedding_spread
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.scoring import embed
from zssbir_lib.training import load_trained_net


def measure(content: Content, parts: ZeroShotData) -> dict[str, float]:
    """Measure the spread of the unseen sketches and photos together."""
    net, recipe = load_trained_net(content)
    sets = (parts.unseen.sketches, parts.unseen.photos)
    counts = torch.tensor([len(images) for images in sets])
    return embedding_spread(
        torch.cat([embed(net, images, recipe.feature) for images in sets]),
        torch.cat([images.labels for images in sets]),
        torch.tensor([SKETCH, PHOTO]).repeat_interleave(counts),
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure every checkpoint of a folder and write means with intervals."""
    parser = measure_parser(__doc__.partition("\n")[0])
    run = lambda options: write_measures(options, "spread", measure)  # noqa: E731
    return run_script(parser, run, arguments)


if __name__ == "__main__":
    sys.exit(main())
