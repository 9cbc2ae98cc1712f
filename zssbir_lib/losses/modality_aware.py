"""MATHM: hard triplets within, across and between modalities, and their weights."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.losses.mining import NONE, HardestImages, mine_hardest

WEIGHTINGS = ("intended", "released", "sum", "mean")
SHARPNESS = 20.0  # beta of the smooth hinge
LEAST_GRADIENT = 0.1  # clamp of a term's mean gradient, which bounds its weight
LEAST_SQUARE = 1e-12  # of a distance, below which it has no gradient
MANY_NUMBERS = 2**20  # gathered at a time: more would only take more memory

# Which positive and which negative each kind of triplet has.
PAIRS = {
    "within": ("within_positive", "within_negative"),
    "hybrid": ("cross_positive", "within_negative"),
    "cross": ("cross_positive", "cross_negative"),
}
TERMS = tuple(PAIRS)


class TermValues(NamedTuple):
    """What one kind of triplet contributes.

    Attributes:
        violations: d(a, p) - d(a, n) + margin of each anchor, float (B,); 0 where the
            batch has no such triplet.
        valid: which anchors have one, bool (B,).
        positive_distance: float (B,); 0 where not valid.
        negative_distance: float (B,); 0 where not valid.

    Taught in: notebook 05.
    """

    violations: Tensor
    valid: Tensor
    positive_distance: Tensor
    negative_distance: Tensor


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

    Source: MATHM (Huang et al.), figure 2 and section 3; the weighting as its released
        code intends and as it computes.

    Taught in: notebook 05.
    """
    _check_names(terms, weighting)
    as_released = weighting in ("released", "mean")
    found = modality_aware_terms(
        embeddings, labels, modality, margin, terms, self_pairs=as_released
    )
    values = list(found.values())
    if weighting in ("sum", "mean"):
        hinges = [mean_over(torch.relu(v.violations), v, as_released) for v in values]
        total = torch.stack(hinges).sum()
        return total / len(hinges) if weighting == "mean" else total
    smooth = torch.stack(
        [mean_over(smooth_hinge(v.violations), v, as_released) for v in values]
    )
    weights = gradient_weights(values, every_anchor=as_released)
    if weighting == "released":  # (3,) times (3, 1): every weight meets every term
        return weights.sum() * smooth.mean()
    return (weights.detach() * smooth).sum()


def modality_aware_terms(
    embeddings: Tensor,
    labels: Tensor,
    modality: Tensor,
    margin: float = 0.2,
    terms: Sequence[str] = TERMS,
    self_pairs: bool = False,
) -> dict[str, TermValues]:
    """Mine hard triplets of each kind and return by how much they miss the margin.

    Args:
        embeddings: float (B, D), used as given.
        labels: class numbers, int64 (B,).
        modality: 0 sketch, 1 photo, int64 (B,).
        margin: the gap asked for, 0 or more.
        terms: kinds of triplets.
        self_pairs: see `mine_hardest`.

    Returns:
        The values of each kind, by name.

    Raises:
        ValueError: shapes do not fit or the margin is negative.

    Source: MATHM (Huang et al.), section 3.

    Taught in: notebook 05.
    """
    _check_batch(embeddings, labels, modality, margin)
    hardest = mine_hardest(embeddings, labels, modality, self_pairs)
    needed = dict.fromkeys(name for term in terms for name in PAIRS[term])
    chosen = torch.stack([getattr(hardest, name) for name in needed])
    distances = dict(zip(needed, distances_to(embeddings, chosen), strict=True))
    return {term: _term_values(term, hardest, distances, margin) for term in terms}


def distances_to(embeddings: Tensor, chosen: Tensor) -> Tensor:
    """Return each row's Euclidean distance to the rows chosen for it.

    Args:
        embeddings: float (B, D).
        chosen: positions in the batch, int64 (K, B). Where one is -1 the distance is
            to the first row, and means nothing.

    Returns:
        Distances, float (K, B), at least 1e-6 and without gradient there.

    Taught in: notebook 05.
    """
    at_a_time = max(1, MANY_NUMBERS // max(1, embeddings.numel()))
    squares = []
    for part in chosen.clamp(min=0).split(at_a_time):
        others = embeddings.index_select(0, part.flatten())  # (k B, D)
        gaps = others.view(*part.shape, -1) - embeddings  # (k, B, D)
        squares.append(gaps.square().sum(dim=2))
    return torch.cat(squares).clamp(min=LEAST_SQUARE).sqrt()


def _term_values(
    term: str, hardest: HardestImages, distances: dict[str, Tensor], margin: float
) -> TermValues:
    """Put together what one kind of triplet contributes; 0 where there is none."""
    positive, negative = PAIRS[term]
    valid = (getattr(hardest, positive) != NONE) & (getattr(hardest, negative) != NONE)
    to_positive, to_negative = (
        torch.where(valid, distances[name], 0.0) for name in (positive, negative)
    )
    violations = torch.where(valid, to_positive - to_negative + margin, 0.0)
    return TermValues(violations, valid, to_positive, to_negative)


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
    total = torch.where(values.valid, each, 0.0).sum()
    count = len(each) if every_anchor else values.valid.sum().clamp(min=1)
    return total / count


def _check_names(terms: Sequence[str], weighting: str) -> None:
    """Raise unless terms and weighting are known."""
    unknown = [term for term in terms if term not in TERMS]
    if unknown or not terms or len(set(terms)) < len(terms):
        raise ValueError(
            f"terms must name one or several of {', '.join(TERMS)}, each once; got "
            f"{tuple(terms)}"
        )
    if weighting not in WEIGHTINGS:
        raise ValueError(
            f"weighting must be one of {', '.join(WEIGHTINGS)}; got {weighting!r}"
        )


def _check_batch(
    embeddings: Tensor, labels: Tensor, modality: Tensor, margin: float
) -> None:
    """Raise unless there is one label and one modality for every embedding."""
    if embeddings.ndim != 2 or len(embeddings) == 0:
        raise ValueError(
            f"embeddings must be (B, D) with B above 0, got {tuple(embeddings.shape)}"
        )
    for name, values in (("labels", labels), ("modality", modality)):
        if values.shape != embeddings.shape[:1]:
            raise ValueError(
                f"{name} must have shape ({len(embeddings)},), one for each embedding, "
                f"got {tuple(values.shape)}"
            )
    if not margin >= 0:
        raise ValueError(f"margin must be 0 or more, got {margin}")
