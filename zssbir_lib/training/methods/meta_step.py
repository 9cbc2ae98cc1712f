"""Learning to learn: the gradient of a loss after a step, by what shaped the step.

A learner takes a virtual step down an inner loss that depends on settings, here
margins. How good the settings are shows in an outer loss after that step, on other
classes. First the gradient of the outer loss by the settings, for any two losses; then
the two losses of RAMLN.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

Weights = dict[str, Tensor]
InnerLoss = Callable[[Weights, Weights], Tensor]  # of the learner and the settings
OuterLoss = Callable[[Weights], Tensor]  # of the learner alone

LEAST_LENGTH = 1e-12  # of a gradient that gives a direction
SMALL_STEP = 1e-3  # length of the finite difference's step, in single precision


def exact_meta_gradient(
    inner: InnerLoss,
    outer: OuterLoss,
    learner: Weights,
    settings: Weights,
    step_size: float,
    steps: int = 1,
    unit: bool = False,
) -> tuple[Weights, Tensor]:
    """Differentiate through the learner's steps, second derivatives included.

    Args:
        inner: the loss the learner steps down; must be smooth in the settings.
        outer: what counts after the steps.
        learner: its weights, by name; left as they are.
        settings: what to differentiate by, by name.
        step_size: of every step.
        steps: how many steps, 1 or more.
        unit: whether a step is as long as its size, see `virtual_step`.

    Returns:
        The gradient by each of the settings, and the outer loss.

    Source: the virtual step of Meta-Weight-Net (Shu et al., 2019) and MAML (Finn et
        al., 2017).
    """
    stepped, settings = leaves(learner), leaves(settings)
    for _ in range(steps):
        stepped = virtual_step(
            inner, stepped, settings, step_size, unit, differentiable=True
        )
    loss = outer(stepped)
    return gradient_of(loss, settings), loss.detach()


def first_order_meta_gradient(
    inner: InnerLoss,
    outer: OuterLoss,
    learner: Weights,
    settings: Weights,
    step_size: float,
    small_step: float = SMALL_STEP,
) -> tuple[Weights, Tensor]:
    """Estimate the gradient of `exact_meta_gradient` from first derivatives alone.

    With v the gradient of the outer loss after the step, the gradient by the settings
    is minus the step size times the derivative of the inner loss's gradient by the
    settings along v, by a central difference of `small_step` to each side.

    Source: the finite difference of DARTS (Liu et al., 2019), equation 8.
    """
    learner, settings = leaves(learner), leaves(settings)
    stepped = virtual_step(inner, learner, settings, step_size)
    loss = outer(stepped)
    slopes = tuple(gradient_of(loss, stepped).values())
    length = torch.cat([slope.flatten() for slope in slopes]).norm()
    if length == 0:
        return {n: torch.zeros_like(w) for n, w in settings.items()}, loss.detach()
    epsilon = small_step / length

    def by_settings(length: Tensor) -> Weights:
        there = {n: w.detach() for n, w in moved(learner, slopes, length).items()}
        return gradient_of(inner(there, settings), settings)

    ahead, behind = by_settings(epsilon), by_settings(-epsilon)
    return {
        name: -step_size * (ahead[name] - behind[name]) / (2 * epsilon)
        for name in settings
    }, loss.detach()


def virtual_step(
    inner: InnerLoss,
    learner: Weights,
    settings: Weights,
    step_size: float,
    unit: bool = False,
    differentiable: bool = False,
) -> Weights:
    """Return the weights after one step down the inner loss; the learner stays.

    Args:
        inner: the loss.
        learner: weights that require gradients, by name.
        settings: what the loss depends on besides.
        step_size: of the step.
        unit: divide the gradient by its length: margins can only turn the step.
        differentiable: keep the graph, so that the result depends on the settings.
    """
    slopes = torch.autograd.grad(
        inner(learner, settings),
        tuple(learner.values()),
        create_graph=differentiable,
        materialize_grads=True,
    )
    if unit:
        slopes = scaled_to_one(slopes)
    stepped = moved(learner, slopes, -step_size)
    if differentiable:
        return stepped
    return {name: weight.detach().requires_grad_() for name, weight in stepped.items()}


def scaled_to_one(slopes: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Divide a gradient in several parts by its length; without one, return zeros."""
    length = torch.cat([slope.flatten() for slope in slopes]).norm()
    if length < LEAST_LENGTH:
        return tuple(torch.zeros_like(slope) for slope in slopes)
    return tuple(slope / length for slope in slopes)


def moved(
    weights: Weights, direction: tuple[Tensor, ...], length: float | Tensor
) -> Weights:
    """Return weights moved along a direction."""
    return {
        name: weight + length * part
        for (name, weight), part in zip(weights.items(), direction, strict=True)
    }


def leaves(weights: Weights) -> Weights:
    """Return the same values, to be differentiated by."""
    return {name: weight.detach().requires_grad_() for name, weight in weights.items()}


def gradient_of(loss: Tensor, weights: Weights) -> Weights:
    """Return the gradient of a loss by weights, zeros where it does without them."""
    slopes = torch.autograd.grad(loss, tuple(weights.values()), materialize_grads=True)
    return dict(zip(weights, slopes, strict=True))


class HeadsView(nn.Module):
    """A network from pooled features, or from images, to embedding and logits."""

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
    """The images of a step, or those of some classes, as a meta step needs them."""

    inputs: Tensor  # pooled features or images, float (B, ...)
    labels: Tensor  # class numbers, int64 (B,)
    modality: Tensor  # 0 sketch, 1 photo, int64 (B,)
    quadruplets: Quadruplets  # one for every image, among these images
    embeddings: Tensor  # where they are mapped now, float (B, D), without gradient
    read: MemoryRead  # what the memory returns for them


def part_of(
    whole: MetaBatch, chosen: Tensor, sampling: str, generator: torch.Generator
) -> MetaBatch:
    """Take the images of a batch that a mask (B,) chooses, with new quadruplets."""
    points, labels = whole.embeddings[chosen], whole.labels[chosen]
    modality = whole.modality[chosen]
    quadruplets = sample_quadruplets(sampling, points, labels, modality, generator)
    read = MemoryRead(*(part[chosen] for part in whole.read))
    return MetaBatch(whole.inputs[chosen], labels, modality, quadruplets, points, read)


def split_classes(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Split the classes of a batch (B,) at random into two halves, bool (B,) each."""
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
    """What the losses of a meta step have in common; a weight of 0 is no such loss."""

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
    """Return the loss of a batch with some weights in the place of the network's."""
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
    with the smallest margins, whatever they do to the network. So the other classes
    (`testing`) are judged with the fixed margin `start`.
    """

    def inner(learner: Weights, settings: Weights) -> Tensor:
        given = (training.embeddings, training.read)
        margin = functional_call(margins, settings, given)
        return batch_loss(view, learner, training, margin, shape)

    def outer(learner: Weights) -> Tensor:
        return batch_loss(view, learner, testing, start, shape)

    return inner, outer


@contextmanager
def evaluation_mode(net: nn.Module) -> Iterator[None]:
    """Switch to evaluation mode for a while, then every layer back to its own."""
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
