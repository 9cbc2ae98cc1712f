"""The exercises of notebook 02."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zssbir_lib.exercises.exercise import Exercise


def squared_distance(first: Tensor, second: Tensor) -> Tensor:
    """Return the squared Euclidean distance of each pair of rows, (B,)."""
    return (first - second).square().sum(dim=-1)


def average_precision(relevant: Sequence[int]) -> float:
    """Return the mean, over the relevant places, of the precision down to there."""
    precisions = [
        sum(relevant[:rank]) / rank
        for rank, is_relevant in enumerate(relevant, start=1)
        if is_relevant
    ]
    return sum(precisions) / len(precisions) if precisions else 0.0


def triplet_hinge(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float
) -> float:
    """Return the loss of one triplet of points, (D,) each."""
    to_positive = float((anchor - positive).square().sum())
    to_negative = float((anchor - negative).square().sum())
    return max(0.0, to_positive - to_negative + margin)


def capped_precision(relevant: Sequence[int], k: int) -> float:
    """Return the share of relevant places among the first min(k, R)."""
    depth = min(k, sum(relevant))
    return sum(relevant[:depth]) / depth


CORNERS = torch.eye(3)

EXERCISES: dict[str, Exercise] = {
    "2.1": Exercise(
        squared_distance,
        cases=(
            (torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0]])),
            (CORNERS, CORNERS.roll(1, dims=0)),
            (CORNERS, CORNERS),
        ),
    ),
    "2.2": Exercise(
        average_precision,
        cases=(([1, 0, 1],), ([0, 0, 1, 1],), ([1, 1, 0],), ([0, 0],)),
    ),
    "2.3": Exercise(
        triplet_hinge,
        cases=(
            (torch.zeros(2), torch.tensor([0.6, 0.0]), torch.tensor([0.3, 0.4]), 0.2),
            (torch.zeros(2), torch.tensor([0.6, 0.0]), torch.tensor([0.0, 0.7]), 0.2),
            (torch.zeros(2), torch.tensor([0.6, 0.0]), torch.tensor([0.0, 0.7]), 0.0),
        ),
    ),
    "2.4": Exercise(
        capped_precision,
        cases=(([1, 0, 1], 3), ([1, 0, 1], 1), ([0, 0, 1, 1], 4), ([1, 1, 1, 0], 2)),
    ),
}
