"""Options that several commands share, and how they become data, methods, devices."""

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zssbir_lib.data import SketchPhotoData, ZeroShotSplit
    from zssbir_lib.training import Method

PHOTO_CHOICES = ("all", "extend-only")
DEFAULT_WORLD_SPLIT = "world-a"
SOURCE = dict(data="world", difficulty="default", photos="all", skip_unreadable=False)


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the images, the split and the computation."""
    add_source_options(parser)
    add = parser.add_argument
    add("--split", help="name of a split, or a JSON file with seen and unseen classes")
    text = "hold out N seen classes for validation (default: what the split says)"
    add("--validation-classes", type=int, default=0, metavar="N", help=text)
    text = "train on only N of the seen classes (default: all)"
    add("--seen-classes", type=int, metavar="N", help=text)
    add("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    text = "processor threads; a result repeats exactly only with the same number"
    add("--threads", type=int, default=1, metavar="N", help=text)


def add_source_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the images alone."""
    add = parser.add_argument
    text = "'world' (drawn by this package; the default), a folder of images, or a "
    add("--data", help=text + "prepared store")
    add("--difficulty", help="easy, default or hard images (the world only)")
    text = "leave broken images out, with a warning, instead of stopping"
    add("--skip-unreadable", action="store_true", default=None, help=text)
    text = "extend-only: the photos of Sketchy Extended each once"
    add("--photos", choices=PHOTO_CHOICES, help=text)


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a backbone and change fields."""
    add = parser.add_argument
    add("--backbone", default="small", help="small, mobilenet_v2 or resnet50")
    add("--weights", help="teacher (small), imagenet (downloaded), a FILE, or none")
    text = "change one field, for example --set margin=0.5; fit --fields lists them"
    add("--set", action="append", default=[], metavar="NAME=VALUE", help=text)


def source_of(options: argparse.Namespace, remembered: dict | None = None) -> dict:
    """Return where the images are: as given, else as remembered, else the world."""
    known = SOURCE | (remembered or {})
    given = {name: getattr(options, name) for name in SOURCE}
    if given["data"] is not None:  # other images: nothing that was said of the old ones
        known = dict(SOURCE)
    return known | {name: one for name, one in given.items() if one is not None}


def read_data(
    source: dict[str, Any], split: "ZeroShotSplit", image_size: int
) -> "SketchPhotoData":
    """Return the images of a source, see `source_of`."""
    from zssbir_lib.data import load_data

    how = dict(level=source["difficulty"], photos=source["photos"])
    how["on_unreadable"] = "skip" if source["skip_unreadable"] else "raise"
    return load_data(source["data"], image_size, split=split, **how)


def read_split(options: argparse.Namespace, data: str) -> "ZeroShotSplit":
    """Return the split the options name."""
    from zssbir_lib.data import load_split

    check_split_named(options, data)
    name = DEFAULT_WORLD_SPLIT if options.split is None else options.split
    return change_split(load_split(name), options)


def check_split_named(options: argparse.Namespace, data: str) -> None:
    """Raise unless a split is named, which only the world does without."""
    if data != "world" and not options.split:
        raise ValueError("--split is needed for a folder: a name or a JSON file")


def change_split(
    split: "ZeroShotSplit", options: argparse.Namespace
) -> "ZeroShotSplit":
    """Hold out validation classes and reduce the seen ones, as the options say."""
    if options.validation_classes:
        split = split.with_held_out(options.validation_classes, seed=0)
    if options.seen_classes is not None:
        split = split.with_fewer_seen(options.seen_classes, seed=0)
    return split


def read_method(options: argparse.Namespace) -> "Method":
    """Return the method the options describe, with its recipe."""
    from zssbir_lib.training import find_method

    kind = find_method(options.method)
    changes = read_settings(options, kind.hints())
    return kind.named(options.backbone, options.profile, **changes)


def read_settings(
    options: argparse.Namespace, hints: dict[str, Any], profile: str = "--profile"
) -> dict[str, Any]:
    """Return the fields that --set and --weights change."""
    from zssbir_lib.records import read_changes

    changes = read_changes(options.set, hints)
    for name, option in (("backbone", "--backbone"), ("profile", profile)):
        if name in changes:
            raise ValueError(f"--set cannot change {name}: use {option}")
    if options.weights:
        changes["weights"] = options.weights
    return changes


def read_device(name: str) -> str:
    """Return the device to compute on."""
    import torch

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


def print_metrics(metrics: dict[str, Any]) -> None:
    """Print one line a metric: fractions with four decimals, counts as they are."""
    for name, value in metrics.items():
        text = f"{value:.4f}" if isinstance(value, float) else str(value)
        print(f"  {name:<24} {text}")
