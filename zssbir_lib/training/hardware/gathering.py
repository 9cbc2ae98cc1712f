"""Features of all processes brought together, so that losses see the whole batch."""

from typing import Any

import torch
from torch import Tensor, distributed, nn

from zssbir_lib.training.hardware.processes import processes


def own_part(values: Tensor) -> Tensor:
    """Take the rows of a batch that this process works on: every n-th, (B, ...).

    Neighbours in a batch are of one class and modality; so each process gets some of
    all.
    """
    rank, count = processes()
    return values[rank::count]


def check_divisible(images: int) -> None:
    """Raise unless the processes can share a batch equally."""
    count = processes().count
    if images % count:
        raise ValueError(
            f"a batch of {images} images cannot be shared by {count} processes: choose "
            "a number of processes that divides it, or change --set batch_size"
        )


def gather(part: Tensor) -> Tensor:
    """Put the parts of all processes together again, with gradient.

    Args:
        part: what this process made of its rows, float (B / n, ...).

    Returns:
        The whole batch in its own order, (B, ...), the same in every process.

    Taught in: notebook 08.
    """
    return part if processes().count == 1 else Gather.apply(part)


class Gather(torch.autograd.Function):
    """Collect every process's rows; on the way back, keep the gradient of one's own.

    Every process computes the same loss from the same whole batch, so each knows its
    rows' gradient without asking. It is multiplied by the number of processes, for
    DistributedDataParallel takes the mean over processes where the sum is due.
    """

    @staticmethod
    def forward(context: Any, part: Tensor) -> Tensor:
        """Collect (B / n, ...) from all processes into (B, ...)."""
        count = processes().count
        parts = [torch.empty_like(part) for _ in range(count)]
        distributed.all_gather(parts, part.contiguous())
        return torch.stack(parts, dim=1).flatten(0, 1)  # row i is of process i mod n

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        """Return the gradient of this process's rows, times the number of processes."""
        return processes().count * own_part(gradient)


@torch.no_grad()
def average_gradients(weights: list[nn.Parameter]) -> None:
    """Average the gradients of weights that every process uses on the whole batch.

    They are equal but for rounding; averaging keeps the processes' weights equal to the
    last bit.

    Args:
        weights: those behind the gathering; their gradients are changed in place.
    """
    count = processes().count
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    if count == 1 or not gradients:
        return
    joint = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(joint)
    parts = (joint / count).split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
