"""The exercises of the notebooks: right answers and the inputs to try them on.

An exercise is one line of EXERCISES and one short reference function above it.
Number 2.1 is the first exercise of notebook 02. An exercise that asks for a value and
not for a function has no cases, and a reference function without arguments.

Taught in: notebook 00.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Exercise:
    """Hold what is needed to judge an answer.

    Attributes:
        reference: the right function.
        cases: the inputs to compare on, each a tuple of arguments; the first that
            shows a difference is printed, so start with the simplest.
        tolerance: largest absolute difference of two numbers that count as equal.

    Taught in: notebook 00.
    """

    reference: Callable[..., Any]
    cases: tuple[tuple[Any, ...], ...] = ()
    tolerance: float = 1e-4


# --- notebook 00 ---------------------------------------------------------------------


def count_relevant(query_label: int, ranked_labels: Sequence[int], k: int) -> int:
    """Count the photos of the query's class among the first k of its ranking."""
    return sum(label == query_label for label in ranked_labels[:k])


def three_of_five() -> list[float]:
    """Return P@3, P@5 and AP of the ranking right, wrong, wrong, right, right."""
    return [1 / 3, 3 / 5, (1 / 1 + 2 / 4 + 3 / 5) / 3]


def chance_level(classes: int, photos: int) -> float:
    """Return the expected AP of a random order, with `photos` of every class.

    Given that the photo at a place is relevant, each of those before it is so with the
    probability `another`; the sum over all places then has this closed form.
    """
    count = classes * photos
    another = (photos - 1) / (count - 1)
    itself = sum(1 / place for place in range(1, count + 1)) / count
    return another + (1 - another) * itself


# --- notebook 01 ---------------------------------------------------------------------


def are_disjoint(seen: Sequence[str], unseen: Sequence[str]) -> bool:
    """Tell whether no class is both seen and unseen."""
    return not set(seen) & set(unseen)


# --- notebook 02 ---------------------------------------------------------------------


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
    "0.1": Exercise(
        count_relevant,
        cases=((7, [7, 3, 7, 7], 2), (7, [7, 3, 7, 7], 4), (5, [7, 3], 2)),
    ),
    "0.2": Exercise(three_of_five, tolerance=0.006),  # two decimals are enough
    "0.3": Exercise(  # answered by simulation
        chance_level, cases=((5, 4), (2, 20), (15, 20)), tolerance=0.02
    ),
    "1.1": Exercise(
        are_disjoint,
        cases=(
            (["cat", "mug"], ["dog"]),
            (["cat", "mug"], ["dog", "cat"]),
            (["dog", "cow"], ["cat", "dogs"]),
        ),
    ),
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
