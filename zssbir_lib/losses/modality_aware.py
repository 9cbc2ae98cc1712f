"""MATHM: hard triplets within, across and between modalities, weighed and added up."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.nn import functional

from zssbir_lib.losses.mining import NONE, check_batch, mine_hardest
from zssbir_lib.records import check_choice, check_names

# Which positive and which negative each kind of triplet has.
PAIRS = {
    "within": ("within_positive", "within_negative"),
    "hybrid": ("cross_positive", "within_negative"),
    "cross": ("cross_positive", "cross_negative"),
}
TERMS = tuple(PAIRS)
WEIGHTINGS = ("intended", "released", "sum", "mean")
AS_RELEASED = ("released", "mean")  # average over all anchors, allow self pairs
LEAST_SQUARE = 1e-12  # of a distance, below which it has no gradient
FEW_NUMBERS = 2**17  # worth taking at a time: more would wait for fresh memory
SHARPNESS = 20.0  # beta of the smooth hinge
LEAST_GRADIENT = 0.1  # clamp of a term's mean gradient, which bounds its weight


class TermValues(NamedTuple):
    """What one kind of triplet contributes, (B,); 0 for anchors that have none."""

    violations: Tensor  # d(a, p) - d(a, n) + margin
    valid: Tensor  # which anchors have such a triplet, bool
    positive_distance: Tensor
    negative_distance: Tensor


class CombinedTerms(NamedTuple):
    """The loss, and the two whose inner product it is, of each kind of triplet."""

    loss: Tensor
    losses: Tensor  # (K,)
    weights: Tensor  # (K,)


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
        embeddings: float (B, D).
        labels: int64 (B,).
        modality: int64 (B,).
        margin: the gap asked for, 0 or more, in units of distance.
        terms: kinds of triplets, of "within", "hybrid", "cross".
        weighting: "intended": smooth hinges, weighted so that every kind has the same
            mean gradient (weights detached). "released": smooth hinges with the
            formula as the released code broadcasts it, one factor for all kinds,
            through which gradient flows. "sum": plain hinges, added up. "mean": plain
            hinges, averaged; with all kinds the mode "all" of the released code.

    Returns:
        The loss; 0 if the batch has no triplet. "intended" and "sum" average over
        anchors that have a triplet. "released" and "mean" average over all anchors,
        and let an anchor be its own positive, as the released code does.

    Source: MATHM (Huang et al.), figure 2; the weighting as its released code
        intends and as it computes.
    """
    check_weighting(weighting)  # before the work
    found = modality_aware_terms(
        embeddings, labels, modality, margin, terms, weighting in AS_RELEASED
    )
    return combine_terms(found, weighting).loss


def modality_aware_terms(
    embeddings: Tensor,
    labels: Tensor,
    modality: Tensor,
    margin: float = 0.2,
    terms: Sequence[str] = TERMS,
    self_pairs: bool = False,
) -> dict[str, TermValues]:
    """Mine hard triplets of each kind and return by how much they miss the margin.

    The arguments are those of `modality_aware_triplet_loss` and `mine_hardest`.

    Source: MATHM (Huang et al.), figure 2 and its released code.
    """
    check_names("terms", tuple(terms), TERMS)
    check_batch(embeddings, labels=labels, modality=modality)
    if not margin >= 0:
        raise ValueError(f"margin must be 0 or more, got {margin}")
    hardest = mine_hardest(embeddings, labels, modality, self_pairs)._asdict()
    needed = dict.fromkeys(name for term in terms for name in PAIRS[term])
    chosen = torch.stack([hardest[name] for name in needed])  # at most (4, B)
    there = dict(zip(needed, chosen != NONE, strict=True))
    distances = dict(zip(needed, distances_to(embeddings, chosen), strict=True))
    positives, negatives = zip(*(PAIRS[term] for term in terms), strict=True)
    valid = rows_of(there, positives) & rows_of(there, negatives)  # (K, B)
    to_positive = rows_of(distances, positives)
    to_negative = rows_of(distances, negatives)
    values = (
        torch.where(valid, to_positive - to_negative + margin, 0.0),
        valid,
        torch.where(valid, to_positive, 0.0),
        torch.where(valid, to_negative, 0.0),
    )
    return {
        term: TermValues(*rows)
        for term, rows in zip(terms, zip(*values, strict=True), strict=True)
    }


