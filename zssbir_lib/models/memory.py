"""An external memory of features: read by attention, written by rule, never trained."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

EMPTY = -1  # label and modality of a slot that nothing was written to
SHARPNESS = 10.0  # of the attention: its logits are this times a cosine
SIMILAR = 0.5  # cosine from which a feature joins a slot instead of taking a new one
DECAY = 0.95  # of the usage, at every write
GATE = 0.5  # share of a least-recently-used write that goes to what was just read


class MemoryRead(NamedTuple):
    """What the memory answers to a batch.

    Attributes:
        content: mean of the slots at length one, weighted by attention, float (B, D).
        statistics: cosine to the nearest slot of the image's own class, cosine to the
            nearest of any other class, entropy of the attention from 0 to 1, float
            (B, 3). All are 0 where there is no such slot.
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
        """Read for queries of length one, (B, D), and their classes, (B,).

        It is attention over the filled slots, and has no gradient.
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
    """Return what an empty memory answers: zeros."""
    return MemoryRead(torch.zeros_like(queries), queries.new_zeros(len(queries), 3))


def highest_where(allowed: Tensor, values: Tensor) -> Tensor:
    """Return the highest allowed value of each row, 0 where none is, (B, F) -> (B,)."""
    highest = torch.where(allowed, values, -torch.inf).max(dim=1).values
    return torch.where(allowed.any(dim=1), highest, 0.0)


def relative_entropy(shares: Tensor) -> Tensor:
    """Return the entropy of each row's shares, 1 if all are equal, (B, F) -> (B,)."""
    most = torch.tensor(float(shares.shape[1])).log()
    entropy = torch.special.entr(shares).sum(dim=1)
    return entropy / most if most > 0 else torch.zeros_like(entropy)


@torch.no_grad()
def write_rare(
    memory: ExternalMemory, features: Tensor, labels: Tensor, modality: Tensor
) -> None:
    """Write a batch so that rare features stay: known ones are merged, not repeated.

    Of every class and modality in the batch the mean feature is written. If a slot of
    that class and modality is similar, the two are merged. Otherwise the feature takes
    an empty slot, or the one that was written to longest ago.

    Args:
        memory: changed in place.
        features: float (B, D).
        labels: classes, int64 (B,).
        modality: int64 (B,).

    Source: "Learning to remember rare events" (Kaiser et al., 2017), made aware of
        class and modality.
    """
    for feature, label, kind in zip(
        *class_centroids(features, labels, modality), strict=True
    ):
        slot = similar_slot(memory, feature, label, kind)
        if slot is not None:
            merged = functional.normalize(memory.features[slot] + feature, dim=0)
            _put(memory, slot, merged, label, kind)
        else:
            _put(memory, oldest_slot(memory), feature, label, kind)


def class_centroids(
    features: Tensor, labels: Tensor, modality: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Average each class and modality to length one: (G, D), labels and modality."""
    kinds, place = torch.stack((labels, modality), dim=1).unique(
        dim=0, return_inverse=True
    )
    sums = features.new_zeros(len(kinds), features.shape[1])
    sums.index_add_(0, place, features)
    return functional.normalize(sums, dim=1), kinds[:, 0], kinds[:, 1]


def similar_slot(
    memory: ExternalMemory, feature: Tensor, label: Tensor, kind: Tensor
) -> int | None:
    """Return the nearest slot of a class and modality, None unless it is similar."""
    own = (memory.labels == label) & (memory.modality == kind)
    if not own.any():
        return None
    cosines = torch.where(own, memory.features @ feature, -torch.inf)
    best = int(cosines.argmax())
    return best if cosines[best] >= SIMILAR else None


def oldest_slot(memory: ExternalMemory) -> int:
    """Return the first empty slot, or the one written to longest ago."""
    ages = torch.where(memory.filled, memory.ages, torch.iinfo(torch.int64).max)
    return int(ages.argmax())


def _put(
    memory: ExternalMemory, slot: int, feature: Tensor, label: Tensor, kind: Tensor
) -> None:
    """Write to one slot; all others grow older."""
    memory.ages += 1
    memory.ages[slot] = 0
    memory.usage *= DECAY
    memory.usage[slot] += 1
    memory.features[slot] = feature
    memory.labels[slot] = label
    memory.modality[slot] = kind


@torch.no_grad()
def write_least_used(
    memory: ExternalMemory, features: Tensor, labels: Tensor, modality: Tensor
) -> None:
    """Write a batch by usage: part goes to what it resembles, part to the least used.

    Of every class and modality in the batch the mean feature is written. The slot used
    least is emptied and takes one share of it, together with class and modality; the
    other share is spread over the filled slots by attention, as at reading. The
    arguments are those of `write_rare`.

    Source: least recently used access, "Meta-learning with memory-augmented neural
        networks" (Santoro et al., 2016), equations 20 to 23, with a fixed gate.
    """
    for feature, label, kind in zip(
        *class_centroids(features, labels, modality), strict=True
    ):
        filled = memory.filled
        cosines = functional.normalize(memory.features, dim=1) @ feature
        logits = torch.where(filled, SHARPNESS * cosines, -torch.inf)
        read = torch.softmax(logits, dim=0) if filled.any() else 0.0 * memory.usage
        slot = least_used_slot(memory)
        weights = GATE * read
        weights[slot] += 1 - GATE
        memory.features[slot] = 0.0
        memory.features += weights[:, None] * feature
        memory.labels[slot], memory.modality[slot] = label, kind
        memory.usage.mul_(DECAY).add_(read + weights)
        memory.ages += 1
        memory.ages[slot] = 0


def least_used_slot(memory: ExternalMemory) -> int:
    """Return the first empty slot, or the one with the lowest usage."""
    return int(torch.where(memory.filled, memory.usage, -torch.inf).argmin())


WRITING_RULES: dict[str, Callable[[ExternalMemory, Tensor, Tensor, Tensor], None]] = {
    "rare": write_rare,
    "least_used": write_least_used,
}
