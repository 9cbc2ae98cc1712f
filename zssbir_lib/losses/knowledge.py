"""Semantic knowledge preservation: stay close to what a photo teacher knew."""

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.losses.classification import check_logits

SUM_TOLERANCE = 1e-4  # how far the sum of a soft label may be from 1


def class_soft_labels(activations: Tensor, temperature: float = 1.0) -> Tensor:
    """Turn a teacher's average activation for each class into that class's soft label.

    Args:
        activations: mean logits of the teacher over the photos of each class, float
            (C, K): C seen classes, K outputs of the teacher.
        temperature: above 1 flattens the labels, below 1 sharpens them; above 0.

    Returns:
        Probabilities, float (C, K); every row sums to 1.

    Raises:
        ValueError: the activations are no (C, K) tensor, or the temperature is not
            above 0.

    Source: SBTKNet (Tursun et al.), section 3: "softmax of the average activation",
        so the mean is taken before the softmax. The paper has no temperature, which
        is the default of 1.

    Taught in: notebook 04.
    """
    check_logits(activations)
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return torch.softmax(activations / temperature, dim=1)


def knowledge_preservation_loss(logits: Tensor, soft_labels: Tensor) -> Tensor:
    """Return the mean cross-entropy between soft labels and the student's outputs.

    Args:
        logits: the student's soft head, float (B, K), used as given.
        soft_labels: what the teacher says of each image's class, probabilities, float
            (B, K).

    Returns:
        The loss, a float tensor without dimensions, in nats. Its least possible value
        is the mean entropy of the soft labels, not 0.

    Raises:
        ValueError: shapes differ, the batch is empty, or a row of soft labels is not a
            distribution (negative, NaN, or its sum is not 1).

    Example:
        >>> knowledge_preservation_loss(torch.zeros(1, 2), torch.tensor([[0.9, 0.1]]))
        tensor(0.6931)

    Source: SBTKNet (Tursun et al.), equation 5, over the 4N images of N quadruplets;
        the doubled minus sign and the missing sum over outputs are corrected.

    Taught in: notebook 04.
    """
    check_logits(logits)
    if logits.shape != soft_labels.shape:
        raise ValueError(
            f"logits and soft labels must have one shape (B, K), got "
            f"{tuple(logits.shape)} and {tuple(soft_labels.shape)}"
        )
    check_distributions(soft_labels)
    return functional.cross_entropy(logits, soft_labels)


def check_distributions(soft_labels: Tensor) -> None:
    """Raise unless every row is non-negative and sums to 1."""
    error = (soft_labels.sum(dim=1) - 1).abs()
    wrong = ~(error <= SUM_TOLERANCE) | (soft_labels < 0).any(dim=1)
    if bool(wrong.any()):
        row = int(wrong.nonzero()[0])
        raise ValueError(
            f"row {row} of the soft labels is no distribution: it sums to "
            f"{float(soft_labels[row].sum()):.4g} with a minimum of "
            f"{float(soft_labels[row].min()):.4g}; apply class_soft_labels first"
        )
