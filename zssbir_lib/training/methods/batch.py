"""The images of one training step."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.data import SketchPhotoData, Variation
from zssbir_lib.modality import PHOTO, SKETCH


class StepImages(NamedTuple):
    """Say which images a step takes.

    Attributes:
        sketches: positions of sketches, long (B_s,).
        photos: positions of photos, long (B_p,).
        seed: of what is random within the losses, drawn with the images.

    Taught in: notebook 02.
    """

    sketches: Tensor
    photos: Tensor
    seed: int = 0


@dataclass(frozen=True)
class Batch:
    """The images of one step, sketches first.

    Where several processes train together, each has the images of its own part and the
    labels and modality of the whole batch.

    Attributes:
        images: uint8 (B, 3, S, S).
        labels: class numbers, long (B,).
        modality: 0 sketch, 1 photo, long (B,).
        seed: see `StepImages`.
        variation: how the whole batch is augmented, if that was drawn before.

    Taught in: notebook 02.
    """

    images: Tensor
    labels: Tensor
    modality: Tensor
    seed: int = 0
    variation: Variation | None = None


def gather_batch(data: SketchPhotoData, sketches: Tensor, photos: Tensor) -> Batch:
    """Read the images of one step.

    Args:
        data: the training classes.
        sketches: positions of sketches, long (B_s,).
        photos: positions of photos, long (B_p,).

    Returns:
        The batch of B_s + B_p images, sketches first.

    Taught in: notebook 02.
    """
    images = (data.sketches.images[sketches], data.photos.images[photos])
    return Batch(torch.cat(images), *labels_and_modality(data, sketches, photos))


def labels_and_modality(
    data: SketchPhotoData, sketches: Tensor, photos: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what is known of a step's images before they are read, long (B,) each.

    Taught in: notebook 02.
    """
    labels = (data.sketches.labels[sketches], data.photos.labels[photos])
    modality = (torch.full_like(sketches, SKETCH), torch.full_like(photos, PHOTO))
    return torch.cat(labels), torch.cat(modality)
