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


# --- notebook 03 ---------------------------------------------------------------------


def quadruplet_hinge(
    anchor: Tensor,
    positive: Tensor,
    photo_negative: Tensor,
    sketch_negative: Tensor,
    margin: float,
) -> float:
    """Return the loss of one quadruplet of points, (D,) each."""
    photo_hinge = triplet_hinge(anchor, positive, photo_negative, margin)
    return (photo_hinge + triplet_hinge(anchor, positive, sketch_negative, margin)) / 2


def chance_of_one_class(classes: int, examples: int) -> float:
    """Return the probability that some quadruplet has both negatives of one class."""
    return 1 - (1 - 1 / (classes - 1)) ** examples


def cross_entropy(logits: Sequence[float], label: int) -> float:
    """Return minus the logarithm of the softmax probability of the label."""
    values = torch.tensor(logits, dtype=torch.float64)
    return float(values.logsumexp(0) - values[label])


def sketch_negative_gradient(
    anchor: Tensor, positive: Tensor, sketch_negative: Tensor, margin: float
) -> Tensor:
    """Return the gradient of the quadruplet loss for sketch negatives, (B, D)."""
    to_positive = squared_distance(anchor, positive)
    to_negative = squared_distance(anchor, sketch_negative)
    active = to_positive - to_negative + margin > 0  # (B,)
    return active[:, None] * (anchor - sketch_negative) / len(anchor)


# --- notebook 04 ---------------------------------------------------------------------


def soft_label(logits: Tensor) -> Tensor:
    """Return the soft label of a class from the logits of its photos, (n, K)."""
    return torch.softmax(logits.mean(dim=0), dim=0)


def knowledge_loss(logits: Tensor, soft_labels: Tensor) -> float:
    """Return the mean cross-entropy between soft labels and logits, (B, K) each."""
    shares = torch.log_softmax(logits, dim=1)
    return float(-(soft_labels * shares).sum(dim=1).mean())


def lowest_knowledge_loss(soft_labels: Tensor) -> float:
    """Return the mean entropy of the rows, which the loss cannot get below."""
    return float(torch.special.entr(soft_labels).sum(dim=1).mean())


def knowledge_gradient(logits: Tensor, soft_labels: Tensor) -> Tensor:
    """Return the gradient of the knowledge loss for the logits, (B, K)."""
    return (torch.softmax(logits, dim=1) - soft_labels) / len(logits)


def temperature_of_entropy(activation: Tensor, wanted: float) -> float:
    """Return the temperature at which a soft label has an entropy, by bisection."""
    low, high = 0.1, 100.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        label = torch.softmax(activation / middle, dim=0)
        if float(torch.special.entr(label).sum()) > wanted:
            high = middle
        else:
            low = middle
    return low


CORNERS = torch.eye(3)
SHARES = torch.tensor([[0.7, 0.2, 0.1], [0.4, 0.3, 0.3], [0.0, 1.0, 0.0]])
FOUR_POINTS = torch.tensor([[0.0, 0.0], [0.6, 0.0], [-0.9, 0.2], [0.1, 0.2]])
SKETCHES = torch.tensor([[0.3, 0.4], [0.0, 0.7], [-0.9, 0.2]])

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
    "3.1": Exercise(
        quadruplet_hinge,
        cases=(
            (*FOUR_POINTS, 0.2),  # the photo is far enough, the sketch is not
            (*FOUR_POINTS, 0.6),
            (*FOUR_POINTS, 0.0),
        ),
    ),
    "3.2": Exercise(chance_of_one_class, cases=((2, 1), (45, 1), (45, 32), (104, 16))),
    "3.3": Exercise(
        cross_entropy,
        cases=(([0.0, 0.0], 0), ([2.0, 1.0, -1.0], 1), ([1000.0, 0.0, 1000.0], 0)),
    ),
    "3.4": Exercise(
        sketch_negative_gradient,
        cases=(
            (torch.zeros(1, 2), torch.tensor([[0.6, 0.0]]), SKETCHES[:1], 0.2),
            (torch.zeros(3, 2), torch.tensor([[0.6, 0.0]] * 3), SKETCHES, 0.2),
            (torch.zeros(3, 2), torch.tensor([[0.6, 0.0]] * 3), SKETCHES, 1.0),
        ),
    ),
    "4.1": Exercise(
        soft_label,
        cases=(
            (torch.tensor([[2.0, 1.0, 0.0]]),),
            (torch.tensor([[5.0, 4.0, 0.0], [0.0, 4.0, 5.0]]),),
        ),
    ),
    "4.2": Exercise(
        knowledge_loss,
        cases=(
            (torch.tensor([[0.0, 1.0]]), torch.tensor([[0.9, 0.1]])),
            (CORNERS, SHARES),
            (1000 * CORNERS, SHARES),  # a softmax that underflows
        ),
        tolerance=1e-3,
    ),
    "4.3": Exercise(
        lowest_knowledge_loss, cases=((SHARES[:1],), (SHARES[:2],), (SHARES,))
    ),
    "4.4": Exercise(
        knowledge_gradient,
        cases=((CORNERS[:1], SHARES[:1]), (CORNERS, SHARES), (SHARES.log1p(), SHARES)),
    ),
    "4.5": Exercise(
        temperature_of_entropy,
        cases=(
            (torch.tensor([2.0, 1.0, 0.0]), 0.8),
            (torch.tensor([2.0, 1.0, 0.0]), 0.4),
            (torch.tensor([9.0, 4.0, 3.0, 0.0]), 1.0),
        ),
        tolerance=0.01,
    ),
}
