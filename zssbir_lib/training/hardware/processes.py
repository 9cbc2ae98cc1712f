"""Several processes that train one network together, one a GPU.

`torchrun` starts them and tells each its number. They draw the same batches, each loads
its own part, and the features of all parts come together before the losses.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed

PATIENCE = timedelta(hours=4)  # others wait while the first process evaluates


class Processes(NamedTuple):
    """Say which of several processes this is.

    Attributes:
        rank: number of this process, from 0.
        count: how many there are; 1 without `torchrun`.

    Taught in: notebook 08.
    """

    rank: int = 0
    count: int = 1


def processes() -> Processes:
    """Return which of how many processes this is: the only one, unless they joined.

    Taught in: notebook 08.
    """
    if not distributed.is_initialized():
        return Processes()
    return Processes(distributed.get_rank(), distributed.get_world_size())


def is_first() -> bool:
    """Return whether this process is the one that prints and writes."""
    return processes().rank == 0


@contextmanager
def joined(device: str) -> Iterator[str]:
    """Join the processes that `torchrun` started, and leave them at the end.

    Without `torchrun` nothing happens.

    Args:
        device: "cpu", or "cuda" for one GPU a process.

    Yields:
        The device of this process, such as "cuda:3".

    Raises:
        ValueError: there are more processes than GPUs on this machine.

    Taught in: notebook 08.
    """
    if "LOCAL_RANK" not in os.environ:
        yield device
        return
    on_gpu = device.startswith("cuda")
    own = own_gpu(int(os.environ["LOCAL_RANK"])) if on_gpu else device
    distributed.init_process_group("nccl" if on_gpu else "gloo", timeout=PATIENCE)
    try:
        yield own
    finally:
        distributed.destroy_process_group()


def own_gpu(number: int) -> str:
    """Choose the GPU of a process by its number on this machine."""
    available = torch.cuda.device_count()
    if number >= available:
        raise ValueError(
            f"process {number} has no GPU: this machine has {available}; start "
            f"torchrun with --nproc_per_node {available}"
        )
    torch.cuda.set_device(number)
    return f"cuda:{number}"


def any_process(here: bool) -> bool:
    """Return whether something is so in any process, the same answer in all.

    Args:
        here: whether it is so in this one.
    """
    if processes().count == 1:
        return here
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    answers = torch.tensor(int(here), device=device)
    distributed.all_reduce(answers)
    return bool(answers)


def from_first(value: Any) -> Any:
    """Return what the first process passed, in every process.

    Args:
        value: a plain value; looked at in the first process only.
    """
    if processes().count == 1:
        return value
    box = [value]
    distributed.broadcast_object_list(box, src=0)
    return box[0]


def tensor_from_first(values: Tensor) -> Tensor:
    """Return the first process's tensor in every process, without gradient.

    Args:
        values: of the same shape everywhere.
    """
    if processes().count == 1:
        return values
    shared = values.detach().contiguous().clone()
    distributed.broadcast(shared, src=0)
    return shared
