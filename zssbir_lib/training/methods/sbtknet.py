"""SBTKNet: quadruplets, semantic classification, knowledge preservation, or a part."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zssbir_lib.data import QuadrupletSampler, SketchPhotoData
from zssbir_lib.losses import quadruplet_loss, triplet_loss
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.records import SquaredDistance
from zssbir_lib.training.method import Step, StepImages
from zssbir_lib.training.methods.semantic import SemanticMethod, Taught
from zssbir_lib.training.methods.triplet import SBTKNET_TRAINING


@dataclass(frozen=True)
class SBTKNet(SemanticMethod):
    """Quadruplets, and the sum of those losses that are named.

    With the triplet loss alone the sketch negatives are left out, so that every image
    of a step is used.

    Attributes:
        losses: triplet or quadruplet; classification; knowledge.
        margin: the gap that triplets and quadruplets ask for.

    Source: SBTKNet (Tursun et al.), section 3, equations 1 to 6. The paper does not say
        what its early stopping watches; held-out sketches are SAKE's way.
    """

    losses: tuple[str, ...] = ("quadruplet", "classification", "knowledge")
    margin: SquaredDistance = 0.2

    name = "sbtknet"
    metric_losses = ("triplet", "quadruplet")

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Train as the paper says in its profile."""
        return SBTKNET_TRAINING if profile == "paper" else {}

    @classmethod
    def images_per_anchor(cls, settings: Mapping[str, Any]) -> int:
        """Return 3 for triplets alone, else 4, the sketch negative included."""
        return 3 if settings.get("losses", cls.losses) == ("triplet",) else 4

    def check(self) -> None:
        """Raise also if both losses of embeddings are named."""
        super().check()
        if {"triplet", "quadruplet"} <= set(self.losses):
            raise ValueError(
                "losses have both triplet and quadruplet; the quadruplet loss contains "
                "the triplet loss: name one of them"
            )

    def sampler(self, data: SketchPhotoData) -> QuadrupletSampler:
        """Return a sampler of quadruplets, an anchor sketch each."""
        labels = data.sketches.labels, data.photos.labels
        return QuadrupletSampler(*labels, self.recipe.batch_size)

    def choose(
        self, sampler: QuadrupletSampler, generator: torch.Generator
    ) -> StepImages:
        """Draw anchors, sketch negatives, positives and photo negatives, in this order.

        For the triplet loss alone there are no sketch negatives.
        """
        drawn = sampler.sample(generator)
        sketches = drawn.anchor
        if self.losses != ("triplet",):
            sketches = torch.cat((drawn.anchor, drawn.sketch_negative))
        photos = torch.cat((drawn.positive, drawn.photo_negative))
        return StepImages(sketches, photos)

    def loss_terms(
        self, net: EmbeddingNet, step: Step, kept: Taught | None = None
    ) -> dict[str, Tensor]:
        """Return each loss times its weight."""
        terms = {}
        for name in set(self.losses) & set(self.metric_losses):
            streams = net.project(step.pooled).chunk(
                self.images_per_anchor({"losses": self.losses})
            )
            loss = metric_loss(name, streams, self.margin)
            terms[name] = self.metric_weight * loss
        return terms | self.semantic_terms(net, step, kept)


def metric_loss(name: str, streams: tuple[Tensor, ...], margin: float) -> Tensor:
    """Return the triplet or the quadruplet loss of a batch.

    `streams` are embeddings (N, D) of anchors, sketch negatives (the triplet loss does
    without them), positives and photo negatives.
    """
    anchor, *sketch_negative, positive, photo_negative = streams
    if name == "triplet":
        return triplet_loss(anchor, positive, photo_negative, margin)
    return quadruplet_loss(anchor, positive, photo_negative, *sketch_negative, margin)
