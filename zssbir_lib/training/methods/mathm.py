"""MATHM: hard triplets of three kinds, weighted, and classification, or a part."""

import torch
from torch import Tensor

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.losses import (
    AS_RELEASED,
    CombinedTerms,
    TermValues,
    combine_terms,
    modality_aware_terms,
)
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.methods.base import Method, class_batch_sampler
from zssbir_lib.training.methods.batch import Batch, StepImages
from zssbir_lib.training.methods.semantic_losses import SemanticLosses
from zssbir_lib.training.recipes.recipe import Recipe


class MATHMMethod(Method):
    """Batches of whole classes, and the sum of those losses that the recipe names.

    Args:
        data: the seen classes.
        recipe: names the losses, the kinds of triplets, their weighting and margin.
        device: where a teacher works, if the recipe has one.

    Raises:
        ValueError: a class lacks sketches or photos, or a batch needs more classes
            than there are.

    Source: MATHM (Huang et al.), figure 2 and its released code.

    Taught in: notebook 05.
    """

    def __init__(
        self, data: SketchPhotoData, recipe: Recipe, device: str = "cpu"
    ) -> None:
        self.observed = {}
        self.data = data
        self.recipe = recipe
        self.sampler = class_batch_sampler(data, recipe)
        self.semantic = SemanticLosses(data, recipe, device)

        self.needs_images = self.semantic.looks_at_images

    def sample(self, generator: torch.Generator) -> StepImages:
        """Draw equally many sketches and photos of some classes.

        Args:
            generator: source of all random numbers.

        Returns:
            Which images, as many as the recipe's batch size.
        """
        return StepImages(*self.sampler.sample(generator))

    def losses(
        self, net: EmbeddingNet, pooled: Tensor, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return each loss of the recipe times its weight; note what was mined."""
        values = self.semantic(net, pooled, images, batch)
        if "modality_aware" not in self.recipe.losses:
            return values
        found = modality_aware_terms(
            net.project(pooled),
            batch.labels.to(images.device),
            batch.modality.to(images.device),
            self.recipe.margin,
            self.recipe.terms,
            self_pairs=self.recipe.weighting in AS_RELEASED,
        )
        combined = combine_terms(found, self.recipe.weighting)
        self.observed = describe_terms(found, combined)
        loss = self.recipe.metric_weight * combined.loss
        return {"modality_aware": loss} | values


@torch.no_grad()
def describe_terms(
    found: dict[str, TermValues], combined: CombinedTerms
) -> dict[str, Tensor]:
    """Return what a history records of each kind of triplet.

    Args:
        found: the kinds of triplets.
        combined: what they add up to.

    Returns:
        For every kind its loss and weight, the fraction of its triplets that violate
        the margin (active), and the mean distances to the hardest positive and
        negative, each under a name such as "within/active".

    Taught in: notebook 05.
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
