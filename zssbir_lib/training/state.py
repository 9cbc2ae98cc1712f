"""The state of a training: a network with everything that decides its next step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.models import (
    EmbeddingNet,
    add_gates,
    freeze_first_blocks,
    initialise_backbone,
    load_photo_teacher,
    start_projection,
    teacher_classifier,
)
from zssbir_lib.training.execution import Execution, JointFeatures
from zssbir_lib.training.method import Method, Sampler
from zssbir_lib.training.parallel import join_batch_norms, processes
from zssbir_lib.training.recipe import Recipe
from zssbir_lib.training.schedule import build_optimiser


@dataclass
class TrainingState:
    """A network in training, with everything that decides its next step."""

    method: Method  # how it is trained, the recipe included
    data: SketchPhotoData  # the seen classes
    seed: int  # of the first weights and of all random draws
    net: EmbeddingNet  # the network
    optimiser: torch.optim.Optimizer  # the optimiser with its moments
    generator: torch.Generator  # the one source of random draws
    sampler: Sampler | None  # what draws images; it may be ahead of the step
    kept: Any  # what the method keeps from step to step
    steps_per_epoch: int  # on this data
    step: int = 0  # number of steps done
    epoch_losses: list[dict[str, float]] = field(default_factory=list)  # a step
    history: list[dict[str, Any]] = field(default_factory=list)  # one an epoch
    best_validation: float = float("-inf")  # highest validation value so far
    best_weights: dict[str, Tensor] | None = None  # with early stopping
    stale_epochs: int = 0  # epochs since then
    drawn: dict[str, Tensor] = field(default_factory=dict)  # the sampler's place
    execution: Execution = field(default_factory=Execution)  # no checkpoint has it
    features: JointFeatures = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.features = JointFeatures(self.net, self.execution)

    @property
    def recipe(self) -> Recipe:
        """What the method shares with all others."""
        return self.method.recipe

    @property
    def total_steps(self) -> int:
        """Number of steps of the whole training."""
        return self.recipe.epochs * self.steps_per_epoch

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train, or validation has stopped improving."""
        patience = self.recipe.patience
        stopped_early = 0 < patience <= self.stale_epochs
        return self.step >= self.total_steps or stopped_early

    @property
    def device(self) -> torch.device:
        """Device the network is on."""
        return next(self.net.parameters()).device


def new_state(
    method: Method,
    data: SketchPhotoData,
    seed: int = 0,
    execution: Execution | None = None,
) -> TrainingState:
    """Return the state before the first step; without epochs it has no sampler.

    Args:
        method: how to train.
        data: the seen classes.
        seed: decides first weights and all draws.
        execution: device, precision, workers; None for one CPU process.

    Raises:
        ValueError: batches cannot be drawn from the data, or a teacher does not fit.
    """
    execution, recipe = execution or Execution(), method.recipe
    net = build_net(method, seed, len(data.class_names)).to(execution.device)
    net.trained_on = data.class_names if recipe.epochs else ()
    if processes().count > 1:
        join_batch_norms(net.backbone, execution.device)
    a_pass = -(-len(data.sketches) // method.sketches_per_step)
    trains = recipe.epochs > 0
    return TrainingState(
        method,
        data,
        seed,
        net,
        build_optimiser(net, recipe),
        torch.Generator().manual_seed(seed),
        sampler=method.sampler(data) if trains else None,
        kept=method.begin(data, execution.device, seed) if trains else None,
        steps_per_epoch=recipe.steps_per_epoch or a_pass,
        execution=execution,
    )


def build_net(method: Method, seed: int, classes: int | None = None) -> EmbeddingNet:
    """Build a method's network with its starting weights, on the CPU.

    Args:
        method: its recipe names backbone, weights, embedding size and frozen blocks.
        seed: decides the random weights; the global random state is left alone.
        classes: number of seen classes, for the heads; None for a network without
            heads, whose weights are the same.

    Raises:
        ValueError: weights or teacher do not fit the backbone.
        FileNotFoundError: a weights file does not exist.
    """
    heads = None
    if classes is not None:
        heads = lambda features: method.heads(features, classes)  # noqa: E731
    reads = getattr(method, "classifier_input", "pooled")
    net = assemble_net(method.recipe, seed, heads, reads)
    if classes is not None and method.recipe.projection_start == "classifier":
        teacher = load_photo_teacher(method.recipe.backbone, method.recipe.weights)
        turned = torch.Generator().manual_seed(seed)
        start_projection(net, teacher_classifier(teacher), turned)
    return net


def assemble_net(
    recipe: Recipe,
    seed: int,
    heads: Callable[[int], Mapping[str, nn.Module | int]] | None,
    classifier_input: str = "pooled",
) -> EmbeddingNet:
    """Put a network together: backbone, projection, heads, attention, gates."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = EmbeddingNet(
            recipe.backbone,
            recipe.embedding_size,
            heads,
            classifier_input=classifier_input,
            attention=recipe.attention,
            centring=recipe.feature == "centred",
        )
        initialise_backbone(net, recipe.backbone, recipe.weights)
        if recipe.gates:
            add_gates(net, recipe.frozen_blocks)
    freeze_first_blocks(net, recipe.frozen_blocks)
    return net.to(memory_format=torch.channels_last)
