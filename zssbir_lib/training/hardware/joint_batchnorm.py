"""Batch normalisation over the images of all processes."""

import torch
from torch import Tensor, distributed, nn

from zssbir_lib.training.hardware.processes import processes


class JointBatchNorm2d(nn.BatchNorm2d):
    """Normalise with the mean and variance over all processes' images.

    PyTorch's SyncBatchNorm does the same, faster, and on GPUs only.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Normalise (B, C, H, W); all processes have equally many images."""
        if not self.training:
            return super().forward(features)
        values = features.float() if features.dtype == torch.bfloat16 else features
        mean = mean_over_processes(values.mean(dim=(0, 2, 3)))  # (C,)
        centred = values - mean[:, None, None]
        variance = mean_over_processes(centred.square().mean(dim=(0, 2, 3)))
        count = values.numel() // values.shape[1] * processes().count
        self._remember(mean, variance * count / (count - 1))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        normalised = centred * scale[:, None, None] + self.bias[:, None, None]
        return normalised.to(features.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        """Move the running statistics towards those of a batch."""
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        self.num_batches_tracked += 1


class MeanOverProcesses(torch.autograd.Function):
    """Average over processes; the gradient of the mean is averaged likewise."""

    @staticmethod
    def forward(context: object, values: Tensor) -> Tensor:
        """Return the mean over processes, the same everywhere."""
        return _averaged(values)

    @staticmethod
    def backward(context: object, gradient: Tensor) -> Tensor:
        """Average the gradients: each process's loss depends on the mean."""
        return _averaged(gradient)


def mean_over_processes(values: Tensor) -> Tensor:
    """Average values of the same shape over processes, with gradient."""
    return MeanOverProcesses.apply(values)


def _averaged(values: Tensor) -> Tensor:
    """Return the mean over processes, without gradient."""
    total = values.contiguous().clone()
    distributed.all_reduce(total)
    return total / processes().count


def join_batch_norms(module: nn.Module, device: str) -> None:
    """Let every BatchNorm2d in a module normalise over all processes.

    Weights and statistics stay the same tensors under the same names.

    Args:
        module: changed in place.
        device: where it works; on a GPU PyTorch's own layer is used.

    Taught in: notebook 08.
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
