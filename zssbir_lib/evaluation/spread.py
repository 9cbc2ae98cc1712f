"""How embeddings spread: how far, in how many directions, and what moves them."""

import torch
from torch import Tensor

ROUNDING = 1e-14  # relative, of numbers in double precision


def embedding_spread(
    embeddings: Tensor, labels: Tensor, modality: Tensor
) -> dict[str, float]:
    """Describe how a set of embeddings fills its space.

    A collapsed network maps everything close together, or onto a few directions, or
    moves an image by its modality more than by its class. Each shows in a number.

    Args:
        embeddings: float (N, D).
        labels: class numbers, int64 (N,).
        modality: 0 sketch, 1 photo, int64 (N,).

    Returns:
        distance: root mean squared distance between two of the embeddings;
        rank: effective number of directions, see `effective_rank`;
        class_share: share of the variance that lies between the class means, 0 to 1;
        modality_share: share that lies between the means of the two modalities.

    Raises:
        ValueError: there are fewer than two embeddings, one is not finite, they are
            all the same, or labels or modality do not fit them.

    Taught in: notebook 05.
    """
    for name, values in (("labels", labels), ("modality", modality)):
        if values.shape != embeddings.shape[:1]:
            raise ValueError(
                f"{name} must have shape ({len(embeddings)},), one for each embedding, "
                f"got {tuple(values.shape)}"
            )
    rank = effective_rank(embeddings)  # checks the embeddings
    embeddings = embeddings.double()
    count, variance = len(embeddings), _variance(embeddings)
    return {
        "distance": (2 * variance * count / (count - 1)) ** 0.5,
        "rank": rank,
        "class_share": _variance(group_means(embeddings, labels)) / variance,
        "modality_share": _variance(group_means(embeddings, modality)) / variance,
    }


def effective_rank(embeddings: Tensor) -> float:
    """Return how many directions a set of embeddings uses, from 1 to D.

    The variance along the principal directions is turned into shares; the exponential
    of their entropy counts the directions, each by its weight. Equal variance along k
    directions gives k.

    Args:
        embeddings: float (N, D).

    Raises:
        ValueError: there are fewer than two embeddings, one is not finite, or they
            are all the same.

    Example:
        >>> square = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        >>> round(effective_rank(square), 3)
        2.0

    Source: Roy and Vetterli (2007), effective rank, here of the variances.

    Taught in: notebook 05.
    """
    if embeddings.ndim != 2 or len(embeddings) < 2:
        raise ValueError(
            f"embeddings must be (N, D) with N 2 or more, got {tuple(embeddings.shape)}"
        )
    embeddings = embeddings.double()
    if not embeddings.isfinite().all():
        raise ValueError("an embedding is NaN or infinite: look for a broken network")
    centred = embeddings - embeddings.mean(dim=0)
    variances = torch.linalg.svdvals(centred).square()
    rounding = ROUNDING * embeddings.abs().max()  # of the mean
    if not variances.sum() > len(embeddings) * rounding**2:
        raise ValueError("all embeddings are the same point: they collapsed")
    shares = variances / variances.sum()
    return float(torch.special.entr(shares).sum().exp())


def group_means(embeddings: Tensor, groups: Tensor) -> Tensor:
    """Put the mean of its group in the place of every embedding.

    Args:
        embeddings: float (N, D).
        groups: group numbers, int64 (N,).

    Returns:
        Means, float (N, D).

    Taught in: notebook 05.
    """
    names, place = groups.unique(return_inverse=True)
    sums = embeddings.new_zeros(len(names), embeddings.shape[1])
    sums.index_add_(0, place, embeddings)
    return (sums / place.bincount()[:, None])[place]


def _variance(embeddings: Tensor) -> float:
    """Return the mean squared distance to the mean."""
    return float((embeddings - embeddings.mean(dim=0)).square().sum(dim=1).mean())
