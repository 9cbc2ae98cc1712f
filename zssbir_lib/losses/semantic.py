"""Semantic losses: tell the seen classes apart, and keep what a photo teacher knew."""

import torch
from torch import Tensor
from torch.nn import functional

SUM_TOLERANCE = 1e-4  # how far the sum of a soft label may be from 1


def classification_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean softmax cross-entropy over all images of a step, in nats.

    Logits are float (B, C), used as given, labels int64 (B,) in 0..C-1. It is log C for
    a network that knows nothing.

    Example:
        >>> classification_loss(torch.zeros(1, 4), torch.tensor([2]))  # log 4
        tensor(1.3863)

    Source: SBTKNet (Tursun et al.), equation 4, over the 4N images of N quadruplets.
        The paper prints two minus signs, which would cancel; one is meant.
    """
    check_logits(logits)
    if labels.shape != logits.shape[:1] or labels.dtype != torch.int64:
        raise ValueError(
            f"labels must be int64 of shape ({len(logits)},), one for each row of "
            f"logits, got {labels.dtype} of shape {tuple(labels.shape)}"
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= logits.shape[1]:
        raise ValueError(
            f"labels run from {low} to {high}, but there are {logits.shape[1]} logits: "
            f"expected 0 to {logits.shape[1] - 1}"
        )
    return functional.cross_entropy(logits, labels)


def class_soft_labels(activations: Tensor, temperature: float = 1.0) -> Tensor:
    """Turn a teacher's mean logits over the photos of each class into soft labels.

    Activations are float (C, K): C seen classes, K outputs of the teacher; so are the
    probabilities. A temperature above 1 flattens them, below 1 sharpens them.

    Source: SBTKNet (Tursun et al.), section 3: "softmax of the average activation",
        so the mean is taken before the softmax. It has no temperature, as does 1.
    """
    check_logits(activations)
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return torch.softmax(activations / temperature, dim=1)


def knowledge_preservation_loss(logits: Tensor, soft_labels: Tensor) -> Tensor:
    """Return the mean cross-entropy between soft labels and the student's outputs.

    Logits of the soft head, float (B, K), are used as given; soft labels, (B, K), are
    what the teacher says of each image's class. The least possible value, in nats, is
    the mean entropy of the soft labels, not 0.

    Example:
        >>> knowledge_preservation_loss(torch.zeros(1, 2), torch.tensor([[0.9, 0.1]]))
        tensor(0.6931)

    Source: SBTKNet (Tursun et al.), equation 5, over the 4N images of N quadruplets;
        the doubled minus sign and the missing sum over outputs are corrected.
    """
    check_logits(logits)
    if logits.shape != soft_labels.shape:
        raise ValueError(
            f"logits and soft labels must have one shape (B, K), got "
            f"{tuple(logits.shape)} and {tuple(soft_labels.shape)}"
        )
    check_distributions(soft_labels)
    return functional.cross_entropy(logits, soft_labels)


def check_logits(logits: Tensor) -> None:
    """Raise unless logits are (B, K) with at least one row."""
    if logits.ndim != 2:
        raise ValueError(f"logits must be (B, K), got shape {tuple(logits.shape)}")
    if len(logits) == 0:
        raise ValueError("the batch is empty: there are no logits to compare")


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
