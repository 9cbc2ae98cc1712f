"""RAMLN: quadruplets in both directions, with margins learned by a meta step."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from zssbir_lib.data import ClassBatchSampler, SketchPhotoData
from zssbir_lib.losses import SAMPLINGS, quadruplet_set_loss, sample_quadruplets
from zssbir_lib.models import (
    EmbeddingNet,
    ExternalMemory,
    FixedMargin,
    MarginNetwork,
    MemoryRead,
    ScalarMargin,
    empty_read,
    write_rare,
)
from zssbir_lib.records import (
    Count,
    Distance,
    NotNegative,
    Positive,
    Whole,
    check_fields,
)
from zssbir_lib.training.method import Step, StepImages
from zssbir_lib.training.methods.mathm import WholeClassMethod
from zssbir_lib.training.methods.meta_step import (
    HeadsView,
    InnerLoss,
    LossShape,
    MetaBatch,
    OuterLoss,
    Weights,
    evaluation_mode,
    exact_meta_gradient,
    first_order_meta_gradient,
    meta_losses,
    part_of,
    split_classes,
)
from zssbir_lib.training.parallel import tensor_from_first


@dataclass(frozen=True)
class MarginSettings:
    """How margins are made and learned.

    Attributes:
        form: one fixed number, one learned, R(x) of the embedding, or of memory too.
        learning: by what margins do to other classes, or jointly, by their own loss.
        gradient: of a meta step.
        scope: what a virtual step changes: projection and classifier, or every weight.
        inner_rate: step size of the virtual step.
        warm_up: steps with the fixed margin at the start, in which the memory fills.
        centred: keep the mean of a batch's margins (before they are squeezed into
            their range) where it starts, so that only differences are learned.
        classified: judge margins by classification too, not by quadruplets alone.
        rate: learning rate of the margins.
        weight_decay: of the margins' weights.
        low: lower bound of a margin; below 0, wrongly ranked anchors can be let alone.
        high: upper bound.
        beta: sharpness of the smooth hinge.
        slots: of the memory, for each class and modality.

    Raises:
        ValueError: a name is unknown or a number is out of range.
    """

    form: Literal["fixed", "scalar", "embedding", "memory"] = "memory"
    learning: Literal["meta", "joint"] = "meta"
    gradient: Literal["exact", "first_order"] = "exact"
    scope: Literal["heads", "all"] = "heads"
    inner_rate: Positive = 0.1
    warm_up: Whole = 50
    centred: bool = True
    classified: bool = True
    rate: Positive = 1e-3
    weight_decay: NotNegative = 1e-4
    low: float = 0.01
    high: float = 0.8
    beta: Positive = 20.0
    slots: Count = 2

    def __post_init__(self) -> None:
        check_fields(self, "margins.")
        if not float("-inf") < self.low < self.high < float("inf"):
            raise ValueError(
                "margins.low must be below margins.high, and both finite; got "
                f"{self.low} and {self.high}"
            )


@dataclass(frozen=True)
class RAMLN(WholeClassMethod):
    """Relation-aware quadruplets with learned margins, and classification.

    Attributes:
        losses: relation_aware; classification; knowledge.
        margin: the gap that quadruplets ask for, where learned margins start.
        sampling: of quadruplets: the hardest of the batch, or random ones.
        lam: share of the other modality's negative, 0 to 1.
        margins: how margins are made and learned.

    Source: RAMLN (Liu et al.): bidirectional training on quadruplets whose margin comes
        from meta-optimisation, and classification. The meta step is our reading, and
        the training is MATHM's, for none is published.
    """

    losses: tuple[str, ...] = ("relation_aware", "classification")
    metric_weight: NotNegative = 3.0
    margin: Distance = 0.3
    sampling: Literal[*SAMPLINGS] = "hard"
    lam: NotNegative = 0.5
    margins: MarginSettings = MarginSettings()

    name = "ramln"
    metric_losses = ("relation_aware",)

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Change MATHM's training: in the profile of a paper two epochs' warm-up.

        There weight and margin are MATHM's; those of short trainings were chosen
        together on validation classes.
        """
        settings = super().defaults(backbone, profile)
        if profile == "paper":
            warm_up = dict(margins=dict(warm_up=400))
            return settings | dict(metric_weight=1.0, margin=0.2) | warm_up
        if profile == "smoke":  # reaches the meta step
            settings |= dict(margins=dict(warm_up=1))
        return settings

    @property
    def needs_images(self) -> bool:
        """Whether a virtual step changes the backbone, or a teacher is asked."""
        return self.margins.scope == "all" or super().needs_images

    def check(self) -> None:
        """Raise also unless lam is a share and the margin lies in the learned range."""
        super().check()
        if self.lam > 1:
            raise ValueError(f"lam must lie between 0 and 1, got {self.lam}")
        if "relation_aware" not in self.losses or self.margins.form == "fixed":
            return
        classes = self.recipe.batch_size // self.images_per_class
        if self.margins.learning == "meta" and classes < 4:
            raise ValueError(
                "a meta step needs four classes or more in a batch, two for each half; "
                f"batch_size {self.recipe.batch_size} with images_per_class "
                f"{self.images_per_class} has {classes}: raise the one or lower the "
                "other"
            )
        low, high = self.margins.low, self.margins.high
        if not low < self.margin < high:
            raise ValueError(
                f"margin is {self.margin}, where learned margins start: it must lie "
                f"between margins.low ({low}) and margins.high ({high})"
            )

    def choose(
        self, sampler: ClassBatchSampler, generator: torch.Generator
    ) -> StepImages:
        """Draw the images, and one number more, whatever the settings.

        Chance within the step starts from it, so that settings which differ in their
        margins see the same images.
        """
        chosen = sampler.sample(generator)
        seed = int(torch.randint(2**31, (), generator=generator))
        return StepImages(*chosen, seed=seed)

    def begin(self, data: SketchPhotoData, device: str, seed: int) -> "MarginLearner":
        """Return memory and margins, and what the teacher says."""
        learner = self.learner(len(data.class_names), seed, device)
        learner.taught = super().begin(data, device, seed)
        return learner

    def learner(self, classes: int, seed: int = 0, device: str = "cpu"):
        """Return what learns the margins, untrained."""
        return MarginLearner(self, classes, seed, device)

    def loss_terms(
        self, net: EmbeddingNet, step: Step, kept: "MarginLearner | None" = None
    ) -> dict[str, Tensor]:
        """Return each loss times its weight; learn margins before."""
        terms = self.semantic_terms(net, step, kept.taught if kept else None)
        if "relation_aware" not in self.losses:
            return terms
        loss = self.quadruplet_term(net, step, kept)
        return {"relation_aware": self.metric_weight * loss} | terms

    def quadruplet_term(
        self, net: EmbeddingNet, step: Step, learner: "MarginLearner"
    ) -> Tensor:
        """Learn the margins, return the loss with them, remember the batch."""
        embeddings = net.project(step.pooled)  # (B, D)
        inputs = step.images if self.margins.scope == "all" else step.pooled
        whole = self.meta_batch(learner, inputs, embeddings.detach(), step)
        learner.observe(whole.embeddings, whole.read)
        if learner.warm and net.projection.weight.requires_grad:  # not in frozen epochs
            step.observed["meta"] = learner.learn(net, whole)
        margin = tensor_from_first(learner.margin(whole.embeddings, whole.read))
        learner.remember(whole.embeddings, whole.labels, whole.modality)
        step.observed.update(describe_margins(margin))
        return self.loss_with(margin, embeddings, whole)

    def loss_with(self, margin: Tensor, embeddings: Tensor, batch: MetaBatch) -> Tensor:
        """Return the loss of a batch's quadruplets with every anchor's margin (B,)."""
        lam, beta = self.lam, self.margins.beta
        return quadruplet_set_loss(
            embeddings, batch.modality, batch.quadruplets, margin, lam, beta
        )

    def meta_batch(
        self, learner: "MarginLearner", inputs: Tensor, points: Tensor, step: Step
    ) -> MetaBatch:
        """Put pooled features or images (B, ...), mapped to points (B, D), together.

        Quadruplets and memory read come with them; chance starts from the step's seed.
        """
        labels, modality = step.labels, step.modality
        chance = learner.chance.manual_seed(step.seed)
        found = sample_quadruplets(self.sampling, points, labels, modality, chance)
        read = learner.read(points, labels)
        return MetaBatch(inputs.detach(), labels, modality, found, points, read)

    @property
    def loss_shape(self) -> LossShape:
        """How the losses of a meta step are made."""
        classifies = "classification" in self.losses and self.margins.classified
        weight = self.classification_weight if classifies else 0.0
        return LossShape(self.lam, self.margins.beta, self.metric_weight, weight)

    def meta_gradient(
        self, inner: InnerLoss, outer: OuterLoss, weights: Weights, settings: Weights
    ) -> tuple[Weights, Tensor]:
        """Return the outer loss's gradient by the margins' weights, and that loss."""
        first_order = self.margins.gradient == "first_order"
        gradient = first_order_meta_gradient if first_order else exact_meta_gradient
        return gradient(inner, outer, weights, settings, self.margins.inner_rate)


