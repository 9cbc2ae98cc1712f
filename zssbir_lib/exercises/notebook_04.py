"""The exercises of notebook 04."""

import torch
from torch import Tensor

from zssbir_lib.exercises.exercise import Exercise


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

EXERCISES: dict[str, Exercise] = {
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
