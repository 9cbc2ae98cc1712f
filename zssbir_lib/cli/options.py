"""Options that several commands share, and how they become data and recipes."""

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch

from zssbir_lib.data import SketchPhotoData, ZeroShotSplit, load_data, load_split
from zssbir_lib.data.layouts import PHOTO_CHOICES
from zssbir_lib.losses import TERMS, WEIGHTINGS
from zssbir_lib.models.backbones import BACKBONES
from zssbir_lib.training import LOSSES, PROFILES, Execution, Recipe, named_recipe
from zssbir_lib.training.hardware.execution import PRECISIONS
from zssbir_lib.training.recipes.named import METHOD_SETTINGS
from zssbir_lib.training.recipes.recipe import NESTED

DEFAULT_WORLD_SPLIT = "world-a"
OWN_OPTIONS = ("method", "backbone", "profile", "losses", "terms", "weighting")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the images and the split."""
    add_source_options(parser)
    parser.add_argument(
        "--split", help="name of a split, or a JSON file with seen and unseen classes"
    )
    parser.add_argument(
        "--validation-classes",
        type=int,
        default=0,
        metavar="N",
        help="hold out N seen classes for validation (default: what the split says)",
    )
    parser.add_argument(
        "--seen-classes",
        type=int,
        metavar="N",
        help="train on only N of the seen classes (default: all)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        metavar="N",
        help="processor threads; a result repeats exactly only with the same number",
    )


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the images alone."""
    parser.add_argument(
        "--data",
        default="world",
        help="'world' (drawn by this package), a folder of images, or a prepared store",
    )
    parser.add_argument(
        "--difficulty",
        default="default",
        help="easy, default or hard images (the world only)",
    )
    parser.add_argument(
        "--skip-unreadable",
        action="store_true",
        help="leave broken images out, with a warning, instead of stopping",
    )
    parser.add_argument(
        "--photos",
        default="all",
        choices=PHOTO_CHOICES,
        help="extend-only: the photos of Sketchy Extended each once",
    )


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a recipe."""
    parser.add_argument("--method", default="triplet", choices=tuple(METHOD_SETTINGS))
    parser.add_argument("--backbone", default="small", choices=tuple(BACKBONES))
    parser.add_argument(
        "--weights",
        help="teacher (small backbone), imagenet (downloaded), a FILE, or none",
    )
    parser.add_argument("--profile", default="quick", choices=PROFILES)
    parser.add_argument(
        "--losses",
        metavar="NAME,NAME",
        help=f"losses to add up, of {', '.join(LOSSES)} (default: the method's)",
    )
    parser.add_argument(
        "--terms",
        metavar="NAME,NAME",
        help=f"kinds of hard triplets for mathm, of {', '.join(TERMS)} (default: all)",
    )
    parser.add_argument(
        "--weighting",
        choices=WEIGHTINGS,
        help="how mathm adds up the kinds (default: intended)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="change one field of the recipe, for example --set margin=0.5",
    )


def add_execution_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how to compute, not what."""
    parser.add_argument(
        "--precision",
        default="auto",
        choices=PRECISIONS,
        help="of the backbone while training (auto: bfloat16 on GPUs that have it)",
    )
    parser.add_argument(
        "--compile", action="store_true", help="compile the backbone by torch.compile"
    )
    parser.add_argument(
        "--parts",
        type=int,
        default=1,
        metavar="N",
        help="send a batch through the backbone in N parts: less memory, more time",
    )
    parser.add_argument(
        "--workers",
        type=int,
        default=0,
        metavar="N",
        help="processes that load images ahead; the result does not depend on them",
    )


def read_execution(options: argparse.Namespace, device: str) -> Execution:
    """Return how to compute, on a device."""
    return Execution(
        device, options.precision, options.compile, options.parts, options.workers
    )


def add_study_options(parser: argparse.ArgumentParser, seeds: int) -> None:
    """Add the options of commands that run many recipes, splits and seeds."""
    parser.add_argument("--backbone", default="small", choices=tuple(BACKBONES))
    parser.add_argument("--weights", help="as for fit")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument(
        "--seeds", type=int, default=seeds, metavar="N", help="0 to N-1"
    )
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--runs", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")