@dataclass(frozen=True)
class BidQua(RAMLN):
    """Quadruplets in both directions with one fixed margin: RAMLN without learning."""

    margins: MarginSettings = MarginSettings(form="fixed")

    name = "bid-qua"


@dataclass(frozen=True)
class BidTri(BidQua):
    """The same without the negative of the anchor's own modality: triplets."""

    lam: NotNegative = 1.0

    name = "bid-tri"


class MarginLearner:
    """Keeps the memory and the margins for so many seen classes; learns the margins."""

    PARTS = ("memory", "margins", "optimiser")

    def __init__(
        self, method: RAMLN, classes: int, seed: int = 0, device: str = "cpu"
    ) -> None:
        self.method, self.settings = method, method.margins
        size, slots = method.recipe.embedding_size, 2 * classes * method.margins.slots
        self.memory = ExternalMemory(slots, size).to(device)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.margins = self.build_margins(size).to(device)
        rate, decay = self.settings.rate, self.settings.weight_decay
        learned = self.margins.parameters()
        self.optimiser = torch.optim.AdamW(learned, rate, weight_decay=decay)
        self.chance = torch.Generator()  # of splits and quadruplets of one batch
        self.taught = None  # what the knowledge loss keeps
        self.step = 0

    def build_margins(self, size: int) -> nn.Module:
        """Return the module that maps embeddings and memory reads to margins."""
        settings, start = self.settings, self.method.margin
        if settings.form == "fixed":
            return FixedMargin(start)
        if settings.form == "scalar":
            return ScalarMargin(start, settings.low, settings.high)
        return MarginNetwork(size, start, settings.low, settings.high, settings.centred)

    @property
    def warm(self) -> bool:
        """Whether margins are learned now, and no longer the fixed one."""
        return self.settings.form != "fixed" and self.step >= self.settings.warm_up

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
            return embeddings.new_full((len(embeddings),), self.method.margin)
        return self.margins(embeddings, read)

    def remember(self, embeddings: Tensor, labels: Tensor, modality: Tensor) -> None:
        """Write a batch to the memory, if R(x) reads it, and count the step."""
        if self.settings.form == "memory":
            self.write(embeddings.detach(), labels, modality)
        self.step += 1

    def write(self, embeddings: Tensor, labels: Tensor, modality: Tensor) -> None:
        """Write a batch to the memory so that rare features stay."""
        write_rare(self.memory, embeddings, labels, modality)

    def learn(self, net: EmbeddingNet, whole: MetaBatch) -> Tensor:
        """Learn the margins from a batch and return the loss they were judged by."""
        if self.settings.learning == "joint":
            return self.learn_jointly(whole)
        return self.learn_from_transfer(
            net, *self.halves(whole), self.method.loss_shape
        )

    def halves(self, whole: MetaBatch) -> list[MetaBatch]:
        """Split a batch by class, at random, into two with quadruplets of their own."""
        halves = split_classes(whole.labels, self.chance)
        how = (self.method.sampling, self.chance)
        return [part_of(whole, chosen, *how) for chosen in halves]

    def learn_jointly(self, batch: MetaBatch) -> Tensor:
        """Step the margins down the loss they are part of, and return it.

        One margin, or R(x) that is not centred, can only shrink by that.
        """
        margin = self.margins(batch.embeddings, batch.read)
        loss = self.method.loss_with(margin, batch.embeddings, batch)
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

        The network stays as it is, its BatchNorm too. Returns the outer loss, detached.
        """
        view = HeadsView(net, from_pooled=self.settings.scope == "heads")
        start = self.method.margin
        losses = meta_losses(view, self.margins, training, testing, start, shape)
        with evaluation_mode(net):
            gradient, loss = self.method.meta_gradient(
                *losses, view.weights(), dict(self.margins.named_parameters())
            )
        self.optimiser.zero_grad()
        for name, weight in self.margins.named_parameters():
            weight.grad = gradient[name]
        self.optimiser.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint has to hold."""
        state = {name: getattr(self, name).state_dict() for name in self.PARTS}
        return state | {"step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        for name in self.PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.step = state["step"]


def describe_margins(margin: Tensor) -> dict[str, Tensor]:
    """Return mean, deviation, lowest and highest of a batch's margins (B,)."""
    found = dict(mean=margin.mean(), std=margin.std())
    found |= dict(low=margin.min(), high=margin.max())
    return {f"margin/{name}": value for name, value in found.items()}
