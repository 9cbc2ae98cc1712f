"""What a method is: settings, and its own part of the story of a training.

A new method is one file with one class: a frozen dataclass that draws batches
(`sampler`, `choose`) and returns losses (`loss_terms`). Where it needs them, it adds
heads to the network (`heads`), keeps something from step to step (`begin`), and says
how long it trains (`defaults`).
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from typing import Any, NamedTuple, Protocol, Self

import torch
from torch import Tensor, nn

from zssbir_lib.data import ClassBatchSampler, SketchPhotoData, Variation
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.records import (
    changed,
    check_fields,
    check_known,
    describe_fields,
    hints_of,
    plain,
)
from zssbir_lib.training.own_file import class_in_file
from zssbir_lib.training.recipe import Recipe, backbone_settings


class Sampler(Protocol):
    """What draws the images of a step, and says where it stands in its pass."""

    def sample(self, generator: torch.Generator) -> Any:
        """Draw positions of images."""

    def state_dict(self) -> dict[str, Tensor]:
        """Return where it stands, for a checkpoint."""

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on where `state_dict` was taken."""


class StepImages(NamedTuple):
    """Say which images a step takes.

    Attributes:
        sketches: positions of sketches, long (B_s,).
        photos: positions of photos, long (B_p,).
        seed: of what is random within the losses, drawn with the images.
    """

    sketches: Tensor
    photos: Tensor
    seed: int = 0


@dataclass(frozen=True)
class Batch:
    """The images of one step, sketches first.

    Of several processes each has its own part of the images, and the labels and
    modality of the whole batch. `variation` is how it is augmented, if drawn before.
    """

    images: Tensor
    labels: Tensor
    modality: Tensor
    seed: int = 0
    variation: Variation | None = None


@dataclass(frozen=True)
class Step:
    """What the losses of a step may look at.

    Attributes:
        pooled: features of the batch, float (B, F), with gradient.
        images: what they were computed from, float (B, 3, S, S).
        labels: class numbers, long (B,), beside the features.
        modality: 0 sketch, 1 photo, long (B,), beside the features.
        seed: see `StepImages`.
        observed: what the losses note for the history: numbers by name.
    """

    pooled: Tensor
    images: Tensor
    labels: Tensor
    modality: Tensor
    seed: int = 0
    observed: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, batch: Batch, pooled: Tensor, images: Tensor) -> "Step":
        """Put a batch's labels and modality beside its features."""
        tags = (tag.to(pooled.device) for tag in (batch.labels, batch.modality))
        return cls(pooled, images, *tags, batch.seed)