def read_splits(options: argparse.Namespace) -> list[ZeroShotSplit]:
    """Return the splits of a study, one name or several joined by commas."""
    if not options.split:
        raise ValueError("--split is needed: one name or several, joined by commas")
    return [change_split(load_split(one), options) for one in options.split.split(",")]


def read_recipe(options: argparse.Namespace) -> Recipe:
    """Return the recipe the options describe."""
    changes = read_changes(options.set)
    if options.weights:
        changes["weights"] = options.weights
    if options.losses:
        check_option("losses", options.method, ("sbtknet", "mathm", "ramln"))
        changes["losses"] = tuple(options.losses.split(","))
    if options.terms:
        check_option("terms", options.method, ("mathm",))
        changes["terms"] = tuple(options.terms.split(","))
    if options.weighting:
        check_option("weighting", options.method, ("mathm",))
        changes["weighting"] = options.weighting
    return named_recipe(options.method, options.backbone, options.profile, **changes)


def check_option(name: str, method: str, methods: tuple[str, ...]) -> None:
    """Raise unless a method has an option."""
    if method not in methods:
        raise ValueError(
            f"--{name} is for --method {' or '.join(methods)}, not {method!r}"
        )


def read_changes(texts: list[str]) -> dict[str, Any]:
    """Return the changes of a recipe; RECORD.NAME=VALUE changes a record within it."""
    changes: dict[str, Any] = {}
    for text in texts:
        record, dot, _ = text.partition("=")[0].partition(".")
        if dot and record in NESTED:
            name, value = read_change(text.partition(".")[2], NESTED[record])
            changes.setdefault(record, {})[name] = value
        else:
            name, value = read_change(text)
            changes[name] = value
    return changes


def read_change(text: str, record: type = Recipe) -> tuple[str, Any]:
    """Return name and value of one NAME=VALUE, the value in the field's type."""
    name, equals, value = text.partition("=")
    types = {field.name: field.type for field in fields(record)}
    if not equals or name not in types:
        raise ValueError(f"--set takes NAME=VALUE with a field of the recipe: {text!r}")
    readers = {str: str, int: int, float: float, bool: read_flag}
    kind = int if name == "steps_per_epoch" else types[name]
    if name in OWN_OPTIONS:
        raise ValueError(
            f"--set cannot change {name}: it is chosen by the command's own options or "
            "rows"
        )
    if kind not in readers:
        raise ValueError(f"--set cannot change {name}")
    try:
        return name, readers[kind](value)
    except ValueError as error:
        raise ValueError(
            f"--set {name} needs a value of type {kind.__name__}, got {value!r}"
        ) from error


def read_flag(value: str) -> bool:
    """Return the truth of "true" or "false"."""
    if value.lower() not in ("true", "false"):
        raise ValueError(f"expected true or false, got {value!r}")
    return value.lower() == "true"


def read_split(options: argparse.Namespace) -> ZeroShotSplit:
    """Return the split the options name."""
    name = options.split
    if name is None:
        if options.data != "world":
            raise ValueError("--split is needed for a folder: a name or a JSON file")
        name = DEFAULT_WORLD_SPLIT
    return change_split(load_split(name), options)


def change_split(split: ZeroShotSplit, options: argparse.Namespace) -> ZeroShotSplit:
    """Hold out validation classes and reduce the seen ones, as the options say."""
    if options.validation_classes:
        split = split.with_held_out(options.validation_classes, seed=0)
    if options.seen_classes is not None:
        split = split.with_fewer_seen(options.seen_classes, seed=0)
    return split


def read_data(
    options: argparse.Namespace, split: ZeroShotSplit, image_size: int
) -> SketchPhotoData:
    """Return the images the options name."""
    return load_data(
        options.data,
        image_size,
        split=split,
        on_unreadable="skip" if options.skip_unreadable else "raise",
        level=options.difficulty,
        photos=options.photos,
    )


def read_device(name: str) -> str:
    """Return the device to compute on."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"--device {name}: no GPU is available here; use --device cpu")
    try:
        return str(torch.device(name))
    except RuntimeError as error:
        raise ValueError(
            f"--device {name!r} is unknown: cpu, cuda or cuda:N"
        ) from error
