"""The meta step of RAMLN: how margins of some classes act on other classes."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from zssbir_lib.losses import (
    Quadruplets,
    classification_loss,
    quadruplet_set_loss,
    sample_quadruplets,
)
from zssbir_lib.models import EmbeddingNet, MemoryRead
from zssbir_lib.training.methods.ramln.meta_gradient import (
    InnerLoss,
    OuterLoss,
    Weights,
)


class HeadsView(nn.Module):
    """A network from its pooled feature, or from its images, to embedding and logits.

    Args:
        net: the network.
        from_pooled: whether it is given pooled features, float (B, F), or images.

    Taught in: notebook 06.
    """

    def __init__(self, net: EmbeddingNet, from_pooled: bool) -> None:
        super().__init__()
        self.net, self.from_pooled = net, from_pooled

    def forward(self, inputs: Tensor, modality: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return embeddings (B, D), and logits (B, C) if the network classifies."""
        pooled = inputs if self.from_pooled else self.net.pooled(inputs, modality)
        classifies = "identity" in self.net.heads
        logits = self.net.classify(pooled) if classifies else None
        return self.net.project(pooled), logits

    def weights(self) -> Weights:
        """Return what a virtual step changes: heads alone, or all that is trained."""
        return {
            name: weight
            for name, weight in self.named_parameters()
            if weight.requires_grad
            and (not self.from_pooled or not name.startswith("net.backbone"))
            and not name.startswith("net.heads.soft")
        }


@dataclass(frozen=True)
class MetaBatch:
    """The images of a step, or those of some classes, as a meta step needs them.

    Attributes:
        inputs: pooled features or images, float (B, ...).
        labels: class numbers, int64 (B,).
        modality: 0 sketch, 1 photo, int64 (B,).
        quadruplets: one for every image, among these images.
        embeddings: where the network maps them now, float (B, D), without gradient.
        read: what the memory returns for them.

    Taught in: notebook 06.
    """

    inputs: Tensor
    labels: Tensor
    modality: Tensor
    quadruplets: Quadruplets
    embeddings: Tensor
    read: MemoryRead


def part_of(
    whole: MetaBatch, chosen: Tensor, sampling: str, generator: torch.Generator
) -> MetaBatch:
    """Take some images of a batch, and choose quadruplets among them.

    Args:
        whole: the batch.
        chosen: which images, bool (B,).
        sampling: of quadruplets, see `sample_quadruplets`.
        generator: source of its random numbers.

    Taught in: notebook 06.
    """
    points, labels = whole.embeddings[chosen], whole.labels[chosen]
    modality = whole.modality[chosen]
    quadruplets = sample_quadruplets(sampling, points, labels, modality, generator)
    read = MemoryRead(*(part[chosen] for part in whole.read))
    return MetaBatch(whole.inputs[chosen], labels, modality, quadruplets, points, read)


def split_classes(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Split the classes of a batch at random into two disjoint halves.

    Args:
        labels: class numbers, int64 (B,), of four classes or more.
        generator: source of the random numbers.

    Returns:
        Which images are for meta-training and which for meta-testing, bool (B,) each.

    Raises:
        ValueError: there are fewer than four classes, so that a half has no negatives.

    Taught in: notebook 06.
    """
    classes = labels.unique()
    if len(classes) < 4:
        raise ValueError(
            "a meta step needs four classes or more in a batch, two for each half; "
            f"got {len(classes)}: raise batch_size or lower images_per_class"
        )
    order = torch.randperm(len(classes), generator=generator).to(classes.device)
    training = torch.isin(labels, classes[order[: len(classes) // 2]])
    return training, ~training


@dataclass(frozen=True)
class LossShape:
    """What the losses of a meta step have in common.

    Attributes:
        lam: share of the other modality's negative, see
            `relation_aware_quadruplet_loss`.
        beta: sharpness of the smooth hinge.
        metric_weight: factor on the quadruplet loss.
        classification_weight: factor on the classification loss, 0 for none.

    Taught in: notebook 06.
    """

    lam: float
    beta: float
    metric_weight: float
    classification_weight: float


def batch_loss(
    view: HeadsView,
    weights: Weights,
    batch: MetaBatch,
    margin: Tensor | float,
    shape: LossShape,
) -> Tensor:
    """Return the loss of a batch with some weights in the place of the network's.

    Args:
        view: the network.
        weights: by name, see `HeadsView.weights`.
        batch: some classes.
        margin: one number, or float (B,).
        shape: how the losses are made.

    Returns:
        Quadruplet and classification loss, added; without dimensions.

    Taught in: notebook 06.
    """
    embeddings, logits = functional_call(view, weights, (batch.inputs, batch.modality))
    loss = shape.metric_weight * quadruplet_set_loss(
        embeddings, batch.modality, batch.quadruplets, margin, shape.lam, shape.beta
    )
    if logits is None or shape.classification_weight == 0:
        return loss
    return loss + shape.classification_weight * classification_loss(
        logits, batch.labels
    )


def meta_losses(
    view: HeadsView,
    margins: nn.Module,
    training: MetaBatch,
    testing: MetaBatch,
    start: float,
    shape: LossShape,
) -> tuple[InnerLoss, OuterLoss]:
    """Return the inner loss, which contains R(x), and the outer loss, which must not.

    Any margin makes a loss larger: an outer loss that contained R(x) would be lowest
    with the smallest margins, whatever they do to the network.

    Args:
        view: the network.
        margins: R(x).
        training: the classes on which the learned margins are enforced.
        testing: other classes, on which the step is judged with the fixed margin.
        start: that fixed margin.
        shape: how the losses are made.

    Returns:
        Functions of the network's weights (and the margins'), see
        `exact_meta_gradient`.

    Taught in: notebook 06.
    """

    def inner(learner: Weights, settings: Weights) -> Tensor:
        given = (training.embeddings, training.read)
        margin = functional_call(margins, settings, given)
        return batch_loss(view, learner, training, margin, shape)

    def outer(learner: Weights) -> Tensor:
        return batch_loss(view, learner, testing, start, shape)

    return inner, outer
