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
    slopes = torch.stack(
        [
            mean_over(torch.sigmoid(SHARPNESS * v.violations), v, every_anchor)
            for v in values
        ]
    )
    return slopes.mean() / slopes.clamp(min=LEAST_GRADIENT)


def mean_over(each: Tensor, values: TermValues, every_anchor: bool) -> Tensor:
    """Average over the anchors that have a triplet, or divide by all of them.

    Args:
        each: float (B,).
        values: says which anchors have a triplet.
        every_anchor: divide by B.

    Returns:
        A float tensor without dimensions; 0 where no anchor has a triplet.

    Taught in: notebook 05.
    """
    total = each @ values.valid.to(each.dtype)
    count = len(each) if every_anchor else values.valid.sum().clamp(min=1)
    return total / count
