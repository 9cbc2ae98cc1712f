"""R(x): a margin for every anchor, from its embedding and what the memory returns."""

import math

import torch
from torch import Tensor, nn

from zssbir_lib.models.memory import MemoryRead

LOWEST, HIGHEST = 0.01, 0.8  # range of the margin
HIDDEN = (256, 128)


class MarginNetwork(nn.Module):
    """Map an embedding and its memory read to a margin in a fixed range.

    Before it is trained every margin is the starting one, whatever the input. Centred,
    it can only say which anchors of a batch get more than others: what all of them
    share would else drown the differences.

    Args:
        size: number D of dimensions of an embedding.
        start: margin at the start, between the bounds.
        low: lower bound of the margin.
        high: upper bound.
        centred: take the mean over the batch off, before the margins are squeezed into
            their range. A margin then depends on the images it is asked for with.
        standardised: take the running mean off each input and divide by its running
            standard deviation, see `observe`.

    Raises:
        ValueError: low, start and high are not in this order.

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
    """One learned margin for all anchors, in the same range: the simplest R(x).

    The arguments are those of `MarginNetwork`.
    """

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
