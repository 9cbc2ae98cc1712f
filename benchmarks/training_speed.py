"""Measure how near training comes to the bare network: images a second and memory.

    python benchmarks/training_speed.py --device cuda --out results/training_speed.json

Every recipe trains on random pixels, as `fit` does: images drawn, augmented, through
backbone, heads, mining, losses, optimiser. Beside it runs the bare pass: forward and
backward of the same backbone (and of the recipe's own, if it has gates) on one batch
that already lies on the device. Contestants take turns; medians of wall time on a GPU,
of CPU time else. Peak memory is what torch has allocated on the GPU.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from step_cost import median_seconds, random_data
from torch import nn

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.files import write_json
from zssbir_lib.models import set_training_mode
from zssbir_lib.training import (
    Execution,
    Method,
    build_net,
    find_method,
    load_steps,
    new_state,
    prepare_processor,
    provenance,
    training_step,
)

METHODS = ("triplet", "sbtknet", "mathm", "ramln")
FIRST_STEPS = 5  # before time and peak are read
NO_GPU = "not yet run on a GPU"


def method_of(name: str, options: argparse.Namespace) -> Method:
    """Return a method at the common number of images, from random weights."""
    kind = find_method(name)
    anchors = options.images // kind.images_per_anchor({})
    changes: dict[str, Any] = dict(
        weights="none", batch_size=anchors, epochs=1, steps_per_epoch=10**6
    )
    if name == "sbtknet":  # the teacher is asked once, before training
        changes |= dict(teacher="small:teacher", soft_head="fresh")
    if name == "ramln":
        changes |= dict(margins=dict(warm_up=0))
    return kind.named(options.backbone, **changes)


class Training:
    """Takes one training step after the other, as `fit` does."""

    def __init__(
        self, data: SketchPhotoData, method: Method, execution: Execution
    ) -> None:
        self.state = new_state(method, data, 0, execution)
        self.batches = load_steps(self.state)
        self.images = len(next(self.batches).labels)

    def __call__(self) -> None:
        """Take one step; reading its loss waits until it is done."""
        training_step(self.state, next(self.batches))


class BarePass:
    """Forward and backward of a backbone on one batch that is already there."""

    def __init__(self, method: Method, images: int, execution: Execution) -> None:
        recipe = method.recipe
        self.net: nn.Module = build_net(method, seed=0).to(execution.device)
        set_training_mode(self.net, recipe.keep_batchnorm)  # as the training does
        shape = (images, 3, recipe.image_size, recipe.image_size)
        batch = torch.rand(shape, device=execution.device)
        self.batch = batch.contiguous(memory_format=torch.channels_last)
        self.modality = torch.arange(images, device=execution.device) % 2
        self.execution, self.images = execution, images

    def __call__(self) -> None:
        """Compute features and their gradients, and wait until that is done."""
        with self.execution.autocast():
            pooled = self.net.pooled(self.batch, self.modality)
        pooled.float().sum().backward()
        self.net.zero_grad()
        if self.execution.device.startswith("cuda"):
            torch.cuda.synchronize()


def contestants(
    options: argparse.Namespace, data: SketchPhotoData
) -> dict[str, Callable[[], None]]:
    """Return the trainings and the bare passes, by name."""
    execution = Execution(
        options.device, options.precision, options.compile, workers=options.workers
    )
    methods = {name: method_of(name, options) for name in METHODS}
    found: dict[str, Callable[[], None]] = {
        name: Training(data, method, execution) for name, method in methods.items()
    }
    found["bare"] = BarePass(methods["triplet"], options.images, execution)
    found["bare, gates"] = BarePass(methods["mathm"], options.images, execution)
    return found


def peak_memory(step: Callable[[], None], device: str) -> int | str:
    """Return the most memory that torch holds on the GPU during a step, MiB."""
    if not device.startswith("cuda"):
        return NO_GPU
    torch.cuda.reset_peak_memory_stats()
    step()
    return round(torch.cuda.max_memory_allocated() / 2**20)


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return one line a contestant: images a second, and their share of the bare."""
    data = random_data(method_of("triplet", options).recipe.image_size)
    steps = contestants(options, data)
    on_gpu = options.device.startswith("cuda")
    clock = time.perf_counter if on_gpu else time.process_time
    seconds = median_seconds(steps, options.rounds, options.steps, clock, FIRST_STEPS)
    speed = {name: step.images / seconds[name] for name, step in steps.items()}
    return [
        {
            "name": name,
            "images": step.images,
            "images_per_second": round(speed[name], 1),
            "share_of_bare": round(speed[name] / speed["bare"], 3),
            "share_of_bare_with_gates": round(speed[name] / speed["bare, gates"], 3),
            "peak_mib": peak_memory(step, options.device),
        }
        for name, step in steps.items()
    ]


def read_options() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--images", type=int, default=120, help="a step")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10, help="steps in a round")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def main() -> None:
    """Measure, print the table, write it."""
    options = read_options()
    torch.set_num_threads(1)
    prepare_processor()
    rows = measure(options)
    for row in rows:
        print(
            f"{row['name']:<14}{row['images']:>5} images "
            f"{row['images_per_second']:>9.1f} images/s, {row['share_of_bare']:.2f} of "
            f"bare, {row['share_of_bare_with_gates']:.2f} of bare with gates, peak MiB "
            f"{row['peak_mib']}"
        )
    if options.out:
        settings = {n: v for n, v in vars(options).items() if n != "out"}
        content = {"settings": settings, "rows": rows} | provenance(options.device)
        words = " ".join(
            f"--{name}" if value is True else f"--{name} {value}"
            for name, value in settings.items()
            if value is not False
        )
        content["command"] = f"python benchmarks/training_speed.py {words}"
        write_json(content, options.out)


if __name__ == "__main__":
    main()
