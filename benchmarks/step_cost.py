"""Measure what one training step costs with each combination of losses.

    python benchmarks/step_cost.py --out results/step_cost.json

One thread, real training steps of the embedded world's recipe (or of another backbone
on random pixels: --backbone), every contestant once a round in turn, medians of CPU
time. All contestants see about the same number of images a step. "item" teaching runs
the teacher on the photos of every step; "class" teaching ran it once, before. The last
line is the sampler alone.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

import torch
from tqdm import tqdm

from zssbir_lib.data import ImageSet, QuadrupletSampler, SketchPhotoData
from zssbir_lib.files import write_json
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.training import (
    Execution,
    Method,
    SBTKNet,
    draw_batch,
    named_method,
    new_state,
    prepare_processor,
    provenance,
    training_step,
)
from zssbir_lib.training.study import merged, read_study

BASELINE = "triplet"
CLASSES, IMAGES_A_CLASS = 45, 60
STUDY = Path(__file__).resolve().parents[1] / "studies" / "sbtknet.toml"
ROWS: dict[str, dict[str, Any]] = {
    row: merged({"name": changes.pop("method")}, changes)
    for row, changes in read_study(STUDY).rows.items()
}
ROWS["all-three, item teaching"] = ROWS["all-three"] | dict(teaching="item")


def random_data(size: int, seed: int = 0) -> SketchPhotoData:
    """Return images of random pixels: a step costs the same whatever they show."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(CLASSES).repeat_interleave(IMAGES_A_CLASS)
    shape = (len(labels), 3, size, size)

    def images(modality: int) -> ImageSet:
        pixels = torch.randint(256, shape, generator=generator, dtype=torch.uint8)
        return ImageSet(pixels, labels, modality)

    names = tuple(f"class {number}" for number in range(CLASSES))
    return SketchPhotoData("random", names, images(SKETCH), images(PHOTO), size)


class Stepper:
    """Draws a batch and takes one training step, again and again."""

    def __init__(
        self, data: SketchPhotoData, method: Method, device: str = "cpu"
    ) -> None:
        self.state = new_state(method, data, 0, Execution(device))
        self.losses: dict[str, float] = {}

    def __call__(self) -> None:
        """Take one step, and wait until it is done: its losses are read."""
        self.losses = training_step(self.state, draw_batch(self.state))


def median_seconds(
    contestants: dict[str, Callable[[], None]],
    rounds: int,
    steps: int,
    clock: Callable[[], float] = time.process_time,
    warm_up: int = 1,
) -> dict[str, float]:
    """Return each contestant's median seconds a step (of CPU time), timed in turn."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for step in contestants.values():
        for _ in range(warm_up):
            step()
    for name in tqdm(list(contestants) * rounds, desc="timing", unit="run"):
        started = clock()
        for _ in range(steps):
            contestants[name]()
        seconds[name].append((clock() - started) / steps)
    return {name: statistics.median(values) for name, values in seconds.items()}


def images_of(method: SBTKNet) -> int:
    """Return how many images a step takes, those that belong to anchors included."""
    each = method.images_per_anchor({"losses": method.losses})
    return method.recipe.batch_size * each


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return one line a combination of losses, relative to the triplet baseline."""
    changes = {"weights": options.weights} if options.weights else {}
    methods = {
        name: named_method(backbone=options.backbone, **changes, **row)
        for name, row in ROWS.items()
    }
    data = random_data(methods[BASELINE].recipe.image_size)
    contestants = {name: Stepper(data, method) for name, method in methods.items()}
    seconds = median_seconds(contestants, options.rounds, options.steps)
    images = {name: images_of(method) for name, method in methods.items()}
    per_image = {name: seconds[name] / images[name] for name in methods}
    return [
        {
            "name": name,
            "images": images[name],
            "ms": round(1e3 * seconds[name], 3),
            "images_per_second": round(1 / per_image[name], 1),
            "relative": round(per_image[name] / per_image[BASELINE], 4),
        }
        for name in methods
    ]


def sampler_speed(batch: int = 32, draws: int = 2000) -> float:
    """Return how many quadruplets a second the sampler alone draws."""
    labels = torch.arange(CLASSES).repeat_interleave(IMAGES_A_CLASS)
    sampler = QuadrupletSampler(labels, labels, batch)
    generator = torch.Generator().manual_seed(0)
    started = time.process_time()
    for _ in range(draws):
        sampler.sample(generator)
    return draws * batch / (time.process_time() - started)


def main() -> None:
    """Measure, print the table, write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="small")
    parser.add_argument("--weights", help="as for `zssbir fit`")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=20, help="steps in a round")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    prepare_processor()
    rows = measure(options)
    for row in rows:
        print(
            f"{row['name']:<28}{row['images']:>5} images {row['ms']:>8.2f} ms a step "
            f"{row['images_per_second']:>8.0f} images/s {row['relative']:>7.3f} x"
        )
    drawn = sampler_speed()
    print(f"sampler alone: {drawn:,.0f} quadruplets a second")
    if options.out:
        content = {"backbone": options.backbone, "rows": rows}
        content |= {"sampler_quadruplets_per_second": round(drawn)} | provenance()
        content["command"] = (
            f"python benchmarks/step_cost.py --backbone {options.backbone} "
            f"--rounds {options.rounds} --steps {options.steps}"
        )
        write_json(content, options.out)


if __name__ == "__main__":
    main()
