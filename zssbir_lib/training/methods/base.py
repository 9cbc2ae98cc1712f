"""What the training loop asks of a method: which images, and which losses."""

from dataclasses import replace
from typing import Any, Protocol

import torch
from torch import Tensor

from zssbir_lib.data import ClassBatchSampler, SketchPhotoData
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.methods.batch import Batch, StepImages, gather_batch
from zssbir_lib.training.recipes.checks import check_batch_fits
from zssbir_lib.training.recipes.recipe import Recipe


class Sampler(Protocol):
    """What draws the images of a step."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return where it stands in its pass, for a checkpoint."""

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on where `state_dict` was taken."""


class Method:
    """What a training loop asks of a method: which images, and which losses.

    Attributes:
        data: the training classes.
        sampler: what draws images.
        observed: what the last step showed beside its losses, for the history: names
            and tensors without dimensions and gradient.
        needs_images: whether the losses look at the images themselves, not only at
            their features.

    Taught in: notebook 02.
    """

    data: SketchPhotoData
    sampler: Sampler
    observed: dict[str, Tensor]
    needs_images: bool = False

    def sample(self, generator: torch.Generator) -> StepImages:
        """Choose the images of one step; every random number from the generator."""
        raise NotImplementedError(f"{type(self).__name__} has to define `sample`")

    def draw(self, generator: torch.Generator) -> Batch:
        """Choose the images of one step and read them."""
        sketches, photos, seed = self.sample(generator)
        return replace(gather_batch(self.data, sketches, photos), seed=seed)

    def losses(
        self, net: EmbeddingNet, pooled: Tensor, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return the named losses of a step; the loop minimises their sum.

        Args:
            net: for what comes after the pooled features: projection and heads.
            pooled: features of the batch, float (B, F), with gradient.
            images: what they were computed from, float (B, 3, S, S).
            batch: labels and modality.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define `losses`")

    def state_dict(self) -> dict[str, Any]:
        """Return what the losses keep from step to step; often nothing."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""


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