@dataclass(frozen=True)
class Method:
    """A way to train: its own settings beside the recipe that all methods share.

    Attributes:
        recipe: how the network is built and trained; None for the quick recipe of the
            small backbone.
    """

    recipe: Recipe = None  # type: ignore[assignment]

    name = ""  # what results and the command line call it
    file = ""  # FILE.py:Name, for a method that is not part of the library
    needs_images = False  # whether the losses look at images, not only at features

    def __post_init__(self) -> None:
        if self.recipe is None:
            own = {name: getattr(self, name) for name in self.own_fields()}
            object.__setattr__(self, "recipe", type(self).named(**own).recipe)
        self.check()

    # --- what a method defines -----------------------------------------------------

    def sampler(self, data: SketchPhotoData) -> Sampler:
        """Return what draws the images of every step from the seen classes."""
        raise NotImplementedError(f"{type(self).__name__} has to define `sampler`")

    def choose(self, sampler: Any, generator: torch.Generator) -> StepImages:
        """Choose the images of one step; every random number from the generator."""
        return StepImages(*sampler.sample(generator))

    def loss_terms(
        self, net: EmbeddingNet, step: Step, kept: Any = None
    ) -> dict[str, Tensor]:
        """Return the named losses of a step, whose sum is minimised.

        The network is for what comes after the pooled features: projection and heads;
        `kept` is what `begin` returned.
        """
        raise NotImplementedError(f"{type(self).__name__} has to define `loss_terms`")

    # --- what it may define --------------------------------------------------------

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Return what the method changes in recipe and settings at a length."""
        return {}

    @classmethod
    def images_per_anchor(cls, settings: Mapping[str, Any]) -> int:
        """Return how many images an anchor needs, itself included."""
        return 1

    @classmethod
    def complete(cls, settings: dict[str, Any]) -> None:
        """Fill in what follows from other settings, where it was not given.

        Unless the batch size is given, every step sees the same number of images.
        """
        images = settings.pop("images")
        settings.setdefault("batch_size", images // cls.images_per_anchor(settings))

    def heads(self, features: int, classes: int) -> dict[str, nn.Module | int]:
        """Return further heads by name: modules, or outputs of a linear layer.

        `features` is the number F of pooled features, `classes` that of seen classes.
        """
        return {}

    def begin(self, data: SketchPhotoData, device: str, seed: int) -> Any:
        """Return what the losses keep from step to step, or None.

        If it has `state_dict` and `load_state_dict`, checkpoints hold it. `data` are
        the seen classes, `seed` is that of first weights which belong to it.
        """
        return None

    def check(self) -> None:
        """Raise unless every setting is in range and all of them fit together."""
        check_fields(self)
        if self.recipe.frozen_epochs and not self.has_new_layers():
            raise ValueError(
                f"frozen_epochs is {self.recipe.frozen_epochs}, but there is no new "
                "layer (head, gates or attention) to train meanwhile: set "
                "frozen_epochs=0"
            )

    def check_classes(self, classes: int) -> None:
        """Raise unless batches can be drawn from so many seen classes."""

    def has_new_layers(self) -> bool:
        """Return whether something beside backbone and projection is trained."""
        return self.recipe.gates or self.recipe.attention

    @property
    def sketches_per_step(self) -> int:
        """How many sketches a step sees as anchors: a pass is so many steps long."""
        return self.recipe.batch_size

    # --- what all methods share ----------------------------------------------------

    @classmethod
    def own_fields(cls) -> tuple[str, ...]:
        """Return the names of the method's own settings."""
        return tuple(one.name for one in fields(cls) if one.name != "recipe")

    @classmethod
    def hints(cls) -> dict[str, Any]:
        """Return the annotations of the recipe's fields and of the method's own."""
        own = hints_of(cls)
        return hints_of(Recipe) | {name: own[name] for name in cls.own_fields()}

    @classmethod
    def named(
        cls, backbone: str = "small", profile: str = "quick", **changes: Any
    ) -> Self:
        """Return the method with its settings for a backbone and a length.

        Args:
            backbone: "small" for the embedded world, others for real images.
            profile: "smoke" (for tests), "quick", "book", or "paper" (large backbones).
            **changes: fields to change, the recipe's or the method's own; of a record
                within those to change, for example `augmentation={"edges": 0.3}`.
        """
        check_known("the recipe", changes, cls.hints())
        settings = backbone_settings(backbone, profile)
        settings |= cls.defaults(backbone, profile)
        for name, value in changes.items():
            both = isinstance(value, dict) and isinstance(settings.get(name), dict)
            settings[name] = settings[name] | value if both else value
        cls.complete(settings)
        own = {n: settings.pop(n) for n in cls.own_fields() if n in settings}
        for one in fields(cls):
            if isinstance(own.get(one.name), dict):
                own[one.name] = changed(default_of(one), **own[one.name])
        return cls(recipe=changed(Recipe(), **settings), **own)

    def changed(self, **changes: Any) -> Self:
        """Return the method with some fields changed, the recipe's or its own."""
        check_known("the recipe", changes, self.hints())
        own = {n: changes.pop(n) for n in self.own_fields() if n in changes}
        for name, value in own.items():
            if isinstance(value, dict) and is_dataclass(getattr(self, name)):
                own[name] = changed(getattr(self, name), **value)
        return replace(self, recipe=changed(self.recipe, **changes), **own)

    def to_dict(self) -> dict[str, Any]:
        """Return as plain values the method's name, its recipe, its own fields."""
        own = plain(self)
        recipe = own.pop("recipe")
        kind = type(self)  # a subclass that gives itself no name is called as it is
        return {"method": vars(kind).get("name") or kind.__name__} | recipe | own

    def __str__(self) -> str:
        """Return one aligned line a field."""
        return "\n".join(f"  {n:<22} {v}" for n, v in self.to_dict().items())

    def describe(self) -> str:
        """Return one line a field: value, choices or unit, meaning."""
        own = describe_fields(self, leave_out=("recipe",))
        return "\n".join(describe_fields(self.recipe) + own)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let other processes load the file of a method of one's own."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return rebuild, (vars(type(self)).get("file") or type(self), values)


def default_of(one: Any) -> Any:
    """Return the default of a dataclass's field."""
    return one.default if one.default is not MISSING else one.default_factory()


def rebuild(kind: "type[Method] | str", values: dict[str, Any]) -> Method:
    """Return a method in another process, by its class or by FILE.py:Name."""
    found = class_in_file(kind, Method) if isinstance(kind, str) else kind
    return found(**values)


def class_batch_sampler(
    data: SketchPhotoData, batch_size: int, images: int
) -> ClassBatchSampler:
    """Return a sampler of batches of whole classes.

    Args:
        data: the seen classes.
        batch_size: images a step.
        images: images a class, half sketches and half photos.
    """
    labels = data.sketches.labels, data.photos.labels
    return ClassBatchSampler(*labels, classes=batch_size // images, images=images)
