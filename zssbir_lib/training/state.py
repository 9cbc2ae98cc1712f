"""The state of a training run: all that a checkpoint has to hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from zssbir_lib.models import (
    EmbeddingNet,
    add_gates,
    freeze_first_blocks,
    initialise_backbone,
    load_photo_teacher,
    start_projection,
    start_soft_head,
    teacher_classifier,
)
from zssbir_lib.training.hardware.execution import Execution
from zssbir_lib.training.hardware.features import JointFeatures
from zssbir_lib.training.hardware.joint_batchnorm import join_batch_norms
from zssbir_lib.training.hardware.processes import processes
from zssbir_lib.training.methods.teaching import recipe_teacher
from zssbir_lib.training.recipes.recipe import Recipe
from zssbir_lib.training.schedule import build_optimiser


@dataclass
class TrainingState:
    """A network in training, with everything that decides its next step.

    Attributes:
        recipe: how it is trained.
        seed: seed of the first weights and of all random draws.
        net: the network.
        optimiser: the optimiser with its moments.
        generator: the one source of random draws.
        steps_per_epoch: length of an epoch on this data.
        step: number of steps done.
        epoch_losses: losses of the running epoch, one dictionary a step.
        history: one dictionary for every finished epoch.
        best_validation: highest validation value so far.
        best_weights: the weights that reached it; kept only with early stopping.
        stale_epochs: epochs since then.
        sampler: where the method's sampler stands in its pass.
        method_state: what the method has to remember between steps.
        execution: how it is computed, which a checkpoint does not hold.
        features: the network up to its pooled features, computed that way.

    Taught in: notebook 02.
    """

    recipe: Recipe
    seed: int
    net: EmbeddingNet
    optimiser: torch.optim.Optimizer
    generator: torch.Generator
    steps_per_epoch: int
    step: int = 0
    epoch_losses: list[dict[str, float]] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    best_validation: float = float("-inf")
    best_weights: dict[str, Tensor] | None = None
    stale_epochs: int = 0
    sampler: dict[str, Tensor] = field(default_factory=dict)
    method_state: dict[str, Any] = field(default_factory=dict)
    execution: Execution = field(default_factory=Execution)
    features: JointFeatures = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.features = JointFeatures(self.net, self.execution)

    @property
    def total_steps(self) -> int:
        """Number of steps of the whole training."""
        return self.recipe.epochs * self.steps_per_epoch

    @property
    def stopped_early(self) -> bool:
        """Whether validation has not improved for `patience` epochs."""
        patience = self.recipe.patience
        return 0 < patience <= self.stale_epochs

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to train."""
        return self.step >= self.total_steps or self.stopped_early

    @property
    def device(self) -> torch.device:
        """Device the network is on."""
        return next(self.net.parameters()).device


def build_net(
    recipe: Recipe, seed: int, head_sizes: Mapping[str, int] | None = None
) -> EmbeddingNet:
    """Build the network of a recipe with its starting weights.

    Args:
        recipe: names backbone, weights, embedding size and frozen blocks.
        seed: decides the random weights; the global random state is left alone.
        head_sizes: number of outputs of the heads "identity" and "soft", if any. They
            do not change the starting weights of what stands before them.

    Returns:
        The network, on the CPU.

    Raises:
        ValueError: the weights do not fit the backbone.
        FileNotFoundError: the weights file does not exist.

    Taught in: notebook 02.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = EmbeddingNet(
            recipe.backbone,
            recipe.embedding_size,
            head_sizes=head_sizes,
            classifier_input=recipe.classifier_input,
            classifier_bias=recipe.classifier_bias,
            classifier_scale=recipe.classifier_scale or None,
            attention=recipe.attention,
            centring=recipe.feature == "centred",
        )
        initialise_backbone(net, recipe.backbone, recipe.weights)
        if recipe.gates:
            add_gates(net, recipe.frozen_blocks)
    freeze_first_blocks(net, recipe.frozen_blocks)
    return net.to(memory_format=torch.channels_last)


def build_student(recipe: Recipe, seed: int, classes: int) -> EmbeddingNet:
    """Build the network of a recipe with the heads that its losses need.

    Args:
        recipe: names the losses and the teacher.
        seed: decides the random weights.
        classes: number of seen classes.

    Returns:
        The network; its soft head starts from the teacher if the recipe says so.

    Raises:
        ValueError: the recipe classifies and there are no classes, or its teacher does
            not fit.

    Taught in: notebook 04.
    """
    head_sizes: dict[str, int] = {}
    if "classification" in recipe.losses:
        if classes < 1:
            raise ValueError(f"classification needs seen classes, got {classes}")
        head_sizes["identity"] = classes
    taught = "knowledge" in recipe.losses
    teacher = recipe_teacher(recipe) if taught else None
    if taught:
        head_sizes["soft"] = len(teacher.class_names)
    net = build_net(recipe, seed, head_sizes)
    if taught and recipe.soft_head == "teacher":
        start_soft_head(net, teacher)
    if recipe.projection_start == "classifier":
        classifier = teacher_classifier(
            load_photo_teacher(recipe.backbone, recipe.weights)
        )
        start_projection(net, classifier, torch.Generator().manual_seed(seed))
    return net


def new_state(
    recipe: Recipe,
    seed: int,
    sketches: int,
    execution: Execution | None = None,
    classes: int = 0,
) -> TrainingState:
    """Return the state before the first step.

    Args:
        recipe: how to train.
        seed: decides first weights and all draws.
        sketches: number of training sketches, one pass over which is an epoch where
            the recipe does not fix its length.
        execution: device, precision, workers; None for one CPU process.
        classes: number of seen classes; needed where a loss classifies.

    Returns:
        The state.

    Raises:
        ValueError: the recipe classifies and there are no classes, or its teacher does
            not fit.

    Taught in: notebook 02.
    """
    execution = execution or Execution()
    net = build_student(recipe, seed, classes).to(execution.device)
    if processes().count > 1:
        join_batch_norms(net.backbone, execution.device)
    steps_per_epoch = recipe.steps_per_epoch or -(-sketches // recipe.sketches_per_step)
    generator = torch.Generator().manual_seed(seed)
    optimiser = build_optimiser(net, recipe)
    return TrainingState(
        recipe, seed, net, optimiser, generator, steps_per_epoch, execution=execution
    )
