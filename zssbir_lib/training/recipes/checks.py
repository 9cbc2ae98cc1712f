"""What a recipe may say: the choices of each field, and which fit together."""

from typing import Any

from zssbir_lib.losses import SAMPLINGS, TERMS, WEIGHTINGS

PROFILES = ("smoke", "quick", "book", "paper")
FEATURES = ("embedding", "pooled", "centred")
METRIC_LOSSES = ("triplet", "quadruplet", "modality_aware", "relation_aware")
LOSSES = (*METRIC_LOSSES, "classification", "knowledge")  # the former train embeddings
METHOD_LOSSES = {
    "untrained": ("triplet",),
    "triplet": ("triplet",),
    "sbtknet": ("triplet", "quadruplet", "classification", "knowledge"),
    "mathm": ("modality_aware", "classification", "knowledge"),
    "ramln": ("relation_aware", "classification", "knowledge"),
}
CLASS_BATCH_METHODS = ("mathm", "ramln")  # their batches hold whole classes
CHOICES = {
    "method": tuple(METHOD_LOSSES),
    "profile": PROFILES,
    "feature": FEATURES,
    "schedule": ("one_cycle", "cosine", "tenfold", "warm_up_cosine"),
    "optimiser": ("adamw", "adam", "sgd"),
    "weighting": WEIGHTINGS,
    "sampling": SAMPLINGS,
    "classifier_input": ("pooled", "embedding"),
    "projection_start": ("random", "classifier"),
    "teaching": ("class", "item"),
    "soft_head": ("teacher", "fresh"),
    "validation": ("classes", "sketches"),
}
LEAST = {
    "image_size": 1,
    "embedding_size": 1,
    "batch_size": 1,
    "images_per_class": 2,
    "epochs": 0,
    "patience": 0,
    "frozen_blocks": 0,
    "frozen_epochs": 0,
    "margin": 0,
    "lam": 0,
    "learning_rate": 0,
    "backbone_rate": 0,
    "projection_rate": 0,
    "metric_weight": 0,
    "classification_weight": 0,
    "knowledge_weight": 0,
    "classifier_scale": 0,
}


def check_recipe(recipe: Any) -> None:
    """Raise unless every field is known or in range, and all of them fit together.

    Args:
        recipe: a `Recipe`, which calls this when it is made.

    Raises:
        ValueError: the message names the field, its value and what was expected.

    Taught in: notebook 02.
    """
    for name, choices in CHOICES.items():
        check_choice(name, getattr(recipe, name), choices)
    for name, low in LEAST.items():
        _check_at_least(name, getattr(recipe, name), low)
    if not recipe.temperature > 0:
        raise ValueError(f"temperature must be above 0, got {recipe.temperature}")
    if recipe.steps_per_epoch is not None:
        _check_at_least("steps_per_epoch", recipe.steps_per_epoch, 1)
    check_names("losses", recipe.losses, LOSSES)
    check_names("terms", recipe.terms, TERMS)
    _check_losses(recipe)
    _check_class_batches(recipe)
    _check_frozen_epochs(recipe)
    _check_margins(recipe)
    if recipe.validation == "sketches" and "classification" not in recipe.losses:
        raise ValueError(
            "validation=sketches needs the classification loss; watch classes"
        )


def check_batch_fits(recipe: Any, classes: int) -> None:
    """Raise unless there are as many seen classes as a batch of whole classes needs.

    Args:
        recipe: a `Recipe` of any method; those that draw other batches always fit.
        classes: number of seen classes.

    Raises:
        ValueError: the message says what to change.
    """
    needed = recipe.batch_size // recipe.images_per_class
    if recipe.method in CLASS_BATCH_METHODS and needed > classes:
        raise ValueError(
            f"a batch of {recipe.batch_size} images with {recipe.images_per_class} a "
            f"class needs {needed} seen classes and there are {classes}: lower "
            "batch_size or raise images_per_class"
        )


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise unless a value is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}; got {value!r}")


def check_names(field: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Raise unless a field is a tuple of known names, at least one, each once."""
    if not isinstance(names, tuple):
        raise ValueError(f"{field} must be a tuple of names, got {names!r}")
    for name in names:
        check_choice(f"each of {field}", name, known)
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"{field} must name one or several of {', '.join(known)}, each once; "
            f"got {', '.join(names) or 'none'}"
        )


def _check_at_least(name: str, value: float, low: float) -> None:
    """Raise unless a value is at least `low`."""
    if not value >= low:
        raise ValueError(f"{name} must be {low} or more, got {value}")


def _check_losses(recipe: Any) -> None:
    """Raise unless the method has these losses, and one of them at most is metric."""
    losses, possible = recipe.losses, METHOD_LOSSES[recipe.method]
    if recipe.method == "triplet" and losses != possible:
        raise ValueError(
            f"the method triplet has one loss, got {', '.join(losses)}; "
            "losses are chosen with the methods sbtknet, mathm and ramln"
        )
    foreign = [loss for loss in losses if loss not in possible]
    if foreign:
        raise ValueError(
            f"the method {recipe.method} has no loss {foreign[0]!r}: it has "
            f"{', '.join(possible)}"
        )
    if {"triplet", "quadruplet"} <= set(losses):
        raise ValueError(
            "losses have both triplet and quadruplet; the quadruplet loss contains the "
            "triplet loss: name one of them"
        )


def _check_frozen_epochs(recipe: Any) -> None:
    """Raise if nothing is left to train in the frozen epochs."""
    heads = {"classification", "knowledge"} & set(recipe.losses)
    if recipe.frozen_epochs and not (heads or recipe.gates or recipe.attention):
        raise ValueError(
            f"frozen_epochs is {recipe.frozen_epochs}, but there is no new layer "
            "(head, gates or attention) to train meanwhile: set frozen_epochs=0"
        )


def _check_margins(recipe: Any) -> None:
    """Raise unless lam is a share and the margin lies within the learned range."""
    if recipe.lam > 1:
        raise ValueError(f"lam must lie between 0 and 1, got {recipe.lam}")
    low, high = recipe.margins.low, recipe.margins.high
    learned = "relation_aware" in recipe.losses and recipe.margins.form != "fixed"
    classes = recipe.batch_size // recipe.images_per_class
    if learned and recipe.margins.learning == "meta" and classes < 4:
        raise ValueError(
            "a meta step needs four classes or more in a batch, two for each half; "
            f"batch_size {recipe.batch_size} with images_per_class "
            f"{recipe.images_per_class} has {classes}: raise the one or lower the other"
        )
    if learned and not low < recipe.margin < high:
        raise ValueError(
            f"margin is {recipe.margin}, where learned margins start: it must lie "
            f"between margins.low ({low}) and margins.high ({high})"
        )


def _check_class_batches(recipe: Any) -> None:
    """Raise unless a batch of whole classes is possible."""
    size, images = recipe.batch_size, recipe.images_per_class
    fits = images % 2 == 0 and size % images == 0 and size >= 2 * images
    if recipe.method in CLASS_BATCH_METHODS and not fits:
        raise ValueError(
            f"a batch of {size} with {images} images a class does not hold two or more "
            "whole classes, half sketches and half photos: change batch_size or "
            "images_per_class"
        )