def rows_of(table: dict[str, Tensor], names: Sequence[str]) -> Tensor:
    """Stack the rows of these names."""
    return torch.stack([table[name] for name in names])


def distances_to(embeddings: Tensor, chosen: Tensor) -> Tensor:
    """Return each row's distances to the rows chosen for it, (K, B) -> (K, B)."""
    return _ChosenDistances.apply(embeddings, chosen.clamp(min=0))


class _ChosenDistances(torch.autograd.Function):
    """Distances with their gradient written out: each pulls at its two ends.

    The gradient of |c - a| is (c - a) / |c - a| at c and the opposite at a. Autograd
    finds the same, but through three more tensors as large as the gaps c - a.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, embeddings: Tensor, chosen: Tensor) -> Tensor:
        """Return the distances (K, B) and keep what the gradient needs."""
        parts = chosen.split(max(1, FEW_NUMBERS // embeddings.numel()))
        shape = (-1, *embeddings.shape)
        gaps = [  # (k, B, D) each
            embeddings.index_select(0, places.flatten()).view(shape) - embeddings
            for places in parts
        ]
        squares = torch.cat([gap.square().sum(dim=2) for gap in gaps])  # (K, B)
        ctx.save_for_backward(squares, *parts, *gaps)
        return squares.clamp(min=LEAST_SQUARE).sqrt()

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, outer: Tensor) -> tuple[Tensor, None]:
        """Return the gradient of the embeddings from that of the distances."""
        squares, *saved = ctx.saved_tensors
        parts, gaps = saved[: len(saved) // 2], saved[len(saved) // 2 :]
        slopes = torch.where(squares < LEAST_SQUARE, 0.0, outer * squares.rsqrt())
        gradient, start = torch.zeros_like(gaps[0][0]), 0
        for places, gap in zip(parts, gaps, strict=True):
            pull = slopes[start : start + len(gap), :, None] * gap  # (k, B, D)
            gradient.index_add_(0, places.flatten(), pull.flatten(0, 1))
            for one in pull:
                gradient -= one
            start += len(gap)
        return gradient, None


def combine_terms(found: Mapping[str, TermValues], weighting: str) -> CombinedTerms:
    """Add up the kinds that `modality_aware_terms` found, the loss with its parts.

    Weightings are those of `modality_aware_triplet_loss`. "released" gives all kinds
    one weight: the sum of the weights it means, divided by how many there are.

    Source: MATHM (Huang et al.), its released code.
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


def smooth_hinge(violations: Tensor) -> Tensor:
    """Return log(1 + exp(beta x)) / beta, a hinge with a rounded corner, of each x.

    Source: the released code of MATHM, beta = 20.
    """
    return functional.softplus(violations, beta=SHARPNESS)


def gradient_weights(
    values: Sequence[TermValues], every_anchor: bool = False
) -> Tensor:
    """Return the weight that gives every kind of triplet the same mean gradient.

    The derivative of the smooth hinge at x is sigmoid(beta x). Its mean g over the
    anchors says how strongly a kind pulls; its weight is the average of all g over its
    own g, the latter at least 0.1. K kinds give float (K,); the average is over all
    anchors on demand, else over those that have a triplet.

    Source: MATHM (Huang et al.), gradient-based weighting, as in its released code.
    """
    violations, valid = stack_terms(values)
    slopes = mean_over(torch.sigmoid(SHARPNESS * violations), valid, every_anchor)
    return slopes.mean() / slopes.clamp(min=LEAST_GRADIENT)


def stack_terms(values: Sequence[TermValues]) -> tuple[Tensor, Tensor]:
    """Return the violations of all kinds, (K, B), and which are valid, (K, B)."""
    return (
        torch.stack([one.violations for one in values]),
        torch.stack([one.valid for one in values]),
    )


def mean_over(each: Tensor, valid: Tensor, every_anchor: bool) -> Tensor:
    """Average (K, B) over the anchors that have a triplet, or divide by all: (K,)."""
    total = (each * valid).sum(dim=1)
    count = each.shape[1] if every_anchor else valid.sum(dim=1).clamp(min=1)
    return total / count


def check_weighting(weighting: str) -> None:
    """Raise unless a weighting is known."""
    check_choice("weighting", weighting, WEIGHTINGS)
