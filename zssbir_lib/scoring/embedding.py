"""Sets of images through a network: one pass, then any head and any feature."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from zssbir_lib.data import ImageSet, prepare_images
from zssbir_lib.models import EmbeddingNet

FEATURES = ("embedding", "pooled", "centred")
# Pixels embedded at a time. On a CPU larger batches are slower: their activations no
# longer fit the memory that the allocator keeps ready.
CPU_PIXELS = 32 * 128 * 128
GPU_PIXELS = 256 * 224 * 224

Head = Callable[[Tensor], Tensor]


class PooledImages:
    """What the backbone makes of a set of images, each shown to it once.

    The pass is made when it is first needed, and once more for mirror images; both are
    kept on the CPU.

    Args:
        net: the network; its training mode is restored after every use.
        images: N images of one modality.
    """

    def __init__(self, net: EmbeddingNet, images: ImageSet) -> None:
        self.net, self.images = net, images
        self._passes: dict[bool, list[Tensor]] = {}

    @torch.no_grad()
    def apply(self, head: Head, mirrored: bool = False) -> Tensor:
        """Apply any function of the pooled feature to every image.

        Args:
            head: maps pooled features (B, F) to (B, K), such as `net.classify`.
            mirrored: of the images with left and right exchanged.

        Returns:
            What the head makes of all images, float (N, K), on the CPU.
        """
        device, was_training = device_of(self.net), self.net.training
        self.net.eval()
        parts = [head(part.to(device)).cpu() for part in self._pooled(mirrored)]
        self.net.train(was_training)
        return torch.cat(parts)

    def feature(self, name: str = "embedding", mirrored: bool = False) -> Tensor:
        """Return a feature of every image.

        The class of an image does not depend on which side is left, but its embedding
        does a little. The mean of both is the same for an image and its mirror image.

        Args:
            name: "embedding"; "pooled" for the backbone's feature scaled to length one;
                "centred" for that without what its modality shares.
            mirrored: average each feature with that of the image's mirror image, and
                scale the mean to length one again.

        Returns:
            Features, float (N, D), on the CPU.

        Raises:
            ValueError: the feature is unknown, or the network does not have it.

        Source: averaging over mirrored inputs at test time, Krizhevsky et al. (2012),
            section 4.1.
        """
        head = head_of(self.net, name, self.images.modality)
        plain = self.apply(head)
        return unit(plain + self.apply(head, mirrored=True)) if mirrored else plain

    def _pooled(self, mirrored: bool) -> list[Tensor]:
        """Return the pooled features of all images, batch by batch, (B, F) each."""
        if mirrored not in self._passes:
            size = images_at_a_time(self.images, device_of(self.net))
            batches = torch.arange(len(self.images)).split(size)
            bar = tqdm(batches, "images", unit="batch", leave=False, disable=None)
            self._passes[mirrored] = [self._batch(rows, mirrored).cpu() for rows in bar]
        return self._passes[mirrored]

    def _batch(self, rows: Tensor, mirrored: bool) -> Tensor:
        """Return the pooled features of the images in some rows, (B, F)."""
        modality = torch.full((len(rows),), self.images.modality)
        pixels = self.images.images[rows].to(device_of(self.net))  # (B, 3, S, S)
        if mirrored:
            pixels = pixels.flip(-1)
        prepared = prepare_images(pixels, modality, self.net.pixels)
        return self.net.pooled(prepared, modality)


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
        feature: see `PooledImages.feature`.
        mirrored: see `PooledImages.feature`; a setting of the search, which a score
            must name.

    Returns:
        Features, float (N, D), on the CPU.

    Raises:
        ValueError: the feature is unknown, or the network does not have it.
    """
    return PooledImages(net, images).feature(feature, mirrored)


def apply_head(net: EmbeddingNet, images: ImageSet, head: Head) -> Tensor:
    """Apply any function of the pooled feature to every image of a set.

    Args:
        net: the network; its training mode is restored afterwards.
        images: N images of one modality.
        head: maps pooled features (B, F) to (B, K), such as `net.classify`.

    Returns:
        What the head makes of all images, float (N, K), on the CPU.
    """
    return PooledImages(net, images).apply(head)


def head_of(net: EmbeddingNet, feature: str, modality: int) -> Head:
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


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Return the share of rows (N, K) whose highest logit is their label (N,)."""
    return float((logits.argmax(dim=1) == labels).float().mean())


def images_at_a_time(images: ImageSet, device: torch.device) -> int:
    """Return how many images of this size to embed in one batch."""
    height, width = images.images[torch.tensor([0])].shape[-2:]
    pixels = CPU_PIXELS if device.type == "cpu" else GPU_PIXELS
    return max(1, pixels // (height * width))


def device_of(net: EmbeddingNet) -> torch.device:
    """Return the device a network is on."""
    return next(net.parameters()).device
