"""Recipes by name: methods, backbones and lengths, put together."""

from dataclasses import fields
from typing import Any

from zssbir_lib.training.recipes.checks import (
    CLASS_BATCH_METHODS,
    METRIC_LOSSES,
    check_choice,
)
from zssbir_lib.training.recipes.recipe import NESTED, Recipe, rebuilt

# Lengths by backbone: the small network sees drawn images, the others real ones.
SMALL_LENGTHS: dict[str, dict[str, Any]] = {
    "smoke": dict(epochs=2, steps_per_epoch=10, images=48),
    "quick": dict(epochs=6, steps_per_epoch=50),
    "book": dict(epochs=9, steps_per_epoch=100),
}
LARGE_LENGTHS: dict[str, dict[str, Any]] = {
    "smoke": dict(epochs=1, steps_per_epoch=2, images=16),
    "quick": dict(epochs=3, steps_per_epoch=50),
    "book": dict(epochs=9, steps_per_epoch=50),
    "paper": dict(frozen_blocks=0, keep_batchnorm=False, weight_decay=5e-4),
}
# The training that each paper describes, or its released code.
SBTKNET_PAPER: dict[str, Any] = dict(
    epochs=25,
    steps_per_epoch=None,
    batch_size=16,
    patience=5,
    optimiser="sgd",
    learning_rate=1e-4,
    backbone_rate=1.0,
    schedule="tenfold",
)
MATHM_PAPER: dict[str, Any] = dict(
    epochs=40,
    steps_per_epoch=200,
    batch_size=120,
    frozen_epochs=2,
    optimiser="adam",
    learning_rate=1e-4,
    backbone_rate=0.1,
    projection_rate=0.1,
    schedule="warm_up_cosine",
)
PAPERS = {
    "untrained": SBTKNET_PAPER,
    "triplet": SBTKNET_PAPER,
    "sbtknet": SBTKNET_PAPER,
    "mathm": MATHM_PAPER,
    # RAMLN's training is not published: that of MATHM, margins fixed for two epochs
    "ramln": MATHM_PAPER | dict(margins=dict(warm_up=400)),
    "combined": MATHM_PAPER,
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
    "resnet50": FINE_TUNING | dict(image_size=224, embedding_size=512, frozen_blocks=4),
}
# Hard triplets would pull an ImageNet backbone into one point before a new classifier
# holds against them. MATHM's released code trains new layers alone at first and faster
# later. Short trainings have no time for the first; these rates do the second. A batch
# of 64 images with 8 a class has too few classes to classify well: 4 are better. Both
# were chosen on validation classes.
CLASS_BATCHES: dict[str, Any] = dict(
    images_per_class=4, learning_rate=5e-3, backbone_rate=0.02, projection_rate=0.1
)
FINE_TUNING_OF = {
    "mathm": CLASS_BATCHES,
    "ramln": CLASS_BATCHES,
    "combined": CLASS_BATCHES | dict(feature="centred"),  # training as MATHM
}
# In short trainings RAMLN's quadruplets need more weight than its field's recipe gives
# them; chosen on validation classes, together with the margin all start from.
SHORT_TRAINING_OF: dict[str, dict[str, Any]] = {
    "ramln": dict(metric_weight=3.0, margin=0.3),
}
# What helps MATHM with a small backbone. With one that ImageNet has taught, no change
# of the training helps, but centred features do. Chosen on validation classes.
SMALL_BACKBONE_OF: dict[str, dict[str, Any]] = {
    "combined": dict(
        metric_weight=3.0, classifier_scale=16.0, augmentation=dict(edges=0.3)
    )
}
SMOKE_OF = {"ramln": dict(margins=dict(warm_up=1))}  # reaches the meta step
# MATHM classifies the embedding, and gates the backbone; RAMLN is built on it.
ON_EMBEDDINGS: dict[str, Any] = dict(
    classifier_input="embedding", classifier_bias=False, gates=True
)
# What a method changes, whatever the backbone.
METHOD_SETTINGS: dict[str, dict[str, Any]] = {
    "untrained": dict(epochs=0, feature="pooled", losses=("triplet",)),
    "triplet": dict(losses=("triplet",)),
    "sbtknet": dict(losses=("quadruplet", "classification", "knowledge")),
    "mathm": ON_EMBEDDINGS | dict(losses=("modality_aware", "classification")),
    "ramln": ON_EMBEDDINGS | dict(losses=("relation_aware", "classification")),
    "combined": ON_EMBEDDINGS
    | dict(method="mathm", losses=("modality_aware", "classification")),
}


