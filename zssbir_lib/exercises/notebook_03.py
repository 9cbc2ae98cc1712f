"""The exercises of notebook 03."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zssbir_lib.exercises.exercise import Exercise
from zssbir_lib.exercises.notebook_02 import squared_distance, triplet_hinge


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


FOUR_POINTS = torch.tensor([[0.0, 0.0], [0.6, 0.0], [-0.9, 0.2], [0.1, 0.2]])
SKETCHES = torch.tensor([[0.3, 0.4], [0.0, 0.7], [-0.9, 0.2]])

EXERCISES: dict[str, Exercise] = {
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
}
