"""MATHM: hard triplets of three kinds and classification; a part; and more."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from zssbir_lib.data import ClassBatchSampler, SketchPhotoData
from zssbir_lib.losses import (
    AS_RELEASED,
    TERMS,
    WEIGHTINGS,
    CombinedTerms,
    TermValues,
    combine_terms,
    modality_aware_terms,
)
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.records import Distance, NotNegative
from zssbir_lib.training.method import Step, class_batch_sampler
from zssbir_lib.training.methods.semantic import SemanticMethod, Taught

# The training of MATHM's released code (Huang et al.).
MATHM_TRAINING: dict[str, Any] = dict(
    epochs=40,
    steps_per_epoch=200,
    batch_size=120,
    frozen_epochs=2,
    optimiser="adam",
    learning_rate=1e-4,
    backbone_rate=0.1,
    projection_rate=0.1,
    schedule="warm_up_cosine",
)
# Hard triplets would pull an ImageNet backbone into one point before a new classifier
# holds against them. The released code trains new layers alone at first and faster
# later. Short trainings have no time for the first; these rates do the second. A batch
# of 64 images with 8 a class has too few classes to classify well: 4 are better. Both
# were chosen on validation classes.
FINE_TUNED: dict[str, Any] = dict(
    images_per_class=4, learning_rate=5e-3, backbone_rate=0.02, projection_rate=0.1
)


@dataclass(frozen=True)
class WholeClassMethod(SemanticMethod):
    """A method whose batches hold whole classes; every image is an anchor.

    It classifies the embedding, and its backbone has gates.

    Attributes:
        images_per_class: images a class in a batch, half of them sketches.
    """

    classifier_input: Literal["pooled", "embedding"] = "embedding"
    classifier_bias: bool = False
    images_per_class: int = 8

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Train as MATHM's released code in the profile of a paper."""
        if profile == "paper":
            return MATHM_TRAINING | dict(gates=True)
        return ({} if backbone == "small" else FINE_TUNED) | dict(gates=True)

    @classmethod
    def complete(cls, settings: dict[str, Any]) -> None:
        """Start the projection from the backbone's own classifier, as is released."""
        super().complete(settings)
        if settings["profile"] == "paper" and settings["weights"] != "none":
            settings.setdefault("projection_start", "classifier")

    def check(self) -> None:
        """Raise also unless a batch holds whole classes."""
        super().check()
        size, images = self.recipe.batch_size, self.images_per_class
        least = images >= 2 and images % 2 == 0
        if not least or size % images or size < 2 * images:
            raise ValueError(
                f"a batch of {size} with {images} images a class does not hold two or "
                "more whole classes, half sketches and half photos: change batch_size "
                "or images_per_class"
            )

    def check_classes(self, classes: int) -> None:
        """Raise unless there are as many seen classes as a batch needs."""
        needed = self.recipe.batch_size // self.images_per_class
        if needed > classes:
            raise ValueError(
                f"a batch of {self.recipe.batch_size} images with "
                f"{self.images_per_class} a class needs {needed} seen classes and "
                f"there are {classes}: lower batch_size or raise images_per_class"
            )

    @property
    def sketches_per_step(self) -> int:
        """Half of the batch."""
        return self.recipe.batch_size // 2

    def sampler(self, data: SketchPhotoData) -> ClassBatchSampler:
        """Return a sampler of equally many sketches and photos of some classes."""
        self.check_classes(len(data.class_names))
        return class_batch_sampler(data, self.recipe.batch_size, self.images_per_class)


@dataclass(frozen=True)
class MATHM(WholeClassMethod):
    """Hard triplets within a modality, across both, and hybrid; and classification.

    Attributes:
        losses: modality_aware; classification; knowledge.
        margin: the gap that triplets ask for.
        terms: kinds of hard triplets.
        weighting: how they are added up, see `modality_aware_triplet_loss`.

    Source: MATHM (Huang et al.), figure 2 and its released code.
    """

    losses: tuple[str, ...] = ("modality_aware", "classification")
    margin: Distance = 0.2
    terms: tuple[Literal[*TERMS], ...] = TERMS
    weighting: Literal[*WEIGHTINGS] = "intended"

    name = "mathm"
    metric_losses = ("modality_aware",)

    def loss_terms(
        self, net: EmbeddingNet, step: Step, kept: Taught | None = None
    ) -> dict[str, Tensor]:
        """Return each loss times its weight; note what was mined."""
        terms = self.semantic_terms(net, step, kept)
        if "modality_aware" not in self.losses:
            return terms
        found = modality_aware_terms(
            net.project(step.pooled),
            step.labels,
            step.modality,
            self.margin,
            self.terms,
            self_pairs=self.weighting in AS_RELEASED,
        )
        combined = combine_terms(found, self.weighting)
        step.observed.update(describe_terms(found, combined))
        return {"modality_aware": self.metric_weight * combined.loss} | terms


@dataclass(frozen=True)
class Classification(MATHM):
    """Classification alone, with MATHM's batches, gates and classifier."""

    losses: tuple[str, ...] = ("classification",)

    name = "classification"


@dataclass(frozen=True)
class Combined(MATHM):
    """MATHM with what helped it on validation classes, see notebook 07.

    With a small backbone a cosine classifier, heavier triplets and some photos as edge
    drawings; with one that ImageNet has taught no change of the training helps, but
    centred features do.
    """

    metric_weight: NotNegative = 3.0
    classifier_scale: NotNegative = 16.0

    name = "combined"

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Change MATHM's training by what the backbone decides."""
        settings = super().defaults(backbone, profile)
        if backbone == "small":
            return settings | dict(augmentation=dict(edges=0.3))
        settings |= dict(metric_weight=1.0, classifier_scale=0.0)
        return settings if profile == "paper" else settings | dict(feature="centred")


@torch.no_grad()
def describe_terms(
    found: dict[str, TermValues], combined: CombinedTerms
) -> dict[str, Tensor]:
    """Return what a history records of each kind of triplet, such as "within/active".

    Its loss and weight, the fraction of its triplets that violate the margin (active),
    and the mean distances to the hardest positive and negative.
    """
    described = {}
    losses, weights = combined.losses.detach(), combined.weights.detach()
    for number, (name, values) in enumerate(found.items()):
        count = values.valid.sum().clamp(min=1)
        described |= {
            f"{name}/loss": losses[number],
            f"{name}/weight": weights[number],
            f"{name}/active": (values.violations > 0).sum() / count,
            f"{name}/positive": values.positive_distance.sum() / count,
            f"{name}/negative": values.negative_distance.sum() / count,
        }
    return described
