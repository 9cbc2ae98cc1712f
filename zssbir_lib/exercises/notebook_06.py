"""The exercises of notebook 06."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.exercises.exercise import Exercise

SHARPNESS = 10.0  # of the memory's attention


def quadruplet_violation(
    to_positive: float, to_own: float, to_other: float, margin: float, lam: float
) -> float:
    """Return by how much an anchor misses its margin; `lam` is the other's share."""
    return to_positive - (1 - lam) * to_own - lam * to_other + margin


def unit_step(weights: Tensor, slopes: Tensor, size: float) -> Tensor:
    """Return the weights after a step of that length down the slopes, (P,)."""
    length = slopes.norm()
    return weights - size * slopes / length if length > 0 else weights


def margin_gradients(
    violations: Tensor,
    own_slopes: Tensor,
    outer_slope: Tensor,
    step_size: float,
    sharpness: float,
) -> Tensor:
    """Return the gradient of the outer loss by every anchor's margin, (B,).

    Slopes by the weights: of each anchor's violation (B, P), of the outer loss (P,).
    """
    share = torch.sigmoid(sharpness * violations)
    power = sharpness * share * (1 - share)
    return -step_size / len(violations) * power * (own_slopes @ outer_slope)


def leaking_gradient(
    through_step: float, outer_violation: float, sharpness: float
) -> float:
    """Return the gradient by the margin if the outer loss of one anchor has it too."""
    return through_step + 1 / (1 + math.exp(-sharpness * outer_violation))


def memory_statistics(
    query: Tensor, slots: Tensor, slot_labels: Tensor, label: int
) -> list[float]:
    """Return cosine to the own class, to any other, and entropy from 0 to 1.

    Query (D,) and slots (K, D) have length one; the own class and another one occur.
    """
    cosines = slots @ query
    attention = functional.softmax(SHARPNESS * cosines, dim=0)
    entropy = -(attention * attention.log()).sum() / math.log(len(slots))
    own = slot_labels == label
    return [float(one) for one in (cosines[own].max(), cosines[~own].max(), entropy)]


def _unit(*rows: tuple[float, float]) -> Tensor:
    """Return rows scaled to length one."""
    return functional.normalize(torch.tensor(rows), dim=1)


SLOTS = _unit((1.0, 0.0), (0.9, 0.3), (-1.0, 0.2), (0.0, 1.0))
OWNERS = torch.tensor([0, 1, 2, 2])

EXERCISES: dict[str, Exercise] = {
    "6.1": Exercise(
        quadruplet_violation,
        cases=(
            (0.5, 0.8, 0.6, 0.2, 0.5),
            (0.5, 0.8, 0.6, 0.2, 1.0),
            (0.5, 0.8, 0.6, 0.2, 0.0),
            (0.9, 0.3, 0.4, 0.0, 0.25),
        ),
    ),
    "6.2": Exercise(
        unit_step,
        cases=(
            (torch.tensor([1.0, 1.0]), torch.tensor([3.0, 4.0]), 0.5),
            (torch.tensor([1.0, 1.0]), torch.tensor([30.0, 40.0]), 0.5),
            (torch.tensor([0.0, 2.0, 1.0]), torch.tensor([0.0, -2.0, 0.0]), 1.0),
            (torch.tensor([1.0, 1.0]), torch.tensor([0.0, 0.0]), 0.5),
        ),
    ),
    "6.3": Exercise(
        margin_gradients,
        cases=(
            (
                torch.tensor([0.0, 0.0]),
                torch.tensor([[1.0, 0.0], [-1.0, 0.0]]),
                torch.tensor([1.0, 0.0]),
                1.0,
                4.0,
            ),
            (
                torch.tensor([0.0, 0.5, -0.5]),
                torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]),
                torch.tensor([0.5, -0.2]),
                0.1,
                20.0,
            ),
        ),
        tolerance=1e-6,
    ),
    "6.4": Exercise(
        leaking_gradient,
        cases=((0.0, 0.0, 20.0), (-0.3, 0.2, 20.0), (-0.3, -0.2, 20.0), (-2.0, 1.0, 5)),
    ),
    "6.5": Exercise(
        memory_statistics,
        cases=(
            (_unit((1.0, 0.0))[0], SLOTS, OWNERS, 0),
            (_unit((1.0, 0.0))[0], SLOTS, OWNERS, 2),
            (_unit((0.2, 1.0))[0], SLOTS, OWNERS, 1),
        ),
    ),
}
