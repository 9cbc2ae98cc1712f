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


CORNERS = torch.eye(3)

EXERCISES: dict[str, Exercise] = {
    "0.1": Exercise(
        count_relevant,
        cases=((7, [7, 3, 7, 7], 2), (7, [7, 3, 7, 7], 4), (5, [7, 3], 2)),
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
}
