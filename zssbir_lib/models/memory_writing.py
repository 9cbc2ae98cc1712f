"""How an external memory is written: keep what is rare, or replace the least used."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.models.external_memory import (
    SHARPNESS,
    ExternalMemory,
    class_centroids,
)

SIMILAR = 0.5  # cosine from which a feature joins a slot instead of taking a new one
DECAY = 0.95  # of the usage, at every write
GATE = 0.5  # share of a least-recently-used write that goes to what was just read


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
        modality: 0 sketch, 1 photo, int64 (B,).

    Source: "Learning to remember rare events" (Kaiser et al., 2017), made aware of
        class and modality.

    Taught in: notebook 06.
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


def similar_slot(
    memory: ExternalMemory, feature: Tensor, label: Tensor, kind: Tensor
) -> int | None:
    """Return the nearest slot of a class and modality, None unless it is similar.

    Taught in: notebook 06.
    """
    own = (memory.labels == label) & (memory.modality == kind)
    if not own.any():
        return None
    cosines = torch.where(own, memory.features @ feature, -torch.inf)
    best = int(cosines.argmax())
    return best if cosines[best] >= SIMILAR else None


def oldest_slot(memory: ExternalMemory) -> int:
    """Return the first empty slot, or the one written to longest ago.

    Taught in: notebook 06.
    """
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
    other share is spread over the filled slots by attention, as at reading.

    Args:
        memory: changed in place.
        features: float (B, D).
        labels: classes, int64 (B,).
        modality: 0 sketch, 1 photo, int64 (B,).

    Source: least recently used access, "Meta-learning with memory-augmented neural
        networks" (Santoro et al., 2016), equations 20 to 23, with a fixed gate.

    Taught in: notebook 06.
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
    """Return the first empty slot, or the one with the lowest usage.

    Taught in: notebook 06.
    """
    return int(torch.where(memory.filled, memory.usage, -torch.inf).argmin())


WRITING_RULES: dict[str, Callable[[ExternalMemory, Tensor, Tensor, Tensor], None]] = {
    "rare": write_rare,
    "least_used": write_least_used,
}
