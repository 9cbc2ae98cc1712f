"""Which anchors help other classes: what a plain step of the heads does to them."""

from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.losses import quadruplet_violations
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.methods.batch import Batch
from zssbir_lib.training.methods.ramln.learner import evaluation_mode
from zssbir_lib.training.methods.ramln.meta_gradient import Weights, exact_meta_gradient
from zssbir_lib.training.methods.ramln.meta_step import (
    HeadsView,
    LossShape,
    MetaBatch,
    batch_loss,
    part_of,
    split_classes,
)
from zssbir_lib.training.methods.ramln.method import RAMLNMethod, loss_shape
from zssbir_lib.training.preparation import prepare_images
from zssbir_lib.training.recipes.recipe import Recipe

LEAST_BEND = 1e-4  # of the hinge, below which an alignment is rounding


class AnchorPushes(NamedTuple):
    """What a meta step would do to the margin of each of its anchors.

    Attributes:
        violation: by how much the anchor misses its quadruplet, without a margin,
            float (B,).
        push: minus the outer loss's derivative by the anchor's margin, float (B,).
        alignment: the push divided by how fast the slope of the smooth hinge changes
            there: above 0 where pulling at this anchor lowers the loss of the other
            classes, float (B,), NaN where the slope hardly changes.

    Taught in: notebook 06.
    """

    violation: Tensor
    push: Tensor
    alignment: Tensor


def anchor_pushes(
    net: EmbeddingNet,
    training: MetaBatch,
    testing: MetaBatch,
    margin: float,
    shape: LossShape,
    step_size: float,
) -> AnchorPushes:
    """Differentiate the loss of other classes by each anchor's own margin.

    Args:
        net: the network, in evaluation mode.
        training: the anchors.
        testing: images of other classes.
        margin: where all margins are.
        shape: how the losses are made.
        step_size: of the virtual step.

    Source: our closed form of the meta-gradient, derived in the notebook: step size
        times the slope of the hinge's slope times the agreement of two gradients.

    Taught in: notebook 06.
    """
    view = HeadsView(net, from_pooled=True)
    margins = torch.full_like(training.embeddings[:, 0], margin)

    def inner(learner: Weights, settings: Weights) -> Tensor:
        return batch_loss(view, learner, training, settings["margins"], shape)

    def outer(learner: Weights) -> Tensor:
        return batch_loss(view, learner, testing, margin, shape)

    gradient, _ = exact_meta_gradient(
        inner, outer, view.weights(), {"margins": margins}, step_size
    )
    violation, _ = quadruplet_violations(
        training.embeddings, training.quadruplets, 0.0, shape.lam
    )
    active = torch.sigmoid(shape.beta * (violation + margin))
    bend = shape.beta * active * (1 - active)  # how fast the slope changes
    push = -gradient["margins"]
    alignment = torch.where(bend > LEAST_BEND, push / bend, torch.nan)
    return AnchorPushes(violation, push, alignment)


def pushes_of_batches(
    net: EmbeddingNet, recipe: Recipe, seen: SketchPhotoData, batches: int, seed: int
) -> AnchorPushes:
    """Draw batches of the seen classes, split each, and collect all anchors' pushes.

    Args:
        net: the network.
        recipe: of the method ramln.
        seen: the seen classes.
        batches: how many batches.
        seed: of the draws.

    Taught in: notebook 06.
    """
    method, shape = RAMLNMethod(seen, recipe), loss_shape(recipe)
    generator = torch.Generator().manual_seed(seed)
    margin, rate = recipe.margin, recipe.margins.inner_rate
    found = []
    with evaluation_mode(net):
        for _ in range(batches):
            halves = drawn_halves(net, method, method.draw(generator))
            found.append(anchor_pushes(net, *halves, margin, shape, rate))
    return AnchorPushes(*(torch.cat(parts) for parts in zip(*found, strict=True)))


@torch.no_grad()
def drawn_halves(
    net: EmbeddingNet, method: RAMLNMethod, batch: Batch
) -> tuple[MetaBatch, MetaBatch]:
    """Embed a batch and split it by class, ready for a meta step."""
    images = prepare_images(batch.images, batch.modality, net.pixels)
    pooled = net.pooled(images, batch.modality)
    whole = method.meta_batch(pooled, net.project(pooled), batch)
    training, testing = split_classes(whole.labels, method.chance)
    sampling, chance = method.recipe.sampling, method.chance
    return (
        part_of(whole, training, sampling, chance),
        part_of(whole, testing, sampling, chance),
    )
