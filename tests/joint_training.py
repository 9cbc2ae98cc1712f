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
    TrainingState,
    joined,
    load_steps,
    loop,
    named_method,
    new_state,
    prepare_images,
    processes,
    training_step,
)
from zssbir_lib.training.parallel import is_first

CLASSES, EACH, STEPS = 6, 8, 3
SHORT = dict(epochs=1, steps_per_epoch=STEPS, weights="none")
TAUGHT = SHORT | dict(batch_size=8, teacher="small:teacher", soft_head="fresh")
WHOLE = SHORT | dict(batch_size=32, images_per_class=8)
RECIPES = {
    "triplet": named_method("triplet", batch_size=8, **SHORT),
    "sbtknet": named_method("sbtknet", **TAUGHT),
    "sbtknet by item": named_method("sbtknet", teaching="item", **TAUGHT),
    "mathm": named_method("mathm", **WHOLE),
    "mathm kept statistics": named_method("mathm", keep_batchnorm=True, **WHOLE),
    "mathm frozen": named_method(
        "mathm", **WHOLE | dict(epochs=3, steps_per_epoch=1, frozen_epochs=1)
    ),
    "ramln": named_method("ramln", margins={"warm_up": 1}, **WHOLE),
    "ramln all weights": named_method(
        "ramln", margins={"warm_up": 1, "scope": "all"}, **WHOLE
    ),
    "ramln kept statistics": named_method(
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
    state = new_state(RECIPES[name], noise_data(), 0, execution)
    in_double_precision(state)
    losses, gradients = [], []
    for batch in load_steps(state):
        losses.append(training_step(state, batch))
        weights = state.net.named_parameters()
        found = {n: w.grad.clone() for n, w in weights if w.grad is not None}
        gradients.append(found)
    learns = hasattr(state.kept, "state_dict")
    return {
        "losses": losses,
        "gradients": gradients,
        "weights": state.net.state_dict(),
        "method": {"learner": state.kept.state_dict()} if learns else {},
    }


def in_double_precision(state: TrainingState) -> None:
    """Let a training compute in double precision: what differs then is no rounding."""
    state.net.double()
    loop.prepare_images = lambda *given: prepare_images(*given).double()
    for part in ("teacher", "memory", "margins"):
        if getattr(state.kept, part, None) is not None:
            getattr(state.kept, part).double()


def main(path: Path) -> None:
    """Train every recipe; the first process writes what came out."""
    with joined("cpu"):
        found = {name: three_steps(name) for name in RECIPES}
        if is_first():
            torch.save(found | {"processes": processes().count}, path)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
