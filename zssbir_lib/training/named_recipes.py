"""Recipes by name: methods, backbones and lengths, put together."""

from dataclasses import fields
from typing import Any

from zssbir_lib.training.recipes import (
    METRIC_LOSSES,
    Recipe,
    check_choice,
    images_per_example,
)

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
    check_choice("method", method, tuple(METHOD_SETTINGS))
    check_choice("backbone", backbone, tuple(BACKBONE_SETTINGS))
    lengths = SMALL_LENGTHS if backbone == "small" else LARGE_LENGTHS
    check_choice(f"profile for the backbone {backbone!r}", profile, tuple(lengths))
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
