"""R(x): a margin for every anchor, from its embedding and what the memory returns."""

import math

import torch
from torch import Tensor, nn

from zssbir_lib.models.external_memory import MemoryRead

LOWEST, HIGHEST = 0.01, 0.8  # range of the margin
HIDDEN = (256, 128)


class MarginNetwork(nn.Module):
    """Map an embedding and its memory read to a margin in a fixed range.

    Before it is trained every margin is the starting one, whatever the input.

    Args:
        size: number D of dimensions of an embedding.
        start: margin at the start, between the bounds.
        low: lower bound of the margin, 0 or more.
        high: upper bound.

    Raises:
        ValueError: low, start and high are not in this order.

    Source: RAMLN (Liu et al.) writes R(x) and gives no form that we know of. The range
        is that of a public code with the same quadruplet; the network is ours.

    Taught in: notebook 06.
    """

    def __init__(
        self, size: int, start: float, low: float = LOWEST, high: float = HIGHEST
    ) -> None:
        super().__init__()
        if not 0 <= low < start < high:
            raise ValueError(
                f"the starting margin must lie between {low} and {high}, got {start}"
            )
        self.low, self.high = low, high
        self.layers = nn.Sequential(
            nn.Linear(2 * size + 3, HIDDEN[0]),
            nn.ReLU(),
            nn.Linear(HIDDEN[0], HIDDEN[1]),
            nn.ReLU(),
            nn.Linear(HIDDEN[1], 1),
        )
        share = (start - low) / (high - low)
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.constant_(self.layers[-1].bias, math.log(share / (1 - share)))

    def forward(self, embeddings: Tensor, read: MemoryRead) -> Tensor:
        """Return a margin for every embedding, (B, D) -> (B,).

        Args:
            embeddings: float (B, D); no gradient flows back to them.
            read: what the memory returned for them.
        """
        seen = torch.cat((embeddings.detach(), read.content, read.statistics), dim=1)
        shares = torch.sigmoid(self.layers(seen)).squeeze(1)
        return self.low + (self.high - self.low) * shares


class ScalarMargin(nn.Module):
    """One learned margin for all anchors, in the same range: the simplest R(x).

    Args:
        start: margin at the start, between the bounds.
        low: lower bound of the margin, 0 or more.
        high: upper bound.

    Raises:
        ValueError: low, start and high are not in this order.

    Taught in: notebook 06.
    """

    def __init__(
        self, start: float, low: float = LOWEST, high: float = HIGHEST
    ) -> None:
        super().__init__()
        if not 0 <= low < start < high:
            raise ValueError(
                f"the starting margin must lie between {low} and {high}, got {start}"
            )
        self.low, self.high = low, high
        share = (start - low) / (high - low)
        self.logit = nn.Parameter(torch.tensor(math.log(share / (1 - share))))

    def forward(self, embeddings: Tensor, read: MemoryRead) -> Tensor:
        """Return the same margin for every embedding, (B, D) -> (B,)."""
        margin = self.low + (self.high - self.low) * torch.sigmoid(self.logit)
        return margin.expand(len(embeddings))
