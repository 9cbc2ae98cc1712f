"""What two processes do together, piece by piece: run by torchrun.

Usage: torchrun --nproc_per_node 2 tests/joint_arithmetic.py FOLDER

FOLDER/alone.pt is a checkpoint to be continued together. Every process writes what it
found to FOLDER/process-RANK.pt.
"""

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import torch
from joint_training import RECIPES, in_double_precision, noise_data, three_steps
from torch import Tensor, nn

from zssbir_lib.training import (
    Execution,
    TrainingState,
    fit,
    joined,
    loop,
    named_method,
    new_state,
    processes,
    read_checkpoint,
    restore_state,
)
from zssbir_lib.training.parallel import (
    average_gradients,
    check_divisible,
    from_first,
    gather,
    is_first,
    join_batch_norms,
    mean_over_processes,
    own_part,
    tensor_from_first,
)

IN_PARTS = ("mathm kept statistics", "ramln kept statistics")  # parts do not matter
LONG = named_method(
    "ramln",
    epochs=2,
    steps_per_epoch=2,
    weights="none",
    batch_size=32,
    margins={"warm_up": 1},
)


def whole_batch() -> Tensor:
    """Return a batch of feature maps, double (6, 2, 2, 3), far from mean 0."""
    generator = torch.Generator().manual_seed(4)
    shape = (6, 2, 2, 3)
    return 3 + 2 * torch.randn(shape, generator=generator, dtype=torch.float64)


def outer_weights() -> Tensor:
    """Return factors that give every output its own gradient."""
    generator = torch.Generator().manual_seed(5)
    return torch.randn(6, 2, 2, 3, generator=generator, dtype=torch.float64)


def fresh_layer() -> nn.Sequential:
    """Return a BatchNorm of two channels with weights that are not 1 and 0."""
    layer = nn.BatchNorm2d(2, eps=1e-3, momentum=0.3).double()
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([1.5, -0.5]))
        layer.bias.copy_(torch.tensor([0.25, 2.0]))
    return nn.Sequential(layer)


def gathered() -> dict[str, Any]:
    """Gather rows, and take a gradient through it."""
    whole = torch.arange(12, dtype=torch.float64).view(6, 2)
    part = own_part(whole).clone().requires_grad_()
    joint = gather(part)
    (joint.square() * whole.flip(0)).sum().backward()
    labels = gather(own_part(torch.arange(6)))
    return {"own": part.detach(), "joint": joint.detach(), "labels": labels} | {
        "gradient": part.grad
    }


def normalised() -> dict[str, Any]:
    """Normalise twice in training mode, once in evaluation mode."""
    layer, found = fresh_layer(), {}
    join_batch_norms(layer, "cpu")
    part = own_part(whole_batch()).clone().requires_grad_()
    output = gather(layer(part))
    (output.square() * outer_weights()).sum().backward()
    found |= {"kind": type(layer[0]).__name__, "output": output.detach()}
    found |= {"input_gradient": part.grad, "weight_gradient": layer[0].weight.grad}
    layer(own_part(whole_batch()) * 2)
    found["statistics"] = {n: b.clone() for n, b in layer[0].named_buffers()}
    layer.eval()
    found["evaluated"] = layer(own_part(whole_batch())).detach()
    found["still"] = {n: b.clone() for n, b in layer[0].named_buffers()}
    return found


def gradient_is_right() -> bool:
    """Check the gradient of the joint layer against finite differences."""
    layer = fresh_layer()
    join_batch_norms(layer, "cpu")

    def function(whole: Tensor) -> Tensor:
        return gather(layer(own_part(mean_over_processes(whole))))

    some = whole_batch()[:4, :, :1, :2].clone().requires_grad_()
    return torch.autograd.gradcheck(function, (some,), raise_exception=False)


def averaged() -> list[Tensor | None]:
    """Average gradients that differ between processes."""
    weights = [nn.Parameter(torch.zeros(2, 2)) for _ in range(3)]
    weights[0].grad = torch.full((2, 2), 1.0 + processes().rank)
    weights[2].grad = torch.arange(4.0).view(2, 2) * (1 - 2 * processes().rank)
    kept = weights[0].grad
    average_gradients(weights)
    return [weight.grad for weight in weights] + [kept]


def refusal(images: int) -> str:
    """Return what is said to a batch that cannot be shared."""
    try:
        check_divisible(images)
    except ValueError as error:
        return str(error)
    return ""


def long_state() -> TrainingState:
    """Return the state of a training of two epochs."""
    state = new_state(LONG, noise_data())
    in_double_precision(state)
    return state


def train_long(path: Path, start: Path | None = None) -> dict[str, Tensor]:
    """Train two epochs, or what is left of them; keep the first epoch's checkpoint."""
    state = long_state()
    if start is not None:
        restore_state(state, read_checkpoint(start), start)

    def copy_first(state: TrainingState) -> None:
        if state.step == LONG.recipe.steps_per_epoch:
            shutil.copy(path, path.with_stem(path.stem + "-epoch-1"))

    fit(state, checkpoint=path, on_epoch=copy_first)
    return state.net.state_dict()


def in_bfloat16() -> list[float] | str:
    """Train three steps of the baseline in bfloat16, in single precision around it."""
    execution = Execution(precision="bfloat16")
    state = new_state(RECIPES["triplet"], noise_data(), 0, execution)
    try:
        fit(state)
    except RuntimeError as error:
        return str(error)
    return [record["loss"] for record in state.history]


def interrupted(path: Path) -> str:
    """Press Ctrl-C in the last process alone, and return how this one ended."""
    state, check, last = long_state(), loop.check_finite, processes().count - 1

    def check_and_press(*given: Any) -> None:
        if state.step == 2 and processes().rank == last:
            os.kill(os.getpid(), signal.SIGINT)
        check(*given)

    loop.check_finite = check_and_press
    try:
        fit(state, checkpoint=path)
    except (KeyboardInterrupt, RuntimeError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    return "not interrupted"


def main(folder: Path) -> None:
    """Find everything out; every process writes its own file."""
    with joined("cpu") as device:
        found: dict[str, Any] = {"bfloat16": in_bfloat16(), "device": device}
        found |= {"processes": tuple(processes()), "first": is_first()}
        mine = {"rank": processes().rank}
        found |= {"said": from_first(mine)}
        found |= {"told": tensor_from_first(torch.full((2,), 5.0 + mine["rank"]))}
        found |= {"gathered": gathered(), "normalised": normalised()}
        found |= {"gradcheck": gradient_is_right(), "averaged": averaged()}
        found |= {"refusals": [refusal(7), refusal(8)]}
        found["continued"] = train_long(folder / "joint-2.pt", folder / "alone.pt")
        found["whole"] = train_long(folder / "joint.pt")
        in_parts = Execution(parts=2)
        found["parts"] = {name: three_steps(name, in_parts) for name in IN_PARTS}
        torch.save(found, folder / f"process-{mine['rank']}.pt")
        said = interrupted(folder / "interrupted.pt")  # the last, for it may go wrong
        (folder / f"interrupted-{mine['rank']}.txt").write_text(said)


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
