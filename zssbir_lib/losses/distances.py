"""Distances between embeddings, the raw material of every loss."""

import torch
from torch import Tensor


def squared_distance(left: Tensor, right: Tensor) -> Tensor:
    """Return the squared Euclidean distance between matching rows.

    Args:
        left: embeddings, float (B, D).
        right: embeddings, float (B, D).

    Returns:
        Distances, float (B,); in [0, 4] when all rows have length one.

    Raises:
        ValueError: the two shapes differ or are not (B, D).

    Example:
        >>> squared_distance(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0]]))
        tensor([2.])

    Source: SBTKNet (Tursun et al.), section 3, the deltas of equation 1.

    Taught in: notebook 02.
    """
    if left.ndim != 2 or left.shape != right.shape:
        raise ValueError(
            f"embeddings must be two (B, D) tensors of one shape, got "
            f"{tuple(left.shape)} and {tuple(right.shape)}"
        )
    return (left - right).square().sum(dim=1)  # (B, D) -> (B,)


def pairwise_squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """Return the squared Euclidean distance of every row to every other row.

    Args:
        left: embeddings, float (B, D).
        right: embeddings, float (C, D).

    Returns:
        Distances, float (B, C), never below zero.

    Raises:
        ValueError: the embeddings do not have the same width D.

    Taught in: notebook 02.
    """
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[1]:
        raise ValueError(
            f"embeddings must be (B, D) and (C, D), got "
            f"{tuple(left.shape)} and {tuple(right.shape)}"
        )
    # |a - b|^2 = |a|^2 - 2 a.b + |b|^2, without a (B, C, D) tensor
    products = left @ right.T  # (B, C)
    lengths = left.square().sum(1)[:, None] + right.square().sum(1)[None, :]
    return torch.clamp(lengths - 2 * products, min=0)
