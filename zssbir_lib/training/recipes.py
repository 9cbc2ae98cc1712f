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
        _check_choice("profile", self.profile, PROFILES)
        _check_choice("feature", self.feature, FEATURES)
        _check_choice("schedule", self.schedule, SCHEDULES)
        _check_choice("optimiser", self.optimiser, OPTIMISERS)
        _check_choice("classifier_input", self.classifier_input, CLASSIFIER_INPUTS)
        _check_choice("teaching", self.teaching, TEACHINGS)
        _check_choice("soft_head", self.soft_head, SOFT_HEADS)
        _check_choice("validation", self.validation, VALIDATIONS)
        _check_losses(self.losses)
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


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise unless a value is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")


def _check_at_least(name: str, value: float, low: float) -> None:
    """Raise unless a value is at least `low`."""
    if not value >= low:
        raise ValueError(f"{name} must be {low} or more, got {value}")


def _check_losses(losses: tuple[str, ...]) -> None:
    """Raise unless the losses are known and different, with one metric loss at most."""
    for name in losses:
        _check_choice("every loss", name, LOSSES)
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


# Lengths by backbone: the small network sees drawn images, the others real ones.
SMALL_LENGTHS: dict[str, dict[str, Any]] = {
    "smoke": dict(epochs=2, steps_per_epoch=10, images=48),
    "quick": dict(epochs=6, steps_per_epoch=50),
    "book": dict(epochs=9, steps_per_epoch=100),
}
LARGE_LENGTHS: dict[str, dict[str, Any]] = {
    "smoke": dict(epochs=1, steps_per_epoch=2, images=12),
    "quick": dict(epochs=3, steps_per_epoch=50),
    "book": dict(epochs=9, steps_per_epoch=50),
    "paper": dict(
        epochs=25,
        steps_per_epoch=None,
        batch_size=16,
        patience=5,
        optimiser="sgd",
        learning_rate=1e-4,
        backbone_rate=1.0,
        weight_decay=5e-4,
        schedule="tenfold",
        frozen_blocks=0,
        keep_batchnorm=False,
    ),
}
# Fine-tuning from ImageNet on a small set: gentle rates, BatchNorm statistics kept.
FINE_TUNING: dict[str, Any] = dict(
    weights="imagenet",
    keep_batchnorm=True,
    images=64,
    learning_rate=5e-4,
    backbone_rate=0.2,
    weight_decay=5e-4,
    schedule="cosine",
)
BACKBONE_SETTINGS: dict[str, dict[str, Any]] = {
    "small": dict(images=128),
    "mobilenet_v2": FINE_TUNING
    | dict(image_size=128, embedding_size=256, frozen_blocks=7),
    "resnet50": FINE_TUNING | dict(image_size=224, embedding_size=512, frozen_blocks=2),
}
# What a method changes, whatever the backbone.
METHOD_SETTINGS: dict[str, dict[str, Any]] = {
    "untrained": dict(epochs=0, feature="pooled", losses=("triplet",)),
    "triplet": dict(losses=("triplet",)),
    "sbtknet": dict(losses=("quadruplet", "classification", "knowledge")),
}


def named_recipe(
    method: str, backbone: str = "small", profile: str = "quick", **changes: Any
) -> Recipe:
    """Return the recipe of a method for a backbone and a length.

    Unless the batch size is given, every step sees the same number of images whatever
    the losses: fewer quadruplets than triplets. Unless the feature is given, retrieval
    uses the embedding where a loss trains it, else the pooled feature.

    Args:
        method: "untrained", "triplet" or "sbtknet".
        backbone: "small" (embedded world), "mobilenet_v2" or "resnet50" (real images).
        profile: "smoke" (for tests), "quick", "book", or "paper" (large backbones).
        **changes: fields to change, for example `margin=0.5`.

    Returns:
        The recipe.

    Raises:
        ValueError: a name is unknown or a changed value is out of range.

    Source: the paper profile follows SBTKNet (Tursun et al.), section 4. The paper does
        not say what its early stopping watches; held-out sketches are SAKE's way.

    Taught in: notebook 02.
    """
    _check_choice("method", method, tuple(METHOD_SETTINGS))
    _check_choice("backbone", backbone, tuple(BACKBONE_SETTINGS))
    lengths = SMALL_LENGTHS if backbone == "small" else LARGE_LENGTHS
    _check_choice(f"profile for the backbone {backbone!r}", profile, tuple(lengths))
    settings: dict[str, Any] = dict(method=method, backbone=backbone, profile=profile)
    settings |= BACKBONE_SETTINGS[backbone] | lengths[profile] | METHOD_SETTINGS[method]
    known = {f.name for f in fields(Recipe)}
    for name in changes:
        if name not in known:
            raise ValueError(f"a recipe has no field called {name!r}; it has: {known}")
    settings |= changes
    images = settings.pop("images")
    settings.setdefault("batch_size", images // images_per_example(settings["losses"]))
    if profile == "paper" and "classification" in settings["losses"]:
        settings.setdefault("validation", "sketches")
    if not trains_embedding(settings):
        settings.setdefault("feature", "pooled")
    return Recipe(**settings)


def trains_embedding(settings: dict[str, Any]) -> bool:
    """Return whether a loss trains the projection that makes the embedding."""
    losses = settings["losses"]
    through_classifier = settings.get("classifier_input") == "embedding"
    return bool(set(METRIC_LOSSES) & set(losses)) or (
        "classification" in losses and through_classifier
    )
