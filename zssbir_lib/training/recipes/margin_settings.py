"""How RAMLN learns its margins: the part of a recipe that only it reads."""

import math
from dataclasses import dataclass

CHOICES = {
    "form": ("fixed", "scalar", "embedding", "memory"),
    "learning": ("meta", "joint"),
    "gradient": ("exact", "first_order"),
    "scope": ("heads", "all"),
    "writing": ("rare", "least_used"),
}


@dataclass(frozen=True)
class MarginSettings:
    """How margins are made and learned.

    Attributes:
        form: "fixed", "scalar" (one number for all), "embedding" (R(x) without the
            memory) or "memory" (R(x)).
        learning: "meta", by what margins of some classes do to others, or "joint", by
            the loss that they are part of.
        gradient: of a meta step, "exact" or "first_order".
        scope: what the virtual step changes: "heads", the projection and classifier, or
            "all", every weight that is trained.
        inner_rate: step size of the virtual step.
        unit_step: divide the gradient of a virtual step by its length: margins can turn
            the step, but not make it longer.
        inner_steps: number of virtual steps; one with the first-order gradient.
        every: a meta step once in so many steps.
        warm_up: steps with the fixed margin at the start, in which the memory fills.
        centred: keep the mean of a batch's margins (before they are squeezed into
            their range) where it starts, so that only differences are learned.
        standardised: give R(x) inputs less their running mean, divided by their running
            standard deviation.
        classified: count the classification loss in a meta step too; without it only
            quadruplets judge the margins.
        shuffled: hand the margins of a batch to its anchors at random: a control with
            the same margins, but without what they know.
        rate: learning rate of the margins.
        weight_decay: of the margins' weights.
        low: lower bound of a margin; below 0 an anchor can be left alone even where it
            is ranked wrongly.
        high: upper bound.
        beta: sharpness of the smooth hinge.
        writing: rule of the memory, "rare" or "least_used".
        slots: of the memory, for each class and modality.

    Raises:
        ValueError: a name is unknown or a number is out of range.

    Taught in: notebook 06.
    """

    form: str = "memory"
    learning: str = "meta"
    gradient: str = "exact"
    scope: str = "heads"
    inner_rate: float = 0.1
    unit_step: bool = False
    inner_steps: int = 1
    every: int = 1
    warm_up: int = 50
    centred: bool = True
    standardised: bool = True
    classified: bool = True
    shuffled: bool = False
    rate: float = 1e-3
    weight_decay: float = 1e-4
    low: float = 0.01
    high: float = 0.8
    beta: float = 20.0
    writing: str = "rare"
    slots: int = 2

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"margins.{name} must be one of {', '.join(choices)}; got "
                    f"{getattr(self, name)!r}"
                )
        for name in ("inner_rate", "rate", "beta"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(
                    f"margins.{name} must be above 0, got {getattr(self, name)}"
                )
        for name in ("warm_up", "weight_decay"):
            if not getattr(self, name) >= 0:
                raise ValueError(
                    f"margins.{name} must be 0 or more, got {getattr(self, name)}"
                )
        for name in ("inner_steps", "every", "slots"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"margins.{name} must be 1 or more, got {getattr(self, name)}"
                )
        if not -math.inf < self.low < self.high < math.inf:
            raise ValueError(
                "margins.low must be below margins.high, and both finite; got "
                f"{self.low} and {self.high}"
            )
        if self.gradient == "first_order" and self.inner_steps > 1:
            raise ValueError(
                "the first-order gradient is of one virtual step: use margins.inner_"
                f"steps=1 or margins.gradient=exact, got {self.inner_steps} steps"
            )
