"""Embedding whole sets of images."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.data import ImageSet
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.preparation import prepare_images
from zssbir_lib.training.recipes.checks import FEATURES

# Pixels embedded at a time. On a CPU larger batches are slower: their activations no
# longer fit the memory that the allocator keeps ready.
CPU_PIXELS = 32 * 128 * 128
GPU_PIXELS = 256 * 224 * 224


def embed(
    net: EmbeddingNet,
    images: ImageSet,
    feature: str = "embedding",
    mirrored: bool = False,
) -> Tensor:
    """Embed every image of a set.

    Args:
        net: the network; its training mode is restored afterwards.
        images: N images of one modality.
        feature: "embedding"; "pooled" for the backbone's feature scaled to length one;
            "centred" for that without what its modality shares.
        mirrored: average each embedding with that of the image's mirror image, see
            `embed_with_mirror`; a setting of the search, which a score must name.

    Returns:
        Features on the CPU, float (N, D).

    Raises:
        ValueError: the feature is unknown, or the network does not have it.

    Taught in: notebook 02.
    """
    if mirrored:
        return embed_with_mirror(net, images, feature)[1]
    return apply_head(net, images, _head_of(net, feature, images.modality))


def embed_with_mirror(
    net: EmbeddingNet, images: ImageSet, feature: str = "embedding"
) -> tuple[Tensor, Tensor]:
    """Embed every image alone, and together with its mirror image.

    The class of an image does not depend on which side is left, but the embedding does
    a little. The mean of both is the same for an image and for its mirror image.

    Args:
        net: the network; its training mode is restored afterwards.
        images: N images of one modality.
        feature: see `embed`.

    Returns:
        Plain features, and the means of those of image and mirror image, scaled to
        length one again; both on the CPU, float (N, D).

    Raises:
        ValueError: the feature is unknown, or the network does not have it.

    Source: averaging over mirrored inputs at test time, Krizhevsky et al., "ImageNet
        classification with deep convolutional neural networks" (2012), section 4.1.

    Taught in: notebook 07.
    """
    head = _head_of(net, feature, images.modality)
    plain = apply_head(net, images, head)
    other = apply_head(net, images, head, mirrored=True)
    return plain, unit(plain + other)


def _head_of(
    net: EmbeddingNet, feature: str, modality: int
) -> Callable[[Tensor], Tensor]:
    """Return what maps the pooled features of a modality to what is compared."""
    if feature not in FEATURES:
        raise ValueError(
            f"feature must be one of {', '.join(FEATURES)}, got {feature!r}"
        )
    if feature == "embedding":
        return net.project
    if feature == "pooled":
        return unit
    return lambda pooled: net.centred(pooled, torch.full((len(pooled),), modality))


def unit(features: Tensor) -> Tensor:
    """Scale every row to length one, (B, F) -> (B, F)."""
    return functional.normalize(features, dim=1)


@torch.no_grad()
def apply_head(
    net: EmbeddingNet,
    images: ImageSet,
    head: Callable[[Tensor], Tensor],
    mirrored: bool = False,
) -> Tensor:
    """Apply any function of the pooled feature to every image of a set.

    Args:
        net: the network; its training mode is restored afterwards.
        images: N images of one modality.
        head: maps pooled features (B, F) to (B, K), such as `net.classify`.
        mirrored: show the network every image with left and right exchanged.

    Returns:
        What the head makes of all images, float (N, K), on the CPU.

    Taught in: notebook 04.
    """
    device = next(net.parameters()).device
    was_training = net.training
    net.eval()
    batch = images_at_a_time(images, device)
    parts = [
        head(_pooled_batch(net, images, positions, device, mirrored)).cpu()
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
    net: EmbeddingNet,
    images: ImageSet,
    positions: Tensor,
    device: torch.device,
    mirrored: bool,
) -> Tensor:
    """Return the pooled features of the images at some positions of a set."""
    modality = torch.full((len(positions),), images.modality)
    pixels = images.images[positions].to(device)  # (B, 3, S, S)
    if mirrored:
        pixels = pixels.flip(-1)
    prepared = prepare_images(pixels, modality, net.pixels)
    return net.pooled(prepared, modality)  # (B, F)
