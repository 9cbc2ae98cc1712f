"""From stored uint8 batches to the float batches a network takes.

Everything works on a whole batch at once, on whatever device the batch is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from zssbir_lib.modality import PHOTO

SOBEL = ((1.0, 0.0, -1.0), (2.0, 0.0, -2.0), (1.0, 0.0, -1.0))  # left minus right


def to_float(images: Tensor) -> Tensor:
    """Scale stored images (B, 3, S, S) from uint8 to float32 in 0..1.

    Raises:
        ValueError: the images are not uint8 (scaling twice makes them black).
    """
    if images.dtype != torch.uint8:
        raise ValueError(
            f"images are {images.dtype}, expected torch.uint8 from 0 to 255: "
            "were they scaled before?"
        )
    return images.float() / 255


def normalise(
    images: Tensor, mean: float | Sequence[float], std: float | Sequence[float]
) -> Tensor:
    """Subtract a mean and divide by a standard deviation, by channel.

    Args:
        images: (B, 3, S, S) float in 0..1.
        mean: one number, or one a channel.
        std: one number above 0, or one a channel.
    """
    if min(std if isinstance(std, Sequence) else [std]) <= 0:
        raise ValueError(f"std is {std}, expected numbers above 0")
    means = torch.tensor(mean, dtype=images.dtype, device=images.device)
    stds = torch.tensor(std, dtype=images.dtype, device=images.device)
    return (images - means.view(-1, 1, 1)) / stds.view(-1, 1, 1)


class Pixels(Protocol):
    """Mean and standard deviation, by channel, of what a network takes."""

    mean: Sequence[float]
    std: Sequence[float]


class Variation(NamedTuple):
    """Hold the random amounts by which the images of a batch are varied.

    Args:
        frames: where each image looks in its original, affine maps (B, 2, 3) float;
            None where nothing moves.
        grey: whether a photo loses its colour, (B,) bool; None where none does.
        edges: whether a photo becomes a drawing of its edges, (B,) bool, or None.
    """

    frames: Tensor | None
    grey: Tensor | None
    edges: Tensor | None = None

    def rows(self, start: int, step: int) -> "Variation":
        """Keep every `step`-th image's amounts, from image `start` on."""
        kept = (None if part is None else part[start::step] for part in self)
        return Variation(*kept)


