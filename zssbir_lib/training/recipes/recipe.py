"""Recipes: everything that decides how a network is trained, in one frozen record."""

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from zssbir_lib.data import Augmentation
from zssbir_lib.losses import TERMS
from zssbir_lib.training.recipes.checks import CLASS_BATCH_METHODS, check_recipe
from zssbir_lib.training.recipes.margin_settings import MarginSettings

FIELDS_OF_METHODS = {  # all other fields are for every method
    "images_per_class": CLASS_BATCH_METHODS,
    "terms": ("mathm",),
    "weighting": ("mathm",),
    "sampling": ("ramln",),
    "lam": ("ramln",),
    "margins": ("ramln",),
}
NESTED = {"augmentation": Augmentation, "margins": MarginSettings}  # records within


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
        feature: what retrieval compares: the embedding, the pooled backbone feature, or
            that without what its modality shares (centred).
        frozen_blocks: number of first backbone blocks that are not trained.
        keep_batchnorm: keep the BatchNorm statistics of the pretraining photos.
        batch_size: number of anchors a step.
        images_per_class: images a class in a batch of the methods mathm and ramln, half
            of them sketches; there every image is an anchor.
        steps_per_epoch: steps between validations; None: one pass over the sketches.
        epochs: number of epochs at most; 0 trains nothing.
        patience: stop after this many epochs without a better validation; 0: never.
        validation: what is watched: mAP@all on the validation classes (classes), or how
            many held-out sketches of seen classes are classified rightly (sketches).
        losses: the losses that are added up, of `LOSSES`.
        margin: margin of the loss, squared distance; for mathm and ramln, distance.
        terms: kinds of hard triplets of the modality-aware loss.
        weighting: how they are added up, see `modality_aware_triplet_loss`.
        sampling: of quadruplets, the hardest of the batch (hard) or random (uniform).
        lam: share of the other modality's negative in a relation-aware quadruplet.
        margins: how the margins of these are made and learned.
        metric_weight: factor on the loss of the embedding, whichever it is.
        classification_weight: factor on the classification loss.
        knowledge_weight: factor on the knowledge preservation loss.
        classifier_input: what the classifier sees: the pooled feature or the embedding.
        classifier_bias: whether the classifier has a bias.
        classifier_scale: 0 for a linear classifier; above 0 for one that compares by
            angle, times this factor (then without a bias).
        attention: pool with learned weights instead of the plain average.
        gates: a conditional gate in every block that is trained.
        projection_start: random, or the main directions of the classifier that the
            backbone was pretrained with (classifier).
        teacher: the photo teacher, "start" (what the backbone starts from) or
            "ARCHITECTURE:SOURCE", see `load_photo_teacher`.
        teaching: one soft label a class, made once (class), or one for every photo,
            made anew at every step (item).
        temperature: softness of the teacher's labels.
        soft_head: start of the soft head: the teacher's own classifier, or fresh.
        optimiser: adamw, adam or sgd (momentum 0.9).
        learning_rate: rate of heads, attention, and what gates know of the modality.
        backbone_rate: factor on the learning rate for the backbone, its gates included.
        projection_rate: factor on the learning rate for the projection.
        frozen_epochs: first epochs in which backbone and projection are not trained.
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
    images_per_class: int = 8
    steps_per_epoch: int | None = 50
    epochs: int = 6
    patience: int = 0
    validation: str = "classes"
    losses: tuple[str, ...] = ("triplet",)
    margin: float = 0.2
    terms: tuple[str, ...] = TERMS
    weighting: str = "intended"
    sampling: str = "hard"
    lam: float = 0.5
    margins: MarginSettings = field(default_factory=MarginSettings)
    metric_weight: float = 1.0
    classification_weight: float = 1.0
    knowledge_weight: float = 1.0
    classifier_input: str = "pooled"
    classifier_bias: bool = True
    classifier_scale: float = 0.0
    attention: bool = False
    gates: bool = False
    projection_start: str = "random"
    teacher: str = "start"
    teaching: str = "class"
    temperature: float = 1.0
    soft_head: str = "teacher"
    optimiser: str = "adamw"
    learning_rate: float = 1e-3
    backbone_rate: float = 1.0
    projection_rate: float = 1.0
    frozen_epochs: int = 0
    weight_decay: float = 1e-3
    schedule: str = "one_cycle"
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        check_recipe(self)

    @property
    def sketches_per_step(self) -> int:
        """How many sketches a step sees as anchors: a pass is so many steps long."""
        whole_classes = self.method in CLASS_BATCH_METHODS
        return self.batch_size // 2 if whole_classes else self.batch_size

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
        content = dict(values)
        for name, kind in NESTED.items():
            if isinstance(values.get(name), dict):
                content[name] = rebuilt(kind, name, values[name])
        for name in ("losses", "terms"):  # JSON has lists only
            if name in values:
                content[name] = tuple(values[name])
        return cls(**content)

    def __str__(self) -> str:
        """Return one aligned line a field that the method uses."""
        used = [
            f.name
            for f in fields(self)
            if self.method in FIELDS_OF_METHODS.get(f.name, (self.method,))
        ]
        return "\n".join(f"  {name:<22} {getattr(self, name)}" for name in used)


def rebuilt(kind: type, field_name: str, values: dict[str, Any]) -> Any:
    """Return a record within a recipe from some of its values.

    Args:
        kind: the class of the record.
        field_name: what the recipe calls it.
        values: by name; what is left out has its default.

    Raises:
        ValueError: a name is unknown.

    Taught in: notebook 06.
    """
    known = [f.name for f in fields(kind)]
    for name in values:
        if name not in known:
            raise ValueError(
                f"{field_name} has no field called {name!r}; it has: {', '.join(known)}"
            )
    return kind(**values)
