"""From stored bytes to the float images a network takes."""

import torch
from torch import Tensor

from zssbir_lib.data import Variation, normalise, to_float, vary
from zssbir_lib.models import PixelStatistics


def prepare_images(
    images: Tensor,
    modality: Tensor,
    pixels: PixelStatistics,
    variation: Variation | None = None,
) -> Tensor:
    """Turn stored images into a network's input, augmented while training.

    Args:
        images: uint8 (B, 3, S, S).
        modality: 0 sketch, 1 photo, long (B,).
        pixels: mean and standard deviation the network was made for.
        variation: by how much each image is varied, see `Augmentation.draw`; None
            leaves the images as they are.

    Returns:
        Float images (B, 3, S, S) in channels-last memory order.

    Taught in: notebook 02.
    """
    floats = to_float(images)  # 0..1
    if variation is not None:
        floats = vary(floats, modality, variation)
    floats = normalise(floats, pixels.mean, pixels.std)
    return floats.contiguous(memory_format=torch.channels_last)
