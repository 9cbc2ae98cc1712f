"""The triplet loss: the baseline that every later loss is compared with."""

import torch
from torch import Tensor

from zssbir_lib.losses.distances import squared_distance


def triplet_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 0.2
) -> Tensor:
    """Return the mean hinge by which positives fail to beat negatives.

    An anchor sketch should be closer to a photo of its class than to a photo of
    another class, by at least the margin:
    mean over the batch of max(0, d(anchor, positive) - d(anchor, negative) + margin)
    with d the squared Euclidean distance.

    Args:
        anchor: embeddings of the sketches, float (B, D), used as given.
        positive: embeddings of photos of the anchors' classes, float (B, D).
        negative: embeddings of photos of other classes, float (B, D).
        margin: the gap asked for, at least 0, in units of squared distance.

    Returns:
        The loss, a float tensor without dimensions.

    Raises:
        ValueError: shapes differ, the batch is empty, or the margin is negative.

    Example:
        >>> a, p, n = torch.eye(3).unsqueeze(1)
        >>> triplet_loss(a, p, n)  # both at squared distance 2: the margin remains
        tensor(0.2000)

    Source: SBTKNet (Tursun et al.), equation 1.

    Taught in: notebook 02.
    """
    if len(anchor) == 0:
        raise ValueError("the batch is empty: the triplet loss needs a triplet")
    if not margin >= 0:
        raise ValueError(f"margin must be 0 or more, got {margin}")
    to_positive = squared_distance(anchor, positive)  # (B,)
    to_negative = squared_distance(anchor, negative)  # (B,)
    return torch.relu(to_positive - to_negative + margin).mean()
