"""Semantic classification: which seen class does an image belong to?"""

import torch
from torch import Tensor
from torch.nn import functional


def classification_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean softmax cross-entropy over all images of a step.

    Args:
        logits: one score a seen class, float (B, C), used as given.
        labels: class numbers, int64 (B,) in 0..C-1.

    Returns:
        The loss, a float tensor without dimensions, in nats: log C for a network that
        knows nothing.

    Raises:
        ValueError: shapes do not fit, the batch is empty, or a label is out of range.

    Example:
        >>> classification_loss(torch.zeros(1, 4), torch.tensor([2]))  # log 4
        tensor(1.3863)

    Source: SBTKNet (Tursun et al.), equation 4, over the 4N images of N quadruplets.
        The paper prints two minus signs, which would cancel; one is meant.

    Taught in: notebook 03.
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


def check_logits(logits: Tensor) -> None:
    """Raise unless logits are (B, K) with at least one row."""
    if logits.ndim != 2:
        raise ValueError(f"logits must be (B, K), got shape {tuple(logits.shape)}")
    if len(logits) == 0:
        raise ValueError("the batch is empty: there are no logits to compare")
