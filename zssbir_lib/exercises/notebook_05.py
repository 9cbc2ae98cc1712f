"""The exercises of notebook 05."""

import torch
from torch import Tensor

from zssbir_lib.exercises.exercise import Exercise


def hybrid_violations(
    distances: Tensor, labels: Tensor, modality: Tensor, margin: float
) -> Tensor:
    """Return by how much each anchor's hybrid triplet misses the margin, (B,).

    Positives are of the other modality, negatives of the own; every anchor has both.
    """
    same = labels[:, None] == labels
    own = modality[:, None] == modality
    to_positive = torch.where(same & ~own, distances, -torch.inf).max(dim=1).values
    to_negative = torch.where(~same & own, distances, torch.inf).min(dim=1).values
    return to_positive - to_negative + margin


def released_factors(weights: Tensor) -> Tensor:
    """Return each kind's factor where every weight meets every loss, (K,)."""
    return weights.sum().expand(len(weights)) / len(weights)


def clamped_weights(slopes: Tensor, least: float) -> Tensor:
    """Return the gradient-based weight of each kind from its mean slope, (K,)."""
    return slopes.mean() / slopes.clamp(min=least)


def anchors_with_triplets(labels: Tensor, modality: Tensor) -> list[int]:
    """Count the anchors that have a within, a hybrid and a cross triplet."""
    same = labels[:, None] == labels
    own = modality[:, None] == modality
    other = ~torch.eye(len(labels), dtype=torch.bool)
    own_positive, cross_positive = (same & own & other).any(1), (same & ~own).any(1)
    own_negative, cross_negative = (~same & own).any(1), (~same & ~own).any(1)
    kinds = (
        own_positive & own_negative,
        cross_positive & own_negative,
        cross_positive & cross_negative,
    )
    return [int(kind.sum()) for kind in kinds]


def violations_after_gap(
    within: tuple[float, float], cross: tuple[float, float], gap: float, margin: float
) -> list[float]:
    """Return the violations within, hybrid and cross after photos were moved away.

    `within` and `cross` are distances to positive and negative; all photos move by
    `gap`, at right angles to everything.
    """
    far_positive, far_negative = ((d * d + gap * gap) ** 0.5 for d in cross)
    return [
        within[0] - within[1] + margin,
        far_positive - within[1] + margin,
        far_positive - far_negative + margin,
    ]


def _distances(points: list[float]) -> Tensor:
    """Return the distances between points on a line, (B, B)."""
    line = torch.tensor(points)
    return (line[:, None] - line).abs()


FOUR = (torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1]))
EIGHT = (torch.tensor([0, 0, 0, 0, 1, 1, 1, 1]), torch.tensor([0, 0, 1, 1] * 2))

EXERCISES: dict[str, Exercise] = {
    "5.1": Exercise(
        hybrid_violations,
        cases=(
            (_distances([0.0, 0.3, 1.0, 0.6]), *FOUR, 0.2),
            (_distances([0.0, 0.2, 0.5, 0.9, 1.0, 1.3, 0.7, 2.0]), *EIGHT, 0.2),
            (_distances([0.0, 0.2, 0.5, 0.9, 1.0, 1.3, 0.7, 2.0]), *EIGHT, 0.0),
        ),
    ),
    "5.2": Exercise(
        released_factors,
        cases=(
            (torch.tensor([1.0, 1.0, 1.0]),),
            (torch.tensor([1.5, 0.9, 0.6]),),
            (torch.tensor([3.0, 1.0]),),
        ),
    ),
    "5.3": Exercise(
        clamped_weights,
        cases=(
            (torch.tensor([0.5, 0.5, 0.5]), 0.1),
            (torch.tensor([0.3, 0.6, 0.9]), 0.1),
            (torch.tensor([0.01, 0.5, 0.9]), 0.1),
            (torch.tensor([0.0, 0.0, 0.3]), 0.1),
        ),
    ),
    "5.4": Exercise(
        anchors_with_triplets,
        cases=(
            EIGHT,
            (torch.tensor([0, 0, 0, 1, 1, 1, 1]), torch.tensor([0, 0, 1, 0, 0, 1, 1])),
            (torch.tensor([0, 0, 1, 1]), torch.tensor([0, 0, 0, 1])),
            (torch.tensor([0, 0, 0, 0]), torch.tensor([0, 0, 1, 1])),
        ),
    ),
    "5.5": Exercise(
        violations_after_gap,
        cases=(
            ((0.4, 0.7), (0.5, 0.6), 0.0, 0.2),
            ((0.4, 0.7), (0.5, 0.6), 1.0, 0.2),
            ((0.7, 0.4), (0.9, 0.5), 0.5, 0.2),
        ),
    ),
}
