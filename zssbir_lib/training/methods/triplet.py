"""The baseline: uniform triplets and the triplet loss."""

import torch
from torch import Tensor

from zssbir_lib.data import SketchPhotoData, TripletSampler
from zssbir_lib.losses import triplet_loss
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.methods.base import Method
from zssbir_lib.training.methods.batch import Batch, StepImages
from zssbir_lib.training.recipes.recipe import Recipe


class TripletMethod(Method):
    """The baseline: uniform triplets and the triplet loss.

    Source: SBTKNet (Tursun et al.), equation 1 and section 4.

    Taught in: notebook 02.
    """

    def __init__(self, data: SketchPhotoData, recipe: Recipe) -> None:
        self.observed = {}
        self.data = data
        self.margin = recipe.margin
        self.sampler = TripletSampler(
            data.sketches.labels, data.photos.labels, recipe.batch_size
        )

    def sample(self, generator: torch.Generator) -> StepImages:
        """Draw anchors, positives and negatives, in this order."""
        triplets = self.sampler.sample(generator)
        photos = torch.cat((triplets.positive, triplets.negative))
        return StepImages(triplets.anchor, photos)

    def losses(
        self, net: EmbeddingNet, pooled: Tensor, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return the triplet loss of a batch of anchors, positives and negatives."""
        embeddings = net.project(pooled)  # (3N, D)
        anchor, positive, negative = embeddings.chunk(3)  # (N, D) each
        return {"triplet": triplet_loss(anchor, positive, negative, self.margin)}
