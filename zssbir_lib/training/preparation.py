"""From stored bytes to the float images a network takes."""

import torch
from torch import Tensor

from zssbir_lib.data import Augmentation, normalise, to_float
from zssbir_lib.models import PixelStatistics


def prepare_images(
    images: Tensor,
    modality: Tensor,
    pixels: PixelStatistics,
    augmentation: Augmentation | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Turn stored images into a network's input, augmented while training.

    Args:
        images: uint8 (B, 3, S, S).
        modality: 0 sketch, 1 photo, long (B,).
        pixels: mean and standard deviation the network was made for.
        augmentation: random changes; None leaves the images as they are.
        generator: source of the random changes, on the CPU.

    Returns:
        Float images (B, 3, S, S) in channels-last memory order.

    Taught in: notebook 02.
    """
    floats = to_float(images)  # 0..1
    if augmentation is not None:
        floats = augmentation.apply(floats, modality, generator)
    floats = normalise(floats, pixels.mean, pixels.std)
    return floats.contiguous(memory_format=torch.channels_last)
