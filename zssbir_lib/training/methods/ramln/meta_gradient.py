"""Learning to learn: the gradient of a loss after a step, by what shaped the step.

A learner takes a step down an inner loss that depends on settings, here margins. How
good the settings are shows in an outer loss after that step. Both functions below
return the gradient of the outer loss by the settings; neither changes the learner.
"""

from collections.abc import Callable

import torch
from torch import Tensor

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
        learner: its weights, by name.
        settings: what to differentiate by, by name.
        step_size: of every step.
        steps: how many steps, 1 or more.
        unit: whether a step is as long as its size, see `virtual_step`.

    Returns:
        The gradient by each of the settings, and the outer loss.

    Source: the virtual step of Meta-Weight-Net (Shu et al., 2019) and MAML (Finn et
        al., 2017).

    Taught in: notebook 06.
    """
    learner = {n: w.detach().requires_grad_() for n, w in learner.items()}
    settings = {n: w.detach().requires_grad_() for n, w in settings.items()}
    stepped = learner
    for _ in range(steps):
        stepped = virtual_step(
            inner, stepped, settings, step_size, unit, differentiable=True
        )
    loss = outer(stepped)
    gradients = torch.autograd.grad(
        loss, tuple(settings.values()), materialize_grads=True
    )
    return dict(zip(settings, gradients, strict=True)), loss.detach()


def first_order_meta_gradient(
    inner: InnerLoss,
    outer: OuterLoss,
    learner: Weights,
    settings: Weights,
    step_size: float,
    small_step: float = SMALL_STEP,
    unit: bool = False,
) -> tuple[Weights, Tensor]:
    """Estimate the same gradient from first derivatives alone, for large learners.

    With v the gradient of the outer loss after the step, the gradient by the settings
    is minus the step size times the derivative of the inner loss's gradient by the
    settings along v. That derivative is a central difference.

    Args:
        inner: the loss the learner steps down.
        outer: what counts after the step.
        learner: its weights, by name.
        settings: what to differentiate by, by name.
        step_size: of the step.
        small_step: how far the learner is moved along v, as a length.
        unit: whether the step is as long as its size, see `virtual_step`.

    Returns:
        The gradient by each of the settings, and the outer loss.

    Source: the finite difference of DARTS (Liu et al., 2019), equation 8.

    Taught in: notebook 06.
    """
    learner = {n: w.detach().requires_grad_() for n, w in learner.items()}
    settings = {n: w.detach().requires_grad_() for n, w in settings.items()}
    stepped = virtual_step(inner, learner, settings, step_size, unit)
    loss = outer(stepped)
    slopes = torch.autograd.grad(loss, tuple(stepped.values()), materialize_grads=True)
    if unit:
        slopes, step_size = turned(inner, learner, settings, slopes, step_size)
    length = torch.cat([slope.flatten() for slope in slopes]).norm()
    if length == 0:
        return {n: torch.zeros_like(w) for n, w in settings.items()}, loss.detach()
    epsilon = small_step / length
    ahead, behind = (
        _gradient_by_settings(inner, moved(learner, slopes, sign * epsilon), settings)
        for sign in (1, -1)
    )
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
        unit: divide the gradient by its length, so that no margins can make the step
            longer, but only turn it.
        differentiable: keep the graph, so that the result depends on the settings.

    Returns:
        New weights, by name.

    Taught in: notebook 06.
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
    """Divide a gradient in several parts by its length; without one, return zeros.

    Taught in: notebook 06.
    """
    length = torch.cat([slope.flatten() for slope in slopes]).norm()
    if length < LEAST_LENGTH:
        return tuple(torch.zeros_like(slope) for slope in slopes)
    return tuple(slope / length for slope in slopes)


def turned(
    inner: InnerLoss,
    learner: Weights,
    settings: Weights,
    slopes: tuple[Tensor, ...],
    step_size: float,
) -> tuple[tuple[Tensor, ...], float]:
    """Return what the outer slopes and the step size are to a step of unit length.

    A change of the gradient along itself makes such a step neither longer nor shorter:
    only the part of the slopes across the gradient counts.

    Args:
        inner: the loss the learner steps down.
        learner: its weights, by name.
        settings: what the loss depends on besides.
        slopes: of the outer loss after the step, by the learner's weights.
        step_size: the length of the step.

    Returns:
        The slopes across the gradient, and the step size by which a plain step would be
        as long.

    Taught in: notebook 06.
    """
    gradient = torch.autograd.grad(
        inner(learner, settings), tuple(learner.values()), materialize_grads=True
    )
    length = torch.cat([part.flatten() for part in gradient]).norm()
    if length < LEAST_LENGTH:
        return tuple(torch.zeros_like(slope) for slope in slopes), step_size
    along = scaled_to_one(gradient)
    share = sum((a * s).sum() for a, s in zip(along, slopes, strict=True))
    across = tuple(s - share * a for a, s in zip(along, slopes, strict=True))
    return across, step_size / float(length)


def moved(
    weights: Weights, direction: tuple[Tensor, ...], length: float | Tensor
) -> Weights:
    """Return weights moved along a direction.

    Taught in: notebook 06.
    """
    return {
        name: weight + length * part
        for (name, weight), part in zip(weights.items(), direction, strict=True)
    }


def _gradient_by_settings(
    inner: InnerLoss, learner: Weights, settings: Weights
) -> Weights:
    """Return the inner loss's gradient by the settings, at some weights."""
    learner = {name: weight.detach() for name, weight in learner.items()}
    gradients = torch.autograd.grad(
        inner(learner, settings), tuple(settings.values()), materialize_grads=True
    )
    return dict(zip(settings, gradients, strict=True))