def named_recipe(
    method: str, backbone: str = "small", profile: str = "quick", **changes: Any
) -> Recipe:
    """Return the recipe of a method for a backbone and a length.

    Unless the batch size is given, every step sees the same number of images whatever
    the losses: fewer quadruplets than triplets. Unless the feature is given, retrieval
    uses the embedding where a loss trains it, else the pooled feature.

    Args:
        method: "untrained", "triplet", "sbtknet", "mathm", "ramln", or "combined":
            MATHM with what helped it, see notebook 07.
        backbone: "small" (embedded world), "mobilenet_v2" or "resnet50" (real images).
        profile: "smoke" (for tests), "quick", "book", or "paper" (large backbones).
        **changes: fields to change, for example `margin=0.5`; of a record within the
            recipe those to change, for example `margins={"rate": 0.01}`.

    Returns:
        The recipe.

    Raises:
        ValueError: a name is unknown or a changed value is out of range.

    Source: the paper profile follows SBTKNet (Tursun et al.), section 4, and the
        released code of MATHM (Huang et al.). SBTKNet does not say what its early
        stopping watches; held-out sketches are SAKE's way.

    Taught in: notebook 02.
    """
    settings = starting_settings(method, backbone, profile)
    known = {f.name for f in fields(Recipe)}
    for name in changes:
        if name not in known:
            raise ValueError(f"a recipe has no field called {name!r}; it has: {known}")
    for name in NESTED:  # change what is named, keep the rest
        if isinstance(changes.get(name), dict):
            changes[name] = settings.get(name, {}) | changes[name]
    settings |= changes
    complete_settings(settings)
    for name, kind in NESTED.items():
        if isinstance(settings.get(name), dict):
            settings[name] = rebuilt(kind, name, settings[name])
    return Recipe(**settings)


def starting_settings(method: str, backbone: str, profile: str) -> dict[str, Any]:
    """Return what method, backbone and profile say; later ones change earlier ones."""
    check_choice("method", method, tuple(METHOD_SETTINGS))
    check_choice("backbone", backbone, tuple(BACKBONE_SETTINGS))
    lengths = SMALL_LENGTHS if backbone == "small" else LARGE_LENGTHS
    check_choice(f"profile for the backbone {backbone!r}", profile, tuple(lengths))
    settings: dict[str, Any] = dict(method=method, backbone=backbone, profile=profile)
    settings |= BACKBONE_SETTINGS[backbone] | lengths[profile]
    if profile == "paper":
        settings |= PAPERS[method]
    else:
        by_backbone = SMALL_BACKBONE_OF if backbone == "small" else FINE_TUNING_OF
        settings |= by_backbone.get(method, {}) | SHORT_TRAINING_OF.get(method, {})
    if profile == "smoke":
        settings |= SMOKE_OF.get(method, {})
    return settings | METHOD_SETTINGS[method]


def complete_settings(settings: dict[str, Any]) -> None:
    """Fill in what follows from other settings, where it was not given."""
    losses, in_paper = settings["losses"], settings["profile"] == "paper"
    whole_classes = settings["method"] in CLASS_BATCH_METHODS  # each image is an anchor
    each = 1 if whole_classes else images_per_example(losses)
    settings.setdefault("batch_size", settings.pop("images", 0) // each)
    if in_paper and "classification" in losses:
        settings.setdefault("validation", "sketches")
    if in_paper and whole_classes and settings["weights"] != "none":
        settings.setdefault("projection_start", "classifier")
    if not trains_embedding(settings):
        settings.setdefault("feature", "pooled")


def images_per_example(losses: tuple[str, ...]) -> int:
    """Return how many images an example has: 3 for triplets alone, else 4.

    Taught in: notebook 03.
    """
    return 3 if losses == ("triplet",) else 4


def trains_embedding(settings: dict[str, Any]) -> bool:
    """Return whether a loss trains the projection that makes the embedding."""
    losses = settings["losses"]
    through_classifier = settings.get("classifier_input") == "embedding"
    return bool(set(METRIC_LOSSES) & set(losses)) or (
        "classification" in losses and through_classifier
    )
