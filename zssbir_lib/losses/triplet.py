"""The triplet loss, its distances, and the same loss with a sketch negative as well."""

import torch
from torch import Tensor


def squared_distance(left: Tensor, right: Tensor) -> Tensor:
    """Return the squared Euclidean distance between matching rows, 2x (B, D) -> (B,).

    It lies in [0, 4] when all rows have length one.

    Example:
        >>> squared_distance(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([2.])

    Source: SBTKNet (Tursun et al.), section 3, the deltas of equation 1.
    """
    if left.ndim != 2 or left.shape != right.shape:
        raise ValueError(
            f"embeddings must be two (B, D) tensors of one shape, got "
            f"{tuple(left.shape)} and {tuple(right.shape)}"
        )
    return (left - right).square().sum(dim=1)  # (B, D) -> (B,)


def pairwise_squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """Return squared distances of all rows to all others, (B, D), (C, D) -> (B, C)."""
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
        raise ValueError(
            f"embeddings must be (B, D) and (C, D), got "
            f"{tuple(left.shape)} and {tuple(right.shape)}"
        )
    # |a - b|^2 = |a|^2 - 2 a.b + |b|^2, without a (B, C, D) tensor
    products = left @ right.T  # (B, C)
    lengths = left.square().sum(1)[:, None] + right.square().sum(1)[None, :]
    return torch.clamp(lengths - 2 * products, min=0)


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

    Example:
        >>> a, p, n = torch.eye(3).unsqueeze(1)
        >>> triplet_loss(a, p, n)  # both at squared distance 2: the margin remains
        tensor(0.2000)

    Source: SBTKNet (Tursun et al.), equation 1.
    """
    if len(anchor) == 0:
        raise ValueError("the batch is empty: the triplet loss needs a triplet")
    if not margin >= 0:
        raise ValueError(f"margin must be 0 or more, got {margin}")
    to_positive = squared_distance(anchor, positive)  # (B,)
    to_negative = squared_distance(anchor, negative)  # (B,)
    return torch.relu(to_positive - to_negative + margin).mean()


def quadruplet_loss(
    anchor: Tensor,
    positive: Tensor,
    photo_negative: Tensor,
    sketch_negative: Tensor,
    margin: float = 0.2,
) -> Tensor:
    """Return the mean of two triplet losses: against a photo and against a sketch.

    An anchor sketch should be closer to a photo of its class than to a photo of another
    class, and closer than to a *sketch* of another class. With equal negatives it is
    the triplet loss.

    Args:
        anchor: embeddings of the sketches, float (B, D), used as given.
        positive: embeddings of photos of the anchors' classes, float (B, D).
        photo_negative: embeddings of photos of other classes, float (B, D).
        sketch_negative: embeddings of sketches of other classes, float (B, D).
        margin: the gap asked for, at least 0, in units of squared distance.

    Example:
        >>> a, p, n, s = torch.eye(4).unsqueeze(1)
        >>> quadruplet_loss(a, p, n, s)  # all at squared distance 2
        tensor(0.2000)

    Source: SBTKNet (Tursun et al.), equation 2. The paper prints the photo negative a
        second time in the definition of the sketch distance; the sentence around it
        says sketch, and that is what is computed here.
    """
    photo_term = triplet_loss(anchor, positive, photo_negative, margin)
    sketch_term = triplet_loss(anchor, positive, sketch_negative, margin)
    return torch.stack((photo_term, sketch_term)).mean()
