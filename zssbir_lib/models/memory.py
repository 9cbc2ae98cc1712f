"""RAMLN: an external memory of features, and the networks R(x) that set margins by it.

The memory is read by attention, written by rule and never trained. A margin comes from
an anchor's embedding and what the memory returns for it.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

EMPTY = -1  # label and modality of a slot that nothing was written to
SHARPNESS = 10.0  # of the attention: its logits are this times a cosine
SIMILAR = 0.5  # cosine from which a feature joins a slot instead of taking a new one
DECAY = 0.95  # of the usage, at every write
GATE = 0.5  # share of a least-recently-used write that goes to what was just read
LOWEST, HIGHEST = 0.01, 0.8  # range of the margin
HIDDEN = (256, 128)


class MemoryRead(NamedTuple):
    """What the memory answers to a batch.

    The content is the mean of the slots at length one, weighted by attention. The
    statistics are the cosine to the nearest slot of the image's own class, to the
    nearest of any other class, and the entropy of the attention from 0 to 1; 0 where
    there is no such slot.
    """

    content: Tensor  # float (B, D)
    statistics: Tensor  # float (B, 3)


class ExternalMemory(nn.Module):
    """Slots that keep features of the seen classes, with their class and modality.

    Its buffers are saved with checkpoints and receive no gradient. It is used in
    training only; retrieval does without it. It has K slots for features of size D.

    Source: RAMLN (Liu et al.) has an external memory that keeps "rare but
        discriminative features" and says no more that we know of; size, reading and
        statistics are our reading.
    """

    def __init__(self, slots: int, size: int) -> None:
        super().__init__()
        if slots < 1 or size < 1:
            raise ValueError(f"slots, size must be 1 or more, got {slots}, {size}")
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
        return counts.index_put_(place, counts.new_tensor(1), accumulate=True)

    @torch.no_grad()
    def read(self, queries: Tensor, labels: Tensor) -> MemoryRead:
        """Read by attention for queries of length one, (B, D), and labels, (B,)."""
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
    groups = class_centroids(features, labels, modality)
    for feature, label, kind in zip(*groups, strict=True):
        slot = similar_slot(memory, feature, label, kind)
        if slot is None:
            slot = oldest_slot(memory)
        else:
            feature = functional.normalize(memory.features[slot] + feature, dim=0)
        memory.ages += 1  # all others grow older
        memory.ages[slot] = 0
        memory.usage *= DECAY
        memory.usage[slot] += 1
        memory.features[slot] = feature
        memory.labels[slot], memory.modality[slot] = label, kind


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
    groups = class_centroids(features, labels, modality)
    for feature, label, kind in zip(*groups, strict=True):
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


# --- margins -------------------------------------------------------------------------


class MarginNetwork(nn.Module):
    """Map an embedding and its memory read to a margin in a fixed range.

    Before it is trained every margin is the starting one, whatever the input. Centred,
    it can only say which anchors of a batch get more than others: what all of them
    share would else drown the differences.

    Args:
        size: number D of dimensions of an embedding.
        start: margin at the start, between the bounds.
        low: lower bound of the margin.
        high: upper bound of the margin.
        centred: take the mean over the batch off, before the margins are squeezed into
            their range. A margin then depends on the images it is asked for with.
        standardised: take the running mean off each input and divide by its running
            standard deviation, see `observe`.

    Source: RAMLN (Liu et al.) writes R(x) and gives no form that we know of. The range
        is that of a public code with the same quadruplet; the network is ours.
    """

    def __init__(
        self,
        size: int,
        start: float,
        low: float = LOWEST,
        high: float = HIGHEST,
        centred: bool = True,
        standardised: bool = True,
    ) -> None:
        super().__init__()
        self.level = _logit(start, low, high)
        self.low, self.high, self.centred = low, high, centred
        inputs = 2 * size + 3  # embedding, content of the memory, statistics
        scaling = nn.BatchNorm1d(inputs, affine=False)
        self.standardise = scaling.eval() if standardised else nn.Identity()
        self.layers = nn.Sequential(
            nn.Linear(inputs, HIDDEN[0]),
            nn.ReLU(),
            nn.Linear(HIDDEN[0], HIDDEN[1]),
            nn.ReLU(),
            nn.Linear(HIDDEN[1], 1),
        )
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.constant_(self.layers[-1].bias, self.level)

    def forward(self, embeddings: Tensor, read: MemoryRead) -> Tensor:
        """Return margins, (B, D) -> (B,); no gradient flows back to embeddings."""
        seen = torch.cat((embeddings.detach(), read.content, read.statistics), dim=1)
        logits = self.layers(self.standardise(seen)).squeeze(1)
        if self.centred:
            logits = logits - logits.mean() + self.level
        shares = torch.sigmoid(logits)
        return self.low + (self.high - self.low) * shares

    @torch.no_grad()
    def observe(self, embeddings: Tensor, read: MemoryRead) -> None:
        """Take a batch into the running means and variances of the inputs."""
        self.standardise.train()
        self.standardise(torch.cat((embeddings, *read), dim=1))
        self.standardise.eval()


class FixedMargin(nn.Module):
    """The same margin for all anchors, never changed."""

    def __init__(self, margin: float) -> None:
        super().__init__()
        self.margin = nn.Parameter(torch.tensor(float(margin)), requires_grad=False)

    def forward(self, embeddings: Tensor, read: MemoryRead) -> Tensor:
        """Return the same margin for every embedding, (B, D) -> (B,)."""
        return self.margin.expand(len(embeddings))


class ScalarMargin(nn.Module):
    """One learned margin for all anchors, as `MarginNetwork` has: the simplest R(x)."""

    def __init__(
        self, start: float, low: float = LOWEST, high: float = HIGHEST
    ) -> None:
        super().__init__()
        self.low, self.high = low, high
        self.logit = nn.Parameter(torch.tensor(_logit(start, low, high)))

    def forward(self, embeddings: Tensor, read: MemoryRead) -> Tensor:
        """Return the same margin for every embedding, (B, D) -> (B,)."""
        margin = self.low + (self.high - self.low) * torch.sigmoid(self.logit)
        return margin.expand(len(embeddings))


def _logit(start: float, low: float, high: float) -> float:
    """Return what the sigmoid squeezes to the starting margin in its range."""
    if not low < start < high:
        raise ValueError(
            f"the starting margin must lie between {low} and {high}, got {start}"
        )
    share = (start - low) / (high - low)
    return math.log(share / (1 - share))
