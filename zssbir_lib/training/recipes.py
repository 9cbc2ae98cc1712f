"""Recipes: everything that decides how a network is trained, in one frozen record."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from zssbir_lib.data import Augmentation

PROFILES = ("smoke", "quick", "book", "paper")
FEATURES = ("embedding", "pooled")
SCHEDULES = ("one_cycle", "cosine", "tenfold")
OPTIMISERS = ("adamw", "sgd")
LOSSES = ("triplet", "quadruplet", "classification", "knowledge")
METRIC_LOSSES = ("triplet", "quadruplet")  # those that train the embedding
CLASSIFIER_INPUTS = ("pooled", "embedding")
TEACHINGS = ("class", "item")
SOFT_HEADS = ("teacher", "fresh")
VALIDATIONS = ("classes", "sketches")


@dataclass(frozen=True)
class Recipe:
    """How one network is trained, stored with every result.

    Attributes:
        method: name of the method, see `METHODS`.
        profile: name of the length: smoke, quick, book or paper.
        backbone: name of the backbone, see `build_backbone`.
        weights: where the backbone starts, see `initialise_backbone`.
        image_size: side of the square input, pixels.
        embedding_size: dimensions of the embedding.
        feature: what retrieval compares: the embedding or the pooled backbone feature.
        frozen_blocks: number of first backbone blocks that are not trained.
        keep_batchnorm: keep the BatchNorm statistics of the pretraining photos.
        batch_size: number of anchors a step.
        steps_per_epoch: steps between validations; None: one pass over the sketches.
        epochs: number of epochs at most; 0 trains nothing.
        patience: stop after this many epochs without a better validation; 0: never.
        validation: what is watched: mAP@all on the validation classes (classes), or how
            many held-out sketches of seen classes are classified rightly (sketches).
        losses: the losses that are added up, of `LOSSES`.
        margin: margin of the loss, squared distance.
        metric_weight: factor on the triplet or quadruplet loss.
        classification_weight: factor on the classification loss.
        knowledge_weight: factor on the knowledge preservation loss.
        classifier_input: what the classifier sees: the pooled feature or the embedding.
        attention: pool with learned weights instead of the plain average.
        teacher: the photo teacher, "start" (what the backbone starts from) or
            "ARCHITECTURE:SOURCE", see `load_photo_teacher`.
        teaching: one soft label a class, made once (class), or one for every photo,
            made anew at every step (item).
        temperature: softness of the teacher's labels.
        soft_head: start of the soft head: the teacher's own classifier, or fresh.
        optimiser: adamw or sgd (momentum 0.9).
        learning_rate: rate of the projection and heads.
        backbone_rate: factor on the learning rate for the backbone.
        weight_decay: weight decay of all weights.
        schedule: how the rate changes, see `learning_rate_factor`.
        augmentation: random changes of the training images.

    Taught in: notebook 02.
    """

    method: str = "triplet"
    profile: str = "quick"
    backbone: str = "small"
    weights: str = "teacher"
    image_size: int = 32
    embedding_size: int = 128
    feature: str = "embedding"
    frozen_blocks: int = 0
    keep_batchnorm: bool = False
    batch_size: int = 42
    steps_per_epoch: int | None = 50
    epochs: int = 6
    patience: int = 0
    validation: str = "classes"
    losses: tuple[str, ...] = ("triplet",)
    margin: float = 0.2
    metric_weight: float = 1.0
    classification_weight: float = 1.0
    knowledge_weight: float = 1.0
    classifier_input: str = "pooled"
    attention: bool = False
    teacher: str = "start"
    teaching: str = "class"
    temperature: float = 1.0
    soft_head: str = "teacher"
    optimiser: str = "adamw"
    learning_rate: float = 1e-3
    backbone_rate: float = 1.0
    weight_decay: float = 1e-3
    schedule: str = "one_cycle"
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        check_choice("profile", self.profile, PROFILES)
        check_choice("feature", self.feature, FEATURES)
        check_choice("schedule", self.schedule, SCHEDULES)
        check_choice("optimiser", self.optimiser, OPTIMISERS)
        check_choice("classifier_input", self.classifier_input, CLASSIFIER_INPUTS)
        check_choice("teaching", self.teaching, TEACHINGS)
        check_choice("soft_head", self.soft_head, SOFT_HEADS)
        check_choice("validation", self.validation, VALIDATIONS)
        _check_losses(self.losses)
        if self.method == "triplet" and self.losses != ("triplet",):
            raise ValueError(
                f"the method triplet has one loss, got {', '.join(self.losses)}; "
                "losses are chosen with the method sbtknet"
            )
        if self.validation == "sketches" and "classification" not in self.losses:
            raise ValueError(
                "validation=sketches needs the classification loss; watch classes"
            )
        for name in ("image_size", "embedding_size", "batch_size"):
            _check_at_least(name, getattr(self, name), 1)
        for name in ("epochs", "patience", "frozen_blocks", "margin", "learning_rate"):
            _check_at_least(name, getattr(self, name), 0)
        for loss in ("metric", "classification", "knowledge"):
            _check_at_least(f"{loss}_weight", getattr(self, f"{loss}_weight"), 0)
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, got {self.temperature}")
        if self.steps_per_epoch is not None:
            _check_at_least("steps_per_epoch", self.steps_per_epoch, 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the recipe as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Recipe":
        """Rebuild a recipe from `to_dict`; unknown names raise ValueError."""
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"a recipe has no field called {unknown[0]!r}")
        augmentation = values.get("augmentation", {})
        if isinstance(augmentation, dict):
            augmentation = Augmentation(**augmentation)
        losses = tuple(values.get("losses", cls.losses))  # JSON has lists only
        return cls(**{**values, "augmentation": augmentation, "losses": losses})

    def __str__(self) -> str:
        """Return one aligned line a field, for the start of a run."""
        return "\n".join(
            f"  {f.name:<22} {getattr(self, f.name)}" for f in fields(self)
        )


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise unless a value is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")


def _check_at_least(name: str, value: float, low: float) -> None:
    """Raise unless a value is at least `low`."""
    if not value >= low:
        raise ValueError(f"{name} must be {low} or more, got {value}")


def _check_losses(losses: tuple[str, ...]) -> None:
    """Raise unless the losses are known and different, with one metric loss at most."""
    if not isinstance(losses, tuple):
        raise ValueError(f"losses must be a tuple of names, got {losses!r}")
    for name in losses:
        check_choice("every loss", name, LOSSES)
    if not losses or len(set(losses)) < len(losses):
        raise ValueError(
            f"losses must name one or several of {', '.join(LOSSES)}, each once; "
            f"got {', '.join(losses) or 'none'}"
        )
    if set(METRIC_LOSSES) <= set(losses):
        raise ValueError(
            "losses have both triplet and quadruplet; the quadruplet loss contains the "
            "triplet loss: name one of them"
        )


def images_per_example(losses: tuple[str, ...]) -> int:
    """Return how many images an example has: 3 for triplets alone, else 4.

    Taught in: notebook 03.
    """
    return 3 if losses == ("triplet",) else 4
