"""Optimisers, and learning rates as a pure function of the step."""

import math

import torch
from torch import nn

from zssbir_lib.models import ConditionalGate, EmbeddingNet
from zssbir_lib.training.recipe import Recipe

WARM_UP = 0.15  # share of the steps in which one_cycle rises
EPOCHS_PER_DECADE = 10  # tenfold divides by ten after this many epochs
RISING_EPOCHS, FULL_EPOCHS = 5, 5  # of warm_up_cosine
OPTIMISERS = {
    "adamw": (torch.optim.AdamW, {}),
    "adam": (torch.optim.Adam, {}),
    "sgd": (torch.optim.SGD, {"momentum": 0.9}),
}


def learning_rate_factor(
    schedule: str,
    step: int,
    total_steps: int,
    steps_per_epoch: int,
    frozen_epochs: int = 0,
) -> float:
    """Return the factor on the base learning rate at one step, in (0, 1].

    Args:
        schedule: "one_cycle" (linear warm-up over 15 % of the steps, then half a cosine
            down to 0), "cosine" (half a cosine), "tenfold" (a tenth after every ten
            epochs, SBTKNet) or "warm_up_cosine" (by epoch: 1 while the backbone is
            frozen, then five rising, five full, and a cosine; MATHM).
        step: number of steps done, 0 to total_steps - 1.
        total_steps: length of the training.
        steps_per_epoch: length of an epoch.
        frozen_epochs: first epochs that train neither backbone nor projection.

    Source: "warm_up_cosine" is that of MATHM's released code, cosine included: it
        starts five epochs before it is used, so that the rate drops by a twentieth.
    """
    if schedule == "tenfold":
        return 0.1 ** (step // steps_per_epoch // EPOCHS_PER_DECADE)
    if schedule == "warm_up_cosine":
        epochs = total_steps // steps_per_epoch - frozen_epochs
        return warm_up_cosine(step // steps_per_epoch - frozen_epochs, epochs)
    rise = max(1, round(WARM_UP * total_steps)) if schedule == "one_cycle" else 0
    if step < rise:
        return (step + 1) / rise
    progress = (step - rise) / max(1, total_steps - rise)
    return 0.5 * (1 + math.cos(math.pi * progress))


def warm_up_cosine(epoch: int, epochs: int) -> float:
    """Return the factor of an epoch, counted from the first with all weights."""
    if epoch < 0:
        return 1.0
    if epoch < RISING_EPOCHS:
        return 0.01 + epoch / RISING_EPOCHS
    if epoch < RISING_EPOCHS + FULL_EPOCHS:
        return 1.0
    progress = (epoch - RISING_EPOCHS) / (epochs - RISING_EPOCHS)
    return 0.5 * (1 + math.cos(math.pi * progress))


def build_optimiser(net: EmbeddingNet, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimiser with groups for backbone, projection and new layers.

    Groups carry their `base_rate` and whether they are `frozen` in the recipe's frozen
    epochs. Of the gates only the tags, which tell photos from sketches, count as new: a
    fast gate would undo what the backbone was pretrained for.

    Source: groups as in the released code of MATHM (Huang et al.).
    """
    gates = [m for m in net.backbone.modules() if isinstance(m, ConditionalGate)]
    tags = {id(gate.tag.weight) for gate in gates}
    backbone = [p for p in trainable(net.backbone) if id(p) not in tags]
    projection = trainable(net.projection)
    known = {id(p) for p in backbone + projection}
    new = [p for p in trainable(net) if id(p) not in known]
    rate = recipe.learning_rate
    parts = (
        (backbone, recipe.backbone_rate, True),
        (projection, recipe.projection_rate, True),
        (new, 1.0, False),
    )
    groups = [
        {"params": params, "base_rate": rate * factor, "frozen": frozen}
        for params, factor, frozen in parts
        if params
    ]
    kind, settings = OPTIMISERS[recipe.optimiser]
    return kind(groups, lr=rate, weight_decay=recipe.weight_decay, **settings)


def trainable(module: nn.Module) -> list[nn.Parameter]:
    """Return the weights of a module that take part in training."""
    return [p for p in module.parameters() if p.requires_grad]


def freeze_groups(optimiser: torch.optim.Optimizer, frozen: bool) -> None:
    """Exclude what waits for the frozen epochs from training, or let it in."""
    for group in optimiser.param_groups:
        for weight in group["params"] if group["frozen"] else ():
            weight.requires_grad_(not frozen)


def set_learning_rate(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Set every group's rate to its base rate times a factor."""
    for group in optimiser.param_groups:
        group["lr"] = group["base_rate"] * factor
