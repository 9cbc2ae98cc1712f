"""Embedding whole sets of images."""

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.data import ImageSet
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.preparation import prepare_images

BATCH = 256


@torch.no_grad()
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
    device = next(net.parameters()).device
    was_training = net.training
    net.eval()
    parts = [
        _embed_batch(net, images, positions, feature, device)
        for positions in torch.arange(len(images)).split(BATCH)
    ]
    net.train(was_training)
    return torch.cat(parts)


def _embed_batch(
    net: EmbeddingNet,
    images: ImageSet,
    positions: Tensor,
    feature: str,
    device: torch.device,
) -> Tensor:
    """Embed the images at some positions of a set."""
    modality = torch.full((len(positions),), images.modality)
    pixels = images.images[positions].to(device)
    prepared = prepare_images(pixels, modality, net.pixels)
    pooled = net.pooled(prepared, modality)  # (B, F)
    if feature == "pooled":
        return functional.normalize(pooled, dim=1).cpu()
    return net.project(pooled).cpu()  # (B, D)
