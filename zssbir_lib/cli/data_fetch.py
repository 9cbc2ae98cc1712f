"""`data fetch`: download drawings and photos, or say how to get them by hand."""

import argparse
from pathlib import Path

from zssbir_lib.data.fetching import (
    BY_HAND,
    build_mini_benchmark,
    fetch_cifar100,
    fetch_drawings,
    instructions,
    quickdraw_words,
    write_photos,
)
from zssbir_lib.data.fetching.cifar_photos import PHOTOS_OF_A_LABEL, check_count
from zssbir_lib.data.fetching.quickdraw_words import check_words

NAMES = ("mini", "quickdraw", "cifar100", *BY_HAND)
COUNTS = {"mini": 100, "quickdraw": 1000, "cifar100": PHOTOS_OF_A_LABEL}
HELP = {
    "name": "mini (sketches and photos, ready to train on), quickdraw (drawings), "
    "cifar100 (photos), or one that is downloaded by hand: " + ", ".join(BY_HAND),
    "words": "words of quickdraw, joined by commas, or all",
    "count": "drawings of each word, images of each class "
    f"(default: {', '.join(f'{name} {count}' for name, count in COUNTS.items())})",
}


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("fetch", help=__doc__)
    parser.add_argument("name", choices=NAMES, metavar="NAME", help=HELP["name"])
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="(default: data/NAME)"
    )
    parser.add_argument("--words", metavar="WORD,WORD", help=HELP["words"])
    parser.add_argument("--count", type=int, metavar="N", help=HELP["count"])
    parser.add_argument(
        "--size", type=int, metavar="PIXELS", help="side of mini's sketches (64)"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Fetch what is named, or print how to get it."""
    _check_options(options)
    if options.name in BY_HAND:
        print(instructions(options.name))
        return
    folder = options.out or Path("data") / options.name
    count = COUNTS[options.name] if options.count is None else options.count
    if options.name == "mini":
        size = {} if options.size is None else {"size": options.size}
        build_mini_benchmark(folder, count, **size)
        print(
            f"written: {folder} (its README.txt says where it is from); train on it:\n"
            f"  python -m zssbir_lib fit --data {folder} --split {folder}/split.json "
            "--out runs/mini"
        )
    elif options.name == "quickdraw":
        _fetch_words(folder, options.words, count)
    else:
        _fetch_photos(folder, count)


def _fetch_words(folder: Path, words: str, count: int) -> None:
    """Fetch the drawings of some words."""
    chosen = quickdraw_words() if words == "all" else tuple(words.split(","))
    check_words(chosen)
    for word in chosen:
        print(f"drawings: {fetch_drawings(word, folder, count)}")
    print(
        "Quick, Draw! Dataset, Google, CC BY 4.0: name the source if you pass them on\n"
        "render them:\n  python -m zssbir_lib data draw FILE FOLDER"
    )


def _fetch_photos(folder: Path, count: int) -> None:
    """Fetch CIFAR-100 and write all of its labels as class folders."""
    from torchvision.datasets import CIFAR100

    check_count(count)  # before anything is fetched
    root = fetch_cifar100(folder / "downloads")
    labels = CIFAR100(root, train=False).classes
    written = write_photos(root, folder, {label: label for label in labels}, count)
    print(f"written: {written} photos in {folder / 'photo'}/<label>/")


def _check_options(options: argparse.Namespace) -> None:
    """Refuse options that the name has no use for."""
    used = {"mini": ("count", "size"), "quickdraw": ("words", "count")}
    used = used.get(options.name, ("count",) if options.name == "cifar100" else ())
    for option in ("words", "count", "size"):
        if getattr(options, option) is not None and option not in used:
            raise ValueError(f"--{option} has no use for {options.name}; leave it out")
    if options.name == "quickdraw" and not options.words:
        raise ValueError(
            "--words is needed for quickdraw: one or several joined by commas, or all"
        )
