"""Three steps of every recipe, alone or in several processes: run by torchrun.

Usage: torchrun --nproc_per_node 2 tests/joint_training.py FILE
"""

import sys
from pathlib import Path
from typing import Any

import torch

from zssbir_lib.data import ImageSet, SketchPhotoData
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.training import (
    Execution,
    Method,
    build_method,
    joined,
    load_steps,
    loop,
    named_recipe,
    new_state,
    prepare_images,
    processes,
    training_step,
)
from zssbir_lib.training.hardware.processes import is_first

CLASSES, EACH, STEPS = 6, 8, 3
SHORT = dict(epochs=1, steps_per_epoch=STEPS, weights="none")
WHOLE = SHORT | dict(batch_size=32, images_per_class=8)
RECIPES = {
    "triplet": named_recipe("triplet", batch_size=8, **SHORT),
    "sbtknet": named_recipe(
        "sbtknet", batch_size=8, teacher="small:teacher", soft_head="fresh", **SHORT
    ),
    "sbtknet by item": named_recipe(
        "sbtknet",
        batch_size=8,
        teacher="small:teacher",
        soft_head="fresh",
        teaching="item",
        **SHORT,
    ),
    "mathm": named_recipe("mathm", **WHOLE),
    "mathm kept statistics": named_recipe("mathm", keep_batchnorm=True, **WHOLE),
    "mathm frozen": named_recipe(
        "mathm", **WHOLE | dict(epochs=3, steps_per_epoch=1, frozen_epochs=1)
    ),
    "ramln": named_recipe("ramln", margins={"warm_up": 1}, **WHOLE),
    "ramln all weights": named_recipe(
        "ramln", margins={"warm_up": 1, "scope": "all"}, **WHOLE
    ),
    "ramln kept statistics": named_recipe(
        "ramln", keep_batchnorm=True, margins={"warm_up": 1}, **WHOLE
    ),
}


def noise_data() -> SketchPhotoData:
    """Return six classes of noise around a colour, 8 sketches and 8 photos each."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(CLASSES).repeat_interleave(EACH)
    colours = torch.randint(40, 216, (CLASSES, 3, 1, 1), generator=generator)[labels]

    def images(modality: int) -> ImageSet:
        shape = (len(labels), 3, 32, 32)
        noise = torch.randint(-40, 41, shape, generator=generator)
        pixels = (colours + noise).clamp(0, 255).to(torch.uint8)
        return ImageSet(pixels, labels, modality)

    return SketchPhotoData(
        "noise", tuple("abcdef"), images(SKETCH), images(PHOTO), image_size=32
    )


def three_steps(name: str, execution: Execution | None = None) -> dict[str, Any]:
    """Train three steps; return losses, gradients and weights after each."""
    recipe, data = RECIPES[name], noise_data()
    state = new_state(recipe, 0, 48, execution or Execution(), classes=CLASSES)
    method = build_method(data, recipe)
    in_double_precision(state.net, method)
    losses, gradients = [], []
    for batch in load_steps(state, method):
        losses.append(training_step(state, method, batch))
        gradients.append(
            {
                name: weight.grad.clone()
                for name, weight in state.net.named_parameters()
                if weight.grad is not None
            }
        )
    return {
        "losses": losses,
        "gradients": gradients,
        "weights": state.net.state_dict(),
        "method": method.state_dict(),
    }


def in_double_precision(net: torch.nn.Module, method: Method) -> None:
    """Let a training compute in double precision: what differs then is no rounding."""
    net.double()
    loop.prepare_images = lambda *given: prepare_images(*given).double()
    if method.needs_images and method.semantic.looks_at_images:
        method.semantic.teacher.double()
    if hasattr(method, "learner"):
        method.learner.memory.double()
        method.learner.margins.double()


def main(path: Path) -> None:
    """Train every recipe; the first process writes what came out."""
    with joined("cpu"):
        found = {name: three_steps(name) for name in RECIPES}
        if is_first():
            torch.save(found | {"processes": processes().count}, path)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
