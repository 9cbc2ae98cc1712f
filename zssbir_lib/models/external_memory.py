"""An external memory of features: read by attention, written by rule, never trained."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

EMPTY = -1  # label and modality of a slot that nothing was written to
SHARPNESS = 10.0  # of the attention: its logits are this times a cosine


class MemoryRead(NamedTuple):
    """What the memory answers to a batch.

    Attributes:
        content: mean of the slots at length one, weighted by attention, float (B, D).
        statistics: cosine to the nearest slot of the image's own class, cosine to the
            nearest of any other class, entropy of the attention from 0 to 1, float
            (B, 3). All are 0 where there is no such slot.

    Taught in: notebook 06.
    """

    content: Tensor
    statistics: Tensor


class ExternalMemory(nn.Module):
    """Slots that keep features of the seen classes, with their class and modality.

    Its buffers are saved with checkpoints and receive no gradient. It is used in
    training only; retrieval does without it.

    Args:
        slots: number K of slots.
        size: number D of dimensions of a feature.

    Raises:
        ValueError: a number is below 1.

    Source: RAMLN (Liu et al.) has an external memory that keeps "rare but
        discriminative features" and says no more that we know of; size, reading and
        statistics are our reading.

    Taught in: notebook 06.
    """

    def __init__(self, slots: int, size: int) -> None:
        super().__init__()
        for name, value in (("slots", slots), ("size", size)):
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        self.register_buffer("features", torch.zeros(slots, size))
        self.register_buffer("labels", torch.full((slots,), EMPTY))
        self.register_buffer("modality", torch.full((slots,), EMPTY))
        self.register_buffer("ages", torch.zeros(slots, dtype=torch.int64))
        self.register_buffer("usage", torch.zeros(slots))

    @property
    def filled(self) -> Tensor:
        """Which slots hold something, bool (K,)."""
        return self.labels != EMPTY

    def occupancy(self, classes: int) -> Tensor:
        """Count the slots of each class and modality, int64 (C, 2)."""
        counts = torch.zeros(classes, 2, dtype=torch.int64, device=self.labels.device)
        filled = self.filled
        place = (self.labels[filled], self.modality[filled])
        one = torch.ones_like(place[0])
        return counts.index_put_(place, one, accumulate=True)

    @torch.no_grad()
    def read(self, queries: Tensor, labels: Tensor) -> MemoryRead:
        """Read by attention over the filled slots.

        Args:
            queries: features of length one, float (B, D).
            labels: their classes, int64 (B,).

        Returns:
            Content and statistics, without gradient; zeros from an empty memory.
        """
        filled = self.filled
        if not filled.any():
            return empty_read(queries)
        slots = functional.normalize(self.features[filled], dim=1)  # (F, D)
        cosines = queries @ slots.T  # (B, F)
        attention = torch.softmax(SHARPNESS * cosines, dim=1)
        own = labels[:, None] == self.labels[filled]  # (B, F)
        statistics = (
            highest_where(own, cosines),
            highest_where(~own, cosines),
            relative_entropy(attention),
        )
        return MemoryRead(attention @ slots, torch.stack(statistics, dim=1))


def empty_read(queries: Tensor) -> MemoryRead:
    """Return what an empty memory answers: zeros.

    Taught in: notebook 06.
    """
    return MemoryRead(torch.zeros_like(queries), queries.new_zeros(len(queries), 3))


def highest_where(allowed: Tensor, values: Tensor) -> Tensor:
    """Return the highest allowed value of every row, 0 where none is, (B, F) -> (B,).

    Taught in: notebook 06.
    """
    highest = torch.where(allowed, values, -torch.inf).max(dim=1).values
    return torch.where(allowed.any(dim=1), highest, 0.0)


def relative_entropy(shares: Tensor) -> Tensor:
    """Return the entropy of each row's shares, 1 if all are equal, (B, F) -> (B,).

    Taught in: notebook 06.
    """
    most = torch.tensor(float(shares.shape[1])).log()
    entropy = torch.special.entr(shares).sum(dim=1)
    return entropy / most if most > 0 else torch.zeros_like(entropy)


def class_centroids(
    features: Tensor, labels: Tensor, modality: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Average the features of every class and modality in a batch.

    Args:
        features: float (B, D).
        labels: int64 (B,).
        modality: int64 (B,).

    Returns:
        Means scaled to length one, float (G, D), with their labels and modality, in
        the order of labels and then modality.

    Taught in: notebook 06.
    """
    kinds, place = torch.stack((labels, modality), dim=1).unique(
        dim=0, return_inverse=True
    )
    sums = features.new_zeros(len(kinds), features.shape[1])
    sums.index_add_(0, place, features)
    return functional.normalize(sums, dim=1), kinds[:, 0], kinds[:, 1]
