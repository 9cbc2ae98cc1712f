"""The baseline: uniform triplets and the triplet loss; and no training at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zssbir_lib.data import SketchPhotoData, TripletSampler
from zssbir_lib.losses import triplet_loss
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.records import SquaredDistance
from zssbir_lib.training.method import Method, Step, StepImages

# The training of SBTKNet (Tursun et al.), section 4.
SBTKNET_TRAINING: dict[str, Any] = dict(
    epochs=25,
    steps_per_epoch=None,
    batch_size=16,
    patience=5,
    optimiser="sgd",
    learning_rate=1e-4,
    backbone_rate=1.0,
    schedule="tenfold",
)


@dataclass(frozen=True)
class Triplet(Method):
    """Uniform triplets and the triplet loss.

    Attributes:
        margin: the gap that the loss asks for.

    Source: SBTKNet (Tursun et al.), equation 1 and section 4.
    """

    margin: SquaredDistance = 0.2

    name = "triplet"

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Train as the paper says in its profile."""
        return SBTKNET_TRAINING if profile == "paper" else {}

    @classmethod
    def images_per_anchor(cls, settings: Mapping[str, Any]) -> int:
        """Return three: anchor, positive, negative."""
        return 3

    def sampler(self, data: SketchPhotoData) -> TripletSampler:
        """Return a sampler of triplets, an anchor sketch each."""
        labels = data.sketches.labels, data.photos.labels
        return TripletSampler(*labels, self.recipe.batch_size)

    def choose(self, sampler: TripletSampler, generator: torch.Generator) -> StepImages:
        """Draw anchors, positives and negatives, in this order."""
        triplets = sampler.sample(generator)
        photos = torch.cat((triplets.positive, triplets.negative))
        return StepImages(triplets.anchor, photos)

    def loss_terms(
        self, net: EmbeddingNet, step: Step, kept: None = None
    ) -> dict[str, Tensor]:
        """Return the triplet loss of a batch of anchors, positives and negatives."""
        anchor, positive, negative = net.project(step.pooled).chunk(3)  # (N, D) each
        return {"triplet": triplet_loss(anchor, positive, negative, self.margin)}


@dataclass(frozen=True)
class Untrained(Triplet):
    """The starting weights, not trained for retrieval: where every method begins."""

    name = "untrained"

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Train for no epoch, and retrieve by what the backbone knows."""
        return super().defaults(backbone, profile) | dict(epochs=0, feature="pooled")
