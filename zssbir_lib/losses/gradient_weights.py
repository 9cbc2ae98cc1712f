"""Gradient-based weights: every kind of triplet pulls equally hard."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.losses.modality_terms import TermValues

SHARPNESS = 20.0  # beta of the smooth hinge
LEAST_GRADIENT = 0.1  # clamp of a term's mean gradient, which bounds its weight


def smooth_hinge(violations: Tensor) -> Tensor:
    """Return log(1 + exp(beta x)) / beta, a hinge with a rounded corner.

    Args:
        violations: float, any shape.

    Source: the released code of MATHM, beta = 20.

    Taught in: notebook 05.
    """
    return functional.softplus(violations, beta=SHARPNESS)


def gradient_weights(
    values: Sequence[TermValues], every_anchor: bool = False
) -> Tensor:
    """Return the weight that gives every kind of triplet the same mean gradient.

    The derivative of the smooth hinge at x is sigmoid(beta x). Its mean g over the
    anchors says how strongly a kind pulls; its weight is the average of all g over its
    own g, the latter at least 0.1.

    Args:
        values: the kinds, K of them.
        every_anchor: average over all anchors, not only those that have a triplet.

    Returns:
        Weights, float (K,).

    Source: MATHM (Huang et al.), gradient-based weighting, as in its released code.

    Taught in: notebook 05.
    """
    violations, valid = stack_terms(values)
    slopes = mean_over(torch.sigmoid(SHARPNESS * violations), valid, every_anchor)
    return slopes.mean() / slopes.clamp(min=LEAST_GRADIENT)


def stack_terms(values: Sequence[TermValues]) -> tuple[Tensor, Tensor]:
    """Return violations, float (K, B), and which are valid, bool (K, B), of all kinds.

    Taught in: notebook 05.
    """
    return (
        torch.stack([one.violations for one in values]),
        torch.stack([one.valid for one in values]),
    )


def mean_over(each: Tensor, valid: Tensor, every_anchor: bool) -> Tensor:
    """Average over the anchors that have a triplet, or divide by all of them.

    Args:
        each: float (K, B), finite.
        valid: which anchors have a triplet, bool (K, B).
        every_anchor: divide by B.

    Returns:
        Means, float (K,); 0 where no anchor has a triplet.

    Taught in: notebook 05.
    """
    total = (each * valid).sum(dim=1)
    count = each.shape[1] if every_anchor else valid.sum(dim=1).clamp(min=1)
    return total / count
