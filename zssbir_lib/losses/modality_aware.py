"""MATHM: hard triplets within, across and between modalities, added up."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.losses.gradient_weights import (
    gradient_weights,
    mean_over,
    smooth_hinge,
    stack_terms,
)
from zssbir_lib.losses.modality_terms import TERMS, TermValues, modality_aware_terms

WEIGHTINGS = ("intended", "released", "sum", "mean")
AS_RELEASED = ("released", "mean")  # average over all anchors, allow self pairs


class CombinedTerms(NamedTuple):
    """The loss, and what it is made of.

    Attributes:
        loss: what is minimised, a float tensor without dimensions.
        losses: of each kind of triplet, float (K,).
        weights: of each kind, float (K,); the loss is their inner product.

    Taught in: notebook 05.
    """

    loss: Tensor
    losses: Tensor
    weights: Tensor


def modality_aware_triplet_loss(
    embeddings: Tensor,
    labels: Tensor,
    modality: Tensor,
    margin: float = 0.2,
    terms: Sequence[str] = TERMS,
    weighting: str = "intended",
) -> Tensor:
    """Return the loss of batch-hard triplets of up to three kinds.

    "within": positive and negative of the anchor's own modality; "hybrid": positive of
    the other, negative of the own; "cross": both of the other. Every image, sketch or
    photo, is an anchor. Distances are Euclidean, not squared.

    Args:
        embeddings: float (B, D), used as given.
        labels: class numbers, int64 (B,).
        modality: 0 sketch, 1 photo, int64 (B,).
        margin: the gap asked for, 0 or more, in units of distance.
        terms: kinds of triplets, of "within", "hybrid", "cross".
        weighting: "intended": smooth hinges, weighted so that every kind has the same
            mean gradient (weights detached). "released": smooth hinges with the
            formula as the released code broadcasts it, one factor for all kinds,
            through which gradient flows. "sum": plain hinges, added up. "mean": plain
            hinges, averaged; with all kinds the mode "all" of the released code.

    Returns:
        The loss, a float tensor without dimensions; 0 if the batch has no triplet.
        "intended" and "sum" average over anchors that have a triplet. "released" and
        "mean" average over all anchors, and let an anchor be its own positive, as the
        released code does.

    Raises:
        ValueError: shapes do not fit, a name is unknown, or the margin is negative.

    Source: MATHM (Huang et al.), figure 2; the weighting as its released
        code intends and as it computes.

    Taught in: notebook 05.
    """
    check_weighting(weighting)  # before the work
    found = modality_aware_terms(
        embeddings, labels, modality, margin, terms, weighting in AS_RELEASED
    )
    return combine_terms(found, weighting).loss


def combine_terms(found: Mapping[str, TermValues], weighting: str) -> CombinedTerms:
    """Add up the kinds of triplets.

    Args:
        found: the kinds, from `modality_aware_terms`.
        weighting: see `modality_aware_triplet_loss`.

    Returns:
        The loss with its parts. "released" gives all kinds one weight: the sum of the
        weights it means, divided by how many there are.

    Raises:
        ValueError: the weighting is unknown.

    Source: MATHM (Huang et al.), its released code.

    Taught in: notebook 05.
    """
    check_weighting(weighting)
    values, every_anchor = list(found.values()), weighting in AS_RELEASED
    hinge = torch.relu if weighting in ("sum", "mean") else smooth_hinge
    violations, valid = stack_terms(values)
    losses = mean_over(hinge(violations), valid, every_anchor)  # (K,)
    if weighting in ("sum", "mean"):
        weights = torch.ones_like(losses) / (len(losses) if every_anchor else 1)
    elif weighting == "released":  # (K,) times (K, 1): every weight meets every term
        weights = gradient_weights(values, every_anchor).mean().expand(len(values))
    else:
        weights = gradient_weights(values).detach()
    return CombinedTerms((weights * losses).sum(), losses, weights)


def check_weighting(weighting: str) -> None:
    """Raise unless a weighting is known."""
    if weighting not in WEIGHTINGS:
        raise ValueError(
            f"weighting must be one of {', '.join(WEIGHTINGS)}; got {weighting!r}"
        )
