"""The part of RAMLN that learns margins: memory, R(x), and the meta step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from zssbir_lib.losses import quadruplet_set_loss
from zssbir_lib.models import (
    EmbeddingNet,
    ExternalMemory,
    FixedMargin,
    MarginNetwork,
    MemoryRead,
    ScalarMargin,
)
from zssbir_lib.models.external_memory import empty_read
from zssbir_lib.models.memory_writing import WRITING_RULES
from zssbir_lib.training.methods.ramln.meta_gradient import (
    InnerLoss,
    OuterLoss,
    Weights,
    exact_meta_gradient,
    first_order_meta_gradient,
)
from zssbir_lib.training.methods.ramln.meta_step import (
    HeadsView,
    LossShape,
    MetaBatch,
    meta_losses,
)
from zssbir_lib.training.recipes.margin_settings import MarginSettings


class MarginLearner:
    """Keeps the memory and the margins, and learns the margins.

    Args:
        settings: how.
        start: the fixed margin, which every margin is at the start.
        lam: see `relation_aware_quadruplet_loss`.
        size: dimensions of the embedding.
        classes: number of seen classes.
        seed: decides the first weights of R(x).
        device: where it works.

    Taught in: notebook 06.
    """

    def __init__(
        self,
        settings: MarginSettings,
        start: float,
        lam: float,
        size: int,
        classes: int,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        self.settings, self.start, self.lam = settings, start, lam
        self.memory = ExternalMemory(2 * classes * settings.slots, size).to(device)
        self.margins = build_margins(settings, start, size, seed).to(device)
        self.optimiser = torch.optim.AdamW(
            self.margins.parameters(), settings.rate, weight_decay=settings.weight_decay
        )
        self.step = 0

    @property
    def warm(self) -> bool:
        """Whether margins are learned now, and no longer the fixed one."""
        return self.settings.form != "fixed" and self.step >= self.settings.warm_up

    @property
    def learns_now(self) -> bool:
        """Whether this is a step at which margins are learned."""
        return self.warm and self.step % self.settings.every == 0

    def read(self, embeddings: Tensor, labels: Tensor) -> MemoryRead:
        """Return what R(x) is told of the memory; zeros if it does without."""
        if self.settings.form != "memory":
            return empty_read(embeddings)
        return self.memory.read(embeddings, labels)

    def observe(self, embeddings: Tensor, read: MemoryRead) -> None:
        """Tell R(x) what its inputs are like."""
        if isinstance(self.margins, MarginNetwork):
            self.margins.observe(embeddings, read)

    @torch.no_grad()
    def margin(self, embeddings: Tensor, read: MemoryRead) -> Tensor:
        """Return every anchor's margin, without gradient, (B, D) -> (B,)."""
        if not self.warm:
            return embeddings.new_full((len(embeddings),), self.start)
        return self.margins(embeddings, read)

    def remember(self, embeddings: Tensor, labels: Tensor, modality: Tensor) -> None:
        """Write a batch to the memory, if R(x) reads it, and count the step."""
        if self.settings.form == "memory":
            write = WRITING_RULES[self.settings.writing]
            write(self.memory, embeddings.detach(), labels, modality)
        self.step += 1

    def learn_jointly(self, batch: MetaBatch) -> Tensor:
        """Step the margins down the loss they are part of.

        One margin, or R(x) that is not centred, can only shrink by that.

        Args:
            batch: the images of a step.

        Returns:
            That loss, without gradient.
        """
        margin = self.margins(batch.embeddings, batch.read)
        loss = quadruplet_set_loss(
            batch.embeddings,
            batch.modality,
            batch.quadruplets,
            margin,
            self.lam,
            self.settings.beta,
        )
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def learn_from_transfer(
        self,
        net: EmbeddingNet,
        training: MetaBatch,
        testing: MetaBatch,
        shape: LossShape,
    ) -> Tensor:
        """Step the margins so that enforcing them on some classes helps on others.

        The network is left as it is, the statistics of its BatchNorm included.

        Args:
            net: the network.
            training: the classes on which margins are enforced.
            testing: the other classes.
            shape: how the losses of both are made.

        Returns:
            The outer loss, without gradient.
        """
        view = HeadsView(net, from_pooled=self.settings.scope == "heads")
        inner, outer = meta_losses(
            view, self.margins, training, testing, self.start, shape
        )
        with evaluation_mode(net):
            gradient, loss = self._meta_gradient(inner, outer, view.weights())
        self.optimiser.zero_grad()
        for name, weight in self.margins.named_parameters():
            weight.grad = gradient[name]
        self.optimiser.step()
        return loss

    def _meta_gradient(
        self, inner: InnerLoss, outer: OuterLoss, learner: Weights
    ) -> tuple[Weights, Tensor]:
        """Return the gradient by the margins' weights, exact or estimated."""
        settings, rate = dict(self.margins.named_parameters()), self.settings.inner_rate
        unit = self.settings.unit_step
        if self.settings.gradient == "first_order":
            return first_order_meta_gradient(
                inner, outer, learner, settings, rate, unit=unit
            )
        steps = self.settings.inner_steps
        return exact_meta_gradient(inner, outer, learner, settings, rate, steps, unit)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold."""
        return {
            "memory": self.memory.state_dict(),
            "margins": self.margins.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.memory.load_state_dict(state["memory"])
        self.margins.load_state_dict(state["margins"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]


@contextmanager
def evaluation_mode(net: nn.Module) -> Iterator[None]:
    """Switch to evaluation mode for a while, then every layer back to its own.

    Taught in: notebook 06.
    """
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def build_margins(
    settings: MarginSettings, start: float, size: int, seed: int
) -> nn.Module:
    """Return the module that maps embeddings and memory reads to margins.

    Taught in: notebook 06.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if settings.form == "fixed":
            return FixedMargin(start)
        if settings.form in ("embedding", "memory"):
            return MarginNetwork(
                size,
                start,
                settings.low,
                settings.high,
                settings.centred,
                settings.standardised,
            )
        return ScalarMargin(start, settings.low, settings.high)
