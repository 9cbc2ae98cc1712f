"""Embedding whole sets of images."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.data import ImageSet
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.preparation import prepare_images

# Pixels embedded at a time. On a CPU larger batches are slower: their activations no
# longer fit the memory that the allocator keeps ready.
CPU_PIXELS = 32 * 128 * 128
GPU_PIXELS = 256 * 224 * 224


def embed(net: EmbeddingNet, images: ImageSet, feature: str = "embedding") -> Tensor:
    """Embed every image of a set.

    Args:
        net: the network; its training mode is restored afterwards.
        images: N images of one modality.
        feature: "embedding", or "pooled" for the backbone's feature scaled to length
            one.

    Returns:
        Features on the CPU, float (N, D).

    Raises:
        ValueError: the feature is unknown.

    Taught in: notebook 02.
    """
    if feature not in ("embedding", "pooled"):
        raise ValueError(f"feature must be 'embedding' or 'pooled', got {feature!r}")
    return apply_head(net, images, net.project if feature == "embedding" else unit)


def unit(features: Tensor) -> Tensor:
    """Scale every row to length one, (B, F) -> (B, F)."""
    return functional.normalize(features, dim=1)


@torch.no_grad()
def apply_head(
    net: EmbeddingNet, images: ImageSet, head: Callable[[Tensor], Tensor]
) -> Tensor:
    """Apply any function of the pooled feature to every image of a set.

    Args:
        net: the network; its training mode is restored afterwards.
        images: N images of one modality.
        head: maps pooled features (B, F) to (B, K), such as `net.classify`.

    Returns:
        What the head makes of all images, float (N, K), on the CPU.

    Taught in: notebook 04.
    """
    device = next(net.parameters()).device
    was_training = net.training
    net.eval()
    batch = images_at_a_time(images, device)
    parts = [
        head(_pooled_batch(net, images, positions, device)).cpu()
        for positions in torch.arange(len(images)).split(batch)
    ]
    net.train(was_training)
    return torch.cat(parts)


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Return the share of rows whose highest logit is their label, 0 to 1.

    Args:
        logits: float (N, K).
        labels: int64 (N,).

    Taught in: notebook 04.
    """
    return float((logits.argmax(dim=1) == labels).float().mean())


def images_at_a_time(images: ImageSet, device: torch.device) -> int:
    """Return how many images of this size to embed in one batch."""
    height, width = images.images[torch.tensor([0])].shape[-2:]
    pixels = CPU_PIXELS if device.type == "cpu" else GPU_PIXELS
    return max(1, pixels // (height * width))


def _pooled_batch(
    net: EmbeddingNet, images: ImageSet, positions: Tensor, device: torch.device
) -> Tensor:
    """Return the pooled features of the images at some positions of a set."""
    modality = torch.full((len(positions),), images.modality)
    pixels = images.images[positions].to(device)
    prepared = prepare_images(pixels, modality, net.pixels)
    return net.pooled(prepared, modality)  # (B, F)
