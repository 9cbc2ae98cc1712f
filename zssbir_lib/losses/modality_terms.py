"""Hard triplets of each kind: what MATHM adds up and weighs."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from zssbir_lib.losses.mining import NONE, mine_hardest

LEAST_SQUARE = 1e-12  # of a distance, below which it has no gradient
FEW_NUMBERS = 2**17  # worth taking at a time: more would wait for fresh memory

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
        ValueError: shapes do not fit, a kind is unknown, or the margin is negative.

    Source: MATHM (Huang et al.), figure 2 and its released code.

    Taught in: notebook 05.
    """
    _check_terms(terms)
    _check_batch(embeddings, labels, modality, margin)
    hardest = mine_hardest(embeddings, labels, modality, self_pairs)._asdict()
    needed = dict.fromkeys(name for term in terms for name in PAIRS[term])
    chosen = torch.stack([hardest[name] for name in needed])  # at most (4, B)
    there = dict(zip(needed, chosen != NONE, strict=True))
    distances = dict(zip(needed, distances_to(embeddings, chosen), strict=True))
    positives, negatives = zip(*(PAIRS[term] for term in terms), strict=True)
    valid = _rows(there, positives) & _rows(there, negatives)  # (K, B)
    to_positive, to_negative = _rows(distances, positives), _rows(distances, negatives)
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


def _rows(table: dict[str, Tensor], names: Sequence[str]) -> Tensor:
    """Stack the rows of these names."""
    return torch.stack([table[name] for name in names])


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


def _check_terms(terms: Sequence[str]) -> None:
    """Raise unless terms names different kinds, at least one."""
    unknown = [term for term in terms if term not in TERMS]
    if unknown or not terms or len(set(terms)) < len(terms):
        raise ValueError(
            f"terms must name one or several of {', '.join(TERMS)}, each once; got "
            f"{tuple(terms)}"
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
