"""Hard triplets of each kind: what MATHM adds up and weighs."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.losses.mining import NONE, HardestImages, mine_hardest

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