@dataclass(frozen=True)
class Augmentation:
    """Vary training images: move, turn, stretch, mirror, drop colour, keep edges only.

    Every range is "at most so much, either way", drawn uniformly for each image.

    Args:
        rotation: degrees.
        scale: fraction of the size, 0 to below 1.
        aspect: fraction by which width changes against height, 0 to below 1.
        shift: fraction of the image's side, sideways and up or down.
        flip: probability of mirroring left and right.
        grey: probability that a photo loses its colour (sketches never change).
        edges: probability that a photo becomes a drawing of its edges.
    """

    rotation: float = 10.0
    scale: float = 0.15
    aspect: float = 0.10
    shift: float = 0.05
    flip: float = 0.5
    grey: float = 0.3
    edges: float = 0.0

    def __post_init__(self) -> None:
        limits = {"rotation": 180.0, "scale": 0.99, "aspect": 0.99}
        for field in fields(self):
            value, limit = getattr(self, field.name), limits.get(field.name, 1.0)
            if not 0 <= value <= limit:
                raise ValueError(f"{field.name} is {value}, expected 0 to {limit:g}")

    def apply(
        self, images: Tensor, modality: int | Tensor, generator: torch.Generator
    ) -> Tensor:
        """Vary every image of a batch by its own random amounts."""
        return vary(images, modality, self.draw(len(images), generator))

    def draw(self, count: int, generator: torch.Generator) -> Variation:
        """Draw the random amounts for a batch, before its images are there."""
        moves = any((self.rotation, self.scale, self.aspect, self.shift, self.flip))
        frames = self._frames(count, generator) if moves else None
        grey = _uniform((count,), generator) < self.grey if self.grey else None
        edges = _uniform((count,), generator) < self.edges if self.edges else None
        return Variation(frames, grey, edges)

    def _frames(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw where each output image looks in its input: (B, 2, 3) affine maps."""

        def within(limit: float, *shape: int) -> Tensor:
            return limit * (2 * _uniform((count, *shape), generator) - 1)

        angle = within(math.radians(self.rotation))
        height = 1 + within(self.scale)
        width = height * (1 + within(self.aspect))
        mirrored = _uniform((count,), generator) < self.flip
        width = torch.where(mirrored, -width, width)
        frames = torch.empty(count, 2, 3)
        frames[:, 0, 0] = angle.cos() * width
        frames[:, 0, 1] = -angle.sin() * height
        frames[:, 1, 0] = angle.sin() * width
        frames[:, 1, 1] = angle.cos() * height
        frames[:, :, 2] = 2 * within(self.shift, 2)  # the side runs from -1 to 1
        return frames


NO_AUGMENTATION = Augmentation(
    rotation=0.0, scale=0.0, aspect=0.0, shift=0.0, flip=0.0, grey=0.0
)


def vary(images: Tensor, modality: int | Tensor, variation: Variation) -> Tensor:
    """Move every image of a batch; take colour, or all but edges, from some photos.

    Args:
        images: (B, 3, S, S) float in 0..1; returned as they are if nothing changes.
        modality: 0 sketch or 1 photo, for the batch or (B,) for each image.
        variation: by how much, see `Augmentation.draw`.
    """
    frames, grey, edges = variation
    if frames is not None:
        grid = F.affine_grid(frames.to(images), list(images.shape), align_corners=False)
        images = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    if grey is not None:
        colourless = images.mean(dim=1, keepdim=True).expand_as(images)
        images = _replace_photos(images, colourless, modality, grey)
    if edges is not None:
        images = _replace_photos(images, edge_drawing(images), modality, edges)
    return images


def edge_drawing(images: Tensor) -> Tensor:
    """Draw the edges of images (B, 3, S, S): dark on white, each one's strongest black.

    Source: the gradient operator of Sobel and Feldman (1968), its length divided by
        the greatest in the image.
    """
    kernel = torch.tensor(SOBEL, dtype=images.dtype, device=images.device)
    kernels = torch.stack([kernel, kernel.T])[:, None]  # (2, 1, 3, 3)
    grey = images.mean(dim=1, keepdim=True)  # (B, 1, S, S)
    changes = F.conv2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels)
    strength = changes.square().sum(dim=1, keepdim=True).sqrt()  # (B, 1, S, S)
    greatest = strength.amax(dim=(2, 3), keepdim=True)
    strength = torch.where(greatest > 1e-3, strength / greatest.clamp(min=1e-3), 0)
    return (1 - strength).expand_as(images)


def prepare_images(
    images: Tensor,
    modality: Tensor,
    pixels: Pixels,
    variation: Variation | None = None,
) -> Tensor:
    """Turn stored images into a network's input (channels last), varied while training.

    Args:
        images: uint8 (B, 3, S, S).
        modality: 0 sketch, 1 photo, long (B,).
        pixels: mean and standard deviation the network was made for.
        variation: by how much each image is varied (`Augmentation.draw`), or None.
    """
    floats = to_float(images)  # 0..1
    if variation is not None:
        floats = vary(floats, modality, variation)
    floats = normalise(floats, pixels.mean, pixels.std)
    return floats.contiguous(memory_format=torch.channels_last)


def _replace_photos(
    images: Tensor, others: Tensor, modality: int | Tensor, drawn: Tensor
) -> Tensor:
    """Replace the photos that were drawn; sketches stay."""
    is_photo = torch.as_tensor(modality) == PHOTO
    chosen = drawn.to(images.device) & is_photo.to(images.device)
    return torch.where(chosen.view(-1, 1, 1, 1), others, images)


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Draw numbers from 0 to 1 with a generator, and return them on the CPU."""
    return torch.rand(shape, generator=generator, device=generator.device).cpu()
