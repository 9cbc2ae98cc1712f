"""Methods: which images a step draws, and which losses it adds up."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from zssbir_lib.data import ClassBatchSampler, SketchPhotoData, TripletSampler
from zssbir_lib.losses import triplet_loss
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.recipes.checks import check_batch_fits
from zssbir_lib.training.recipes.recipe import Recipe


@dataclass(frozen=True)
class Batch:
    """The images of one step, sketches first.

    Attributes:
        images: uint8 (B, 3, S, S).
        labels: class numbers, long (B,).
        modality: 0 sketch, 1 photo, long (B,).

    Taught in: notebook 02.
    """

    images: Tensor
    labels: Tensor
    modality: Tensor


class Method(Protocol):
    """What a training loop asks of a method.

    Attributes:
        observed: what the last step showed beside its losses, for the history: names
            and tensors without dimensions and gradient.
    """

    observed: dict[str, Tensor]

    def draw(self, generator: torch.Generator) -> Batch:
        """Draw the images of one step; every random number from the generator."""

    def losses(
        self, net: EmbeddingNet, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return the named losses of a step; the loop minimises their sum."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return what a checkpoint has to hold to go on exactly; often nothing."""

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on where `state_dict` was taken."""


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
    labels = (data.sketches.labels[sketches], data.photos.labels[photos])
    modality = (torch.full_like(sketches, SKETCH), torch.full_like(photos, PHOTO))
    images = (data.sketches.images[sketches], data.photos.images[photos])
    return Batch(torch.cat(images), torch.cat(labels), torch.cat(modality))


def class_batch_sampler(data: SketchPhotoData, recipe: Recipe) -> ClassBatchSampler:
    """Return the sampler of batches of whole classes that a recipe describes.

    Args:
        data: the training classes.
        recipe: its batch size and images a class.

    Raises:
        ValueError: a batch needs more classes than there are, or a class lacks
            sketches or photos.

    Taught in: notebook 05.
    """
    check_batch_fits(recipe, len(data.class_names))
    return ClassBatchSampler(
        data.sketches.labels,
        data.photos.labels,
        classes=recipe.batch_size // recipe.images_per_class,
        images=recipe.images_per_class,
    )


class TripletMethod:
    """The baseline: uniform triplets and the triplet loss.

    Source: SBTKNet (Tursun et al.), equation 1 and section 4.

    Taught in: notebook 02.
    """

    def __init__(self, data: SketchPhotoData, recipe: Recipe) -> None:
        self.observed: dict[str, Tensor] = {}
        self.data = data
        self.margin = recipe.margin
        self.sampler = TripletSampler(
            data.sketches.labels, data.photos.labels, recipe.batch_size
        )

    def draw(self, generator: torch.Generator) -> Batch:
        """Draw anchors, positives and negatives, in this order."""
        triplets = self.sampler.sample(generator)
        photos = torch.cat((triplets.positive, triplets.negative))
        return gather_batch(self.data, triplets.anchor, photos)

    def losses(
        self, net: EmbeddingNet, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return the triplet loss of a batch of anchors, positives and negatives."""
        embeddings = net(images, batch.modality)  # (3N, D)
        anchor, positive, negative = embeddings.chunk(3)  # (N, D) each
        return {"triplet": triplet_loss(anchor, positive, negative, self.margin)}

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: every draw comes from the generator alone."""
        return {}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take nothing."""
