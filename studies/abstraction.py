r"""How a study's networks retrieve with sketches of the world that are not finished.

python studies/abstraction.py --runs runs/table --out results/abstraction_world.json \
    --rows triplet-quick,sbtknet-quick,mathm-quick,ramln-quick
"""

import argparse
import sys
from dataclasses import replace
from functools import lru_cache

from checkpoints_of import Content, measure_parser, write_measures

from zssbir_lib.cli.main import run_script
from zssbir_lib.cli.options import source_of
from zssbir_lib.data import ImageSet, ZeroShotData, load_world_data
from zssbir_lib.evaluation import LabelledEmbeddings, zero_shot
from zssbir_lib.scoring import embed
from zssbir_lib.training import load_trained_net
from zssbir_lib.world import difficulty

SHARES = (0.25, 0.5, 0.75, 1.0)  # of the pen's way


def run(options: argparse.Namespace) -> None:
    """Score every checkpoint of the folder with parts of the unseen sketches."""
    source = source_of(options)
    if source["data"] != "world":
        raise ValueError(
            f"--data {source['data']}: only the sketches of the world know the order "
            "of their strokes"
        )
    _, finished = difficulty(source["difficulty"])

    @lru_cache(maxsize=8)
    def sketches(classes: tuple[str, ...], size: int, share: float) -> ImageSet:
        drawn = replace(finished, drawn=share)
        return load_world_data(classes, size, photos=1, sketch_options=drawn).sketches

    def measure(content: Content, parts: ZeroShotData) -> dict[str, float]:
        net, recipe = load_trained_net(content)

        def embedded(images: ImageSet) -> LabelledEmbeddings:
            return LabelledEmbeddings(embed(net, images, recipe.feature), images.labels)

        gallery, names = embedded(parts.unseen.photos), parts.unseen.class_names
        scores = {}
        for share in SHARES:
            query = embedded(sketches(names, recipe.image_size, share))
            scores[f"map@all/{share:g}"] = zero_shot(query, gallery).evaluate()[
                "map@all"
            ]
        return scores

    write_measures(options, "abstraction", measure)


def main(arguments: list[str] | None = None) -> int:
    """Write means with intervals of every row's scores, a share of the way each."""
    return run_script(measure_parser(__doc__.partition("\n")[0]), run, arguments)


if __name__ == "__main__":
    sys.exit(main())
