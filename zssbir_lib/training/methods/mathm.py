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
from zssbir_lib.training.methods.base import Batch, class_batch_sampler, gather_batch
from zssbir_lib.training.methods.semantic_losses import SemanticLosses
from zssbir_lib.training.recipes.recipe import Recipe


class MATHMMethod:
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
        self.observed: dict[str, Tensor] = {}
        self.data = data
        self.recipe = recipe
        self.sampler = class_batch_sampler(data, recipe)
        self.semantic = SemanticLosses(data, recipe, device)

    def draw(self, generator: torch.Generator) -> Batch:
        """Draw equally many sketches and photos of some classes.

        Args:
            generator: source of all random numbers.

        Returns:
            The recipe's batch size of images.
        """
        return gather_batch(self.data, *self.sampler.sample(generator))

    def losses(
        self, net: EmbeddingNet, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return each loss of the recipe times its weight; note what was mined."""
        pooled = net.pooled(images, batch.modality)  # (B, F)
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

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state of the sampler: where it stands in its pass."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on in the middle of a pass."""
        self.sampler.load_state_dict(state)


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
