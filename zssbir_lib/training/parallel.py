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
from torch import Tensor, distributed, nn

PATIENCE = timedelta(hours=4)  # others wait while the first process evaluates


class Processes(NamedTuple):
    """Which of several processes this is, from 0, and how many there are."""

    rank: int = 0
    count: int = 1


def processes() -> Processes:
    """Return which of how many processes this is: the only one, unless they joined."""
    if not distributed.is_initialized():
        return Processes()
    return Processes(distributed.get_rank(), distributed.get_world_size())


def is_first() -> bool:
    """Return whether this process is the one that prints and writes."""
    return processes().rank == 0


@contextmanager
def joined(device: str) -> Iterator[str]:
    """Join the processes that `torchrun` started, and leave them at the end.

    Args:
        device: "cpu", or "cuda" for one GPU a process.

    Yields:
        The device of this process, such as "cuda:3"; without `torchrun` the given one.
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


# --- a batch in parts, and whole again -----------------------------------------------


def own_part(values: Tensor) -> Tensor:
    """Take the rows of a batch (B, ...) that this process works on: every n-th.

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
    """Put all processes' parts (B / n, ...) together again, with gradient, (B, ...)."""
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

    They are equal but for rounding; so the weights stay equal to the last bit.
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


# --- what the first process knows ----------------------------------------------------


def any_process(here: bool) -> bool:
    """Return whether something is so in any process, the same answer in all."""
    if processes().count == 1:
        return here
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    answers = torch.tensor(int(here), device=device)
    distributed.all_reduce(answers)
    return bool(answers)


def from_first(value: Any) -> Any:
    """Return the plain value that the first process passed, in every process."""
    if processes().count == 1:
        return value
    box = [value]
    distributed.broadcast_object_list(box, src=0)
    return box[0]


def tensor_from_first(values: Tensor) -> Tensor:
    """Return the first process's tensor in every process, without gradient."""
    if processes().count == 1:
        return values
    shared = values.detach().contiguous().clone()
    distributed.broadcast(shared, src=0)
    return shared


# --- batch normalisation over the images of all processes ----------------------------


class JointBatchNorm2d(nn.BatchNorm2d):
    """Normalise over all processes' images: SyncBatchNorm, which works on GPUs only."""

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (B, C, H, W); all processes have equally many images."""
        if not self.training:
            return super().forward(features)
        values = features.float() if features.dtype == torch.bfloat16 else features
        mean = mean_over_processes(values.mean(dim=(0, 2, 3)))  # (C,)
        centred = values - mean[:, None, None]
        variance = mean_over_processes(centred.square().mean(dim=(0, 2, 3)))
        count = values.numel() // values.shape[1] * processes().count
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked += 1
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normalised = centred * scale[:, None, None] + self.bias[:, None, None]
        return normalised.to(features.dtype)


def mean_over_processes(values: Tensor) -> Tensor:
    """Return the mean over processes; its gradient is averaged likewise."""
    from torch.distributed.nn.functional import all_reduce

    return all_reduce(values) / processes().count


def join_batch_norms(module: nn.Module, device: str) -> None:
    """Let every BatchNorm2d in a module normalise over all processes.

    Weights and statistics stay the same tensors under the same names. On a GPU it is
    PyTorch's own layer.
    """
    for name, child in module.named_children():
        if type(child) is nn.BatchNorm2d:
            setattr(module, name, joint_layer(child, device))
        else:
            join_batch_norms(child, device)


def joint_layer(layer: nn.BatchNorm2d, device: str) -> nn.Module:
    """Return a layer with the same tensors that normalises over all processes."""
    kind = nn.SyncBatchNorm if device.startswith("cuda") else JointBatchNorm2d
    joint = kind(layer.num_features, layer.eps, layer.momentum)
    joint.weight, joint.bias = layer.weight, layer.bias
    for name, buffer in layer.named_buffers():
        setattr(joint, name, buffer)
    return joint.train(layer.training)
