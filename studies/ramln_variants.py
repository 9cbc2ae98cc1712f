"""RAMLN with one thing changed: rows of the search for margins that do something.

Each is a method of its own, named in a study as `ramln_variants.py:NAME`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zssbir_lib.models import MarginNetwork, MemoryRead, write_least_used
from zssbir_lib.training import RAMLN, MarginLearner, exact_meta_gradient


@dataclass(frozen=True)
class Shuffled(RAMLN):
    """Margins handed to the anchors of a batch at random: a control.

    The margins are the same, but without what they know.
    """

    def learner(self, classes: int, seed: int = 0, device: str = "cpu"):
        """Return what learns the margins."""
        return ShuffledLearner(self, classes, seed, device)


class ShuffledLearner(MarginLearner):
    """Hands out margins in another order."""

    def margin(self, embeddings: Tensor, read: MemoryRead) -> Tensor:
        """Return the anchors' margins, shuffled, (B, D) -> (B,)."""
        margin = super().margin(embeddings, read)
        return margin[torch.randperm(len(margin), generator=self.chance)]


@dataclass(frozen=True)
class RawInputs(RAMLN):
    """R(x) sees its inputs as they are, not standardised."""

    def learner(self, classes: int, seed: int = 0, device: str = "cpu"):
        """Return what learns the margins."""
        return RawInputsLearner(self, classes, seed, device)


class RawInputsLearner(MarginLearner):
    """Makes an R(x) that does not standardise."""

    def build_margins(self, size: int) -> nn.Module:
        """Return R(x)."""
        settings, start = self.settings, self.method.margin
        bounds = settings.low, settings.high
        return MarginNetwork(size, start, *bounds, settings.centred, standardised=False)


@dataclass(frozen=True)
class LeastUsed(RAMLN):
    """A memory that is written by usage, as in memory-augmented networks."""

    def learner(self, classes: int, seed: int = 0, device: str = "cpu"):
        """Return what learns the margins."""
        return LeastUsedLearner(self, classes, seed, device)


class LeastUsedLearner(MarginLearner):
    """Writes to the slot that is used least."""

    def write(self, embeddings: Tensor, labels: Tensor, modality: Tensor) -> None:
        """Write a batch to the memory."""
        write_least_used(self.memory, embeddings, labels, modality)


@dataclass(frozen=True)
class UnitStep(RAMLN):
    """A virtual step as long as its rate: margins can turn it, but not lengthen it."""

    def meta_gradient(self, inner, outer, weights, settings):
        """Return the outer loss's gradient by the margins' weights, and that loss."""
        rate = self.margins.inner_rate
        return exact_meta_gradient(inner, outer, weights, settings, rate, unit=True)


@dataclass(frozen=True)
class ThreeSteps(RAMLN):
    """Three virtual steps instead of one."""

    def meta_gradient(self, inner, outer, weights, settings):
        """Return the outer loss's gradient by the margins' weights, and that loss."""
        rate = self.margins.inner_rate
        return exact_meta_gradient(inner, outer, weights, settings, rate, steps=3)
