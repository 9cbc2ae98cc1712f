"""Images as they are shown in figures: small."""

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.data import ImageSet

PICTURE_SIZE = 64  # pixels of the images that are shown


def take_pictures(images: ImageSet, places: Tensor) -> Tensor:
    """Return some images of a set, small enough to be shown.

    Args:
        images: of one modality.
        places: (M,) int64.

    Returns:
        (M, 3, S, S) uint8, S at most `PICTURE_SIZE`.
    """
    pixels = images.images[places]
    if pixels.shape[-1] <= PICTURE_SIZE:
        return pixels
    shrunk = functional.interpolate(
        pixels.float(), size=PICTURE_SIZE, mode="bilinear", antialias=True
    )
    return shrunk.round().clamp(0, 255).to(torch.uint8)
