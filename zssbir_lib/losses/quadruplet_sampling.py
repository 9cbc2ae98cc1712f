"""Which quadruplets of a batch RAMLN compares: the hardest, or random ones."""

from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.losses.mining import NONE, mine_hardest

SAMPLINGS = ("hard", "uniform")


class Quadruplets(NamedTuple):
    """For every anchor three other images, as positions in the batch; -1 for none.

    Attributes:
        positive: of the anchor's class and the other modality, int64 (B,).
        same_negative: of another class and the anchor's modality, int64 (B,).
        other_negative: of another class and the other modality, int64 (B,).

    Taught in: notebook 06.
    """

    positive: Tensor
    same_negative: Tensor
    other_negative: Tensor


def sample_quadruplets(
    sampling: str,
    embeddings: Tensor,
    labels: Tensor,
    modality: Tensor,
    generator: torch.Generator,
) -> Quadruplets:
    """Choose a quadruplet for every anchor, by name of the rule.

    Args:
        sampling: "hard" or "uniform".
        embeddings: float (B, D); no gradient flows back to them.
        labels: class numbers, int64 (B,).
        modality: 0 sketch, 1 photo, int64 (B,).
        generator: source of the random numbers, on the CPU; only uniform draws any.

    Returns:
        Positions in the batch.

    Raises:
        ValueError: the sampling is unknown.

    Taught in: notebook 06.
    """
    if sampling == "hard":
        return hardest_quadruplets(embeddings, labels, modality)
    if sampling == "uniform":
        drawn = random_quadruplets(labels.cpu(), modality.cpu(), generator)
        return Quadruplets(*(part.to(embeddings.device) for part in drawn))
    raise ValueError(
        f"sampling must be one of {', '.join(SAMPLINGS)}; got {sampling!r}"
    )


def hardest_quadruplets(
    embeddings: Tensor, labels: Tensor, modality: Tensor
) -> Quadruplets:
    """Mine the hardest quadruplet of every anchor, without gradient.

    Args:
        embeddings: float (B, D).
        labels: class numbers, int64 (B,).
        modality: 0 sketch, 1 photo, int64 (B,).

    Returns:
        Positions in the batch.

    Taught in: notebook 06.
    """
    hardest = mine_hardest(embeddings, labels, modality)
    return Quadruplets(
        hardest.cross_positive, hardest.within_negative, hardest.cross_negative
    )


def random_quadruplets(
    labels: Tensor, modality: Tensor, generator: torch.Generator
) -> Quadruplets:
    """Draw a quadruplet for every anchor, each image uniformly from the batch.

    Args:
        labels: class numbers, int64 (B,), on the CPU.
        modality: 0 sketch, 1 photo, int64 (B,), on the CPU.
        generator: source of the random numbers.

    Returns:
        Positions in the batch.

    Taught in: notebook 06.
    """
    same_class = labels[:, None] == labels  # (B, B)
    same_modality = modality[:, None] == modality

    def draw(allowed: Tensor) -> Tensor:
        order = torch.rand(allowed.shape, generator=generator)
        highest = torch.where(allowed, order, -1.0).max(dim=1)
        return torch.where(highest.values < 0, NONE, highest.indices)

    return Quadruplets(
        draw(same_class & ~same_modality),
        draw(~same_class & same_modality),
        draw(~same_class & ~same_modality),
    )
