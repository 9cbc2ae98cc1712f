"""Optimisers, and learning rates as a pure function of the step."""

import math

import torch
from torch import nn

from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.recipes import Recipe

WARM_UP = 0.15  # share of the steps in which one_cycle rises
EPOCHS_PER_DECADE = 10  # tenfold divides by ten after this many epochs


def learning_rate_factor(
    schedule: str, step: int, total_steps: int, steps_per_epoch: int
) -> float:
    """Return the factor on the base learning rate at one step.

    Args:
        schedule: "one_cycle" (linear warm-up over 15 % of the steps, then half a cosine
            down to 0), "cosine" (half a cosine) or "tenfold" (a tenth after every ten
            epochs, SBTKNet).
        step: number of steps done, 0 to total_steps - 1.
        total_steps: length of the training.
        steps_per_epoch: length of an epoch.

    Returns:
        A factor in (0, 1].

    Taught in: notebook 02.
    """
    if schedule == "tenfold":
        return 0.1 ** (step // steps_per_epoch // EPOCHS_PER_DECADE)
    rise = max(1, round(WARM_UP * total_steps)) if schedule == "one_cycle" else 0
    if step < rise:
        return (step + 1) / rise
    progress = (step - rise) / max(1, total_steps - rise)
    return 0.5 * (1 + math.cos(math.pi * progress))


def build_optimiser(net: EmbeddingNet, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the optimiser with one group for the backbone, one for the rest.

    Args:
        net: the network; weights without gradient are left out.
        recipe: optimiser, rates and weight decay.

    Returns:
        An optimiser whose groups carry their base rate as `base_rate`.

    Taught in: notebook 02.
    """
    backbone = trainable(net.backbone)
    known = {id(p) for p in backbone}
    rest = [p for p in trainable(net) if id(p) not in known]
    rate = recipe.learning_rate
    groups = [
        {"params": backbone, "base_rate": rate * recipe.backbone_rate},
        {"params": rest, "base_rate": rate},
    ]
    groups = [group for group in groups if group["params"]]
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(
            groups, lr=rate, momentum=0.9, weight_decay=recipe.weight_decay
        )
    return torch.optim.AdamW(groups, lr=rate, weight_decay=recipe.weight_decay)


def trainable(module: nn.Module) -> list[nn.Parameter]:
    """Return the weights of a module that take part in training."""
    return [p for p in module.parameters() if p.requires_grad]


def set_learning_rate(optimiser: torch.optim.Optimizer, factor: float) -> None:
    """Set every group's rate to its base rate times a factor.

    Taught in: notebook 02.
    """
    for group in optimiser.param_groups:
        group["lr"] = group["base_rate"] * factor
