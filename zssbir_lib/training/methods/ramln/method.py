"""RAMLN: quadruplets in both directions, with margins learned by a meta step."""

from typing import Any

import torch
from torch import Tensor

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.losses import quadruplet_set_loss, sample_quadruplets
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.hardware.processes import tensor_from_first
from zssbir_lib.training.methods.base import Method, class_batch_sampler
from zssbir_lib.training.methods.batch import Batch, StepImages
from zssbir_lib.training.methods.ramln.learner import MarginLearner
from zssbir_lib.training.methods.ramln.meta_step import (
    LossShape,
    MetaBatch,
    part_of,
    split_classes,
)
from zssbir_lib.training.methods.semantic_losses import SemanticLosses
from zssbir_lib.training.recipes.recipe import Recipe


class RAMLNMethod(Method):
    """Batches of whole classes, relation-aware quadruplets, and learned margins.

    Args:
        data: the seen classes.
        recipe: names the losses, the margins and how they are learned.
        device: where margins and memory are kept.
        seed: decides the first weights of R(x).

    Raises:
        ValueError: a class lacks sketches or photos, or a batch needs more classes
            than there are.

    Source: RAMLN (Liu et al.): bidirectional training on quadruplets whose margin comes
        from meta-optimisation, and classification. The meta step is our reading.

    Taught in: notebook 06.
    """

    def __init__(
        self,
        data: SketchPhotoData,
        recipe: Recipe,
        device: str = "cpu",
        seed: int = 0,
    ) -> None:
        self.observed = {}
        self.data, self.recipe = data, recipe
        self.sampler = class_batch_sampler(data, recipe)
        self.semantic = SemanticLosses(data, recipe, device)
        self.learner = MarginLearner(
            recipe.margins,
            recipe.margin,
            recipe.lam,
            recipe.embedding_size,
            len(data.class_names),
            seed,
            device,
        )
        self.chance = torch.Generator()  # of splits and quadruplets of one batch
        self.needs_images = recipe.margins.scope == "all" or (
            self.semantic.looks_at_images
        )

    def sample(self, generator: torch.Generator) -> StepImages:
        """Draw equally many sketches and photos of some classes.

        Whatever the recipe, one number more is drawn: chance within the step starts
        from it, so that recipes which differ in their margins see the same images.

        Args:
            generator: source of all random numbers.

        Returns:
            Which images, as many as the recipe's batch size.
        """
        chosen = self.sampler.sample(generator)
        seed = int(torch.randint(2**31, (), generator=generator))
        return StepImages(*chosen, seed=seed)

    def losses(
        self, net: EmbeddingNet, pooled: Tensor, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return each loss of the recipe times its weight; learn margins before."""
        values = self.semantic(net, pooled, images, batch)
        if "relation_aware" not in self.recipe.losses:
            return values
        loss = self._quadruplet_loss(net, pooled, images, batch)
        return {"relation_aware": self.recipe.metric_weight * loss} | values

    def _quadruplet_loss(
        self, net: EmbeddingNet, pooled: Tensor, images: Tensor, batch: Batch
    ) -> Tensor:
        """Learn the margins, return the loss with them, remember the batch."""
        recipe, learner = self.recipe, self.learner
        embeddings = net.project(pooled)  # (B, D)
        inputs = images if recipe.margins.scope == "all" else pooled
        whole = self.meta_batch(inputs, embeddings.detach(), batch)
        learner.observe(whole.embeddings, whole.read)
        projects = net.projection.weight.requires_grad  # not in frozen epochs
        learns = learner.learns_now and projects
        self.observed = {"meta": self._learn(net, whole)} if learns else {}
        margin = tensor_from_first(learner.margin(whole.embeddings, whole.read))
        if recipe.margins.shuffled:
            margin = margin[torch.randperm(len(margin), generator=self.chance)]
        learner.remember(whole.embeddings, whole.labels, whole.modality)
        self.observed |= describe_margins(margin)
        return quadruplet_set_loss(
            embeddings,
            whole.modality,
            whole.quadruplets,
            margin,
            recipe.lam,
            recipe.margins.beta,
        )

    def meta_batch(self, inputs: Tensor, points: Tensor, batch: Batch) -> MetaBatch:
        """Put a step's images together with their quadruplets and memory read.

        Args:
            inputs: pooled features or images, float (B, ...).
            points: where the network maps them, float (B, D), without gradient.
            batch: labels and modality.
        """
        labels, modality = (
            part.to(points.device) for part in (batch.labels, batch.modality)
        )
        self.chance.manual_seed(batch.seed)
        quadruplets = sample_quadruplets(
            self.recipe.sampling, points, labels, modality, self.chance
        )
        read = self.learner.read(points, labels)
        return MetaBatch(inputs.detach(), labels, modality, quadruplets, points, read)

    def _learn(self, net: EmbeddingNet, whole: MetaBatch) -> Tensor:
        """Learn the margins and return the loss they were judged by."""
        if self.recipe.margins.learning == "joint":
            return self.learner.learn_jointly(whole)
        halves = [
            part_of(whole, half, self.recipe.sampling, self.chance)
            for half in split_classes(whole.labels, self.chance)
        ]
        return self.learner.learn_from_transfer(net, *halves, loss_shape(self.recipe))

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the memory and the margins."""
        return {"learner": self.learner.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on with memory and margins as they were."""
        self.learner.load_state_dict(state["learner"])


def loss_shape(recipe: Recipe) -> LossShape:
    """Return how the losses of a recipe are made, for a meta step.

    Taught in: notebook 06.
    """
    classifies = "classification" in recipe.losses and recipe.margins.classified
    weight = recipe.classification_weight if classifies else 0.0
    return LossShape(recipe.lam, recipe.margins.beta, recipe.metric_weight, weight)


def describe_margins(margin: Tensor) -> dict[str, Tensor]:
    """Return what a history records of the margins of a batch.

    Args:
        margin: of every anchor, float (B,).

    Returns:
        Mean, standard deviation, lowest and highest.

    Taught in: notebook 06.
    """
    return {
        "margin/mean": margin.mean(),
        "margin/std": margin.std(),
        "margin/low": margin.min(),
        "margin/high": margin.max(),
    }
