"""What every method shares: network, optimiser, schedule, batch, lengths."""

from dataclasses import dataclass, field
from typing import Any, Literal

from zssbir_lib.data import Augmentation
from zssbir_lib.models.backbones import BACKBONES
from zssbir_lib.records import Count, NotNegative, Whole, check_choice, check_fields

PROFILES = ("smoke", "quick", "book", "paper")
Feature = Literal["embedding", "pooled", "centred"]


@dataclass(frozen=True)
class Recipe:
    """How a network is built and trained, whatever the method.

    Attributes:
        profile: name of the length.
        backbone: name of the backbone, see `build_backbone`.
        weights: where the backbone starts, see `initialise_backbone`.
        image_size: side of the square input, pixels.
        embedding_size: dimensions of the embedding.
        feature: what retrieval compares: the embedding, the pooled backbone feature, or
            that without what its modality shares.
        frozen_blocks: number of first backbone blocks that are not trained.
        keep_batchnorm: keep the BatchNorm statistics of the pretraining photos.
        attention: pool with learned weights instead of the plain average.
        gates: a conditional gate in every block that is trained.
        projection_start: random, or the main directions of the classifier that the
            backbone was pretrained with.
        batch_size: anchors a step.
        steps_per_epoch: steps between validations; none: one pass over the sketches.
        epochs: epochs at most; 0 trains nothing.
        patience: stop after this many epochs without a better validation; 0: never.
        validation: what is watched: mAP@all on the validation classes, or the share of
            held-out sketches of seen classes that are classified rightly.
        optimiser: sgd has a momentum of 0.9.
        learning_rate: of heads, attention, and what gates know of the modality.
        backbone_rate: factor on it for the backbone, its gates included.
        projection_rate: factor on it for the projection.
        frozen_epochs: first epochs in which backbone and projection are not trained.
        weight_decay: of all weights.
        schedule: how the rate changes, see `learning_rate_factor`.
        augmentation: random changes of the training images.

    Raises:
        ValueError: a field is out of range; the message names it.
    """

    profile: Literal["smoke", "quick", "book", "paper"] = "quick"
    backbone: str = "small"
    weights: str = "teacher"
    image_size: Count = 32
    embedding_size: Count = 128
    feature: Feature = "embedding"
    frozen_blocks: Whole = 0
    keep_batchnorm: bool = False
    attention: bool = False
    gates: bool = False
    projection_start: Literal["random", "classifier"] = "random"
    batch_size: Count = 42
    steps_per_epoch: Count | None = 50
    epochs: Whole = 6
    patience: Whole = 0
    validation: Literal["classes", "sketches"] = "classes"
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    learning_rate: NotNegative = 1e-3
    backbone_rate: NotNegative = 1.0
    projection_rate: NotNegative = 1.0
    frozen_epochs: Whole = 0
    weight_decay: NotNegative = 1e-3
    schedule: Literal["one_cycle", "cosine", "tenfold", "warm_up_cosine"] = "one_cycle"
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        check_fields(self)


# The small network sees drawn images, the others real ones. `images` is how many a step
# sees, from which follows the batch size.
SMALL: dict[str, Any] = dict(images=128)
SMALL_LENGTHS: dict[str, dict[str, Any]] = {
    "smoke": dict(epochs=2, steps_per_epoch=10, images=48),
    "quick": dict(epochs=6, steps_per_epoch=50),
    "book": dict(epochs=9, steps_per_epoch=100),
}
# Fine-tuning from ImageNet on a small set: gentle rates, BatchNorm statistics kept.
FINE_TUNING: dict[str, Any] = dict(
    weights="imagenet",
    image_size=224,
    embedding_size=512,
    keep_batchnorm=True,
    images=64,
    learning_rate=5e-4,
    backbone_rate=0.2,
    weight_decay=5e-4,
    schedule="cosine",
)
OF_BACKBONES: dict[str, dict[str, Any]] = {
    "mobilenet_v2": dict(image_size=128, embedding_size=256, frozen_blocks=7),
    "resnet50": dict(frozen_blocks=4),
}
LARGE_LENGTHS: dict[str, dict[str, Any]] = {
    "smoke": dict(epochs=1, steps_per_epoch=2, images=16),
    "quick": dict(epochs=3, steps_per_epoch=50),
    "book": dict(epochs=9, steps_per_epoch=50),
    "paper": dict(frozen_blocks=0, keep_batchnorm=False, weight_decay=5e-4),
}


def backbone_settings(backbone: str, profile: str) -> dict[str, Any]:
    """Return the fields of a recipe that backbone and length decide, and `images`."""
    check_choice("backbone", backbone, BACKBONES)
    small = backbone == "small"
    lengths = SMALL_LENGTHS if small else LARGE_LENGTHS
    check_choice(f"profile for the backbone {backbone!r}", profile, tuple(lengths))
    settings = SMALL if small else FINE_TUNING | OF_BACKBONES.get(backbone, {})
    return dict(profile=profile, backbone=backbone) | settings | lengths[profile]
