"""`data`: get data sets, find out what they are, prepare them for training.

The library itself is imported when a command runs, so that help is there at once;
hence the choices below are written out (tests/test_cli_data.py compares them).
"""

import argparse
from pathlib import Path

PHOTO_CHOICES = ("all", "extend-only")
AUDIT_NAMES = ("sketchy", "tuberlin", "quickdraw", "folder")
BY_HAND = ("sketchy", "tuberlin", "quickdraw-extended", "sake-lists")
COUNTS = {"mini": 100, "quickdraw": 1000, "cifar100": 600}
USED = {
    "mini": ("count", "size"),
    "quickdraw": ("words", "count"),
    "cifar100": ("count",),
}
SHARES = {
    "width": (0.015, "width of the pen, a share of the side"),
    "padding": (0.05, "empty paper on each side, a share of it"),
    "smoothing": (1 / 255, "how far curves leave the straight line"),
    "share": (1.0, "how much of each drawing is drawn"),
}


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the group of commands."""
    what = __doc__.splitlines()[0]
    parser = commands.add_parser("data", help=what, description=what)
    group = parser.add_subparsers(dest="data_command", required=True)
    for add in (add_fetch, add_check, add_prepare, add_draw):
        add(group)


def add_fetch(commands: argparse._SubParsersAction) -> None:
    """Describe `data fetch`."""
    parser = commands.add_parser("fetch", help=fetch.__doc__)
    parser.set_defaults(run=fetch)
    add = parser.add_argument
    text = (
        "mini (sketches and photos, ready to train on), quickdraw (drawings), "
        "cifar100 (photos), or one that is downloaded by hand: " + ", ".join(BY_HAND)
    )
    add("name", choices=(*COUNTS, *BY_HAND), metavar="NAME", help=text)
    add("--out", type=Path, metavar="FOLDER", help="(default: data/NAME)")
    text = "words of quickdraw, joined by commas, or all"
    add("--words", dest="chosen", metavar="WORD,WORD", help=text)
    counts = ", ".join(f"{name} {count}" for name, count in COUNTS.items())
    text = f"drawings of each word, images of each class (default: {counts})"
    add("--count", type=int, metavar="N", help=text)
    add("--size", type=int, metavar="PIXELS", help="side of mini's sketches (64)")


def fetch(options: argparse.Namespace) -> None:
    """`data fetch`: download drawings and photos, or say how to get them by hand."""
    from zssbir_lib.data.fetching import instructions
    from zssbir_lib.data.mini_benchmark import build_mini_benchmark

    _check_fetch(options)
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
            f"  zssbir fit --data {folder} --split {folder}/split.json "
            "--out runs/mini"
        )
    elif options.name == "quickdraw":
        _fetch_words(folder, options.chosen, count)
    else:
        _fetch_photos(folder, count)


def _check_fetch(options: argparse.Namespace) -> None:
    """Refuse options that the name has no use for."""
    given = {"words": options.chosen, "count": options.count, "size": options.size}
    for option, value in given.items():
        if value is not None and option not in USED.get(options.name, ()):
            raise ValueError(f"--{option} has no use for {options.name}; leave it out")
    if options.name == "quickdraw" and not options.chosen:
        raise ValueError(
            "--words is needed for quickdraw: one or several joined by commas, or all"
        )


def _fetch_words(folder: Path, words: str, count: int) -> None:
    """Fetch the drawings of some words."""
    from zssbir_lib.data.fetching import check_words, fetch_drawings, quickdraw_words

    chosen = quickdraw_words() if words == "all" else tuple(words.split(","))
    check_words(chosen)
    for word in chosen:
        print(f"drawings: {fetch_drawings(word, folder, count)}")
    print(
        "Quick, Draw! Dataset, Google, CC BY 4.0: name the source if you pass them on\n"
        "render them:\n  zssbir data draw FILE FOLDER"
    )


def _fetch_photos(folder: Path, count: int) -> None:
    """Fetch CIFAR-100 and write all of its labels as class folders."""
    from torchvision.datasets import CIFAR100

    from zssbir_lib.data.fetching import check_photo_count, fetch_cifar100, write_photos

    check_photo_count(count)  # before anything is fetched
    root = fetch_cifar100(folder / "downloads")
    labels = CIFAR100(root, train=False).classes
    written = write_photos(root, folder, {label: label for label in labels}, count)
    print(f"written: {written} photos in {folder / 'photo'}/<label>/")


def add_check(commands: argparse._SubParsersAction) -> None:
    """Describe `data check`."""
    what = check.__doc__.splitlines()[0]
    parser = commands.add_parser("check", help=what, description=check.__doc__)
    parser.set_defaults(run=check)
    add = parser.add_argument
    add("name", choices=AUDIT_NAMES, help="what the data should be")
    add("path", type=Path, help="its folder, in any known layout")
    text = "extend-only: read the photos of Sketchy Extended each once"
    add("--photos", default="all", choices=PHOTO_CHOICES, help=text)
    parser.add_argument(
        "--list",
        nargs=2,
        type=Path,
        action="append",
        default=[],
        metavar=("LIST", "CLASSES"),
        dest="lists",
        help="a file list and its class file (those beside the data are found)",
    )
    add("--split", help="check this split too: its classes, leaks (name or JSON)")
    add("--jobs", type=int, metavar="N", help="processes (default: all)")
    text = "read files again that were checked before"
    add("--fresh", action="store_true", help=text)
    add("--all", action="store_true", help="list every file concerned")
    add("--json", type=Path, metavar="FILE", help="write everything")


def check(options: argparse.Namespace) -> int:
    """`data check`: say what a data set is, which split fits it, and what is wrong.

    Exit code 0: nothing wrong (notes at most); 1: an error or a warning; 2: the check
    could not run.
    """
    from zssbir_lib.data import load_split
    from zssbir_lib.data.audit import check_data, report_text
    from zssbir_lib.files import write_json

    report = check_data(
        options.name,
        options.path,
        photos=options.photos,
        jobs=options.jobs,
        lists=[tuple(pair) for pair in options.lists],
        split=load_split(options.split) if options.split else None,
        fresh=options.fresh,
    )
    print(report_text(report, None) if options.all else report_text(report))
    if options.json:
        write_json(report.to_dict(), options.json)
        print(f"written: {options.json}")
    return report.exit_code()


def add_prepare(commands: argparse._SubParsersAction) -> None:
    """Describe `data prepare`."""
    parser = commands.add_parser("prepare", help=prepare.__doc__)
    parser.set_defaults(run=prepare)
    add = parser.add_argument
    text = "folder that fit --data takes"
    add("source", nargs="?", metavar="SOURCE", help=text)
    text = "folder to make, a store"
    add("out", nargs="?", type=Path, metavar="OUT", help=text)
    add("--size", type=int, default=224, metavar="S", help="pixels (default: 224)")
    text = "extend-only: take the photos of Sketchy Extended each once"
    add("--photos", choices=PHOTO_CHOICES, default="all", help=text)
    text = "leave broken images out, with a warning, instead of stopping"
    add("--skip-unreadable", action="store_true", help=text)
    add("--jobs", type=int, metavar="N", help="processes (default: one a core)")
    add("--verify", type=Path, metavar="STORE", help="check every byte of a store")


def prepare(options: argparse.Namespace) -> None:
    """`data prepare`: decode and resize images once, for fast training; or verify."""
    if options.verify and (options.source or options.out):
        raise ValueError("--verify STORE goes alone, without SOURCE and OUT")
    if options.verify:
        _verify(options.verify, options.jobs)
    elif options.out is None:
        raise ValueError("data prepare takes SOURCE and OUT, or --verify STORE")
    elif options.source == "world":
        raise ValueError(
            "the embedded world is drawn into a cache of its own; SOURCE is a folder "
            "of images"
        )
    else:
        _prepare(options)


def _prepare(options: argparse.Namespace) -> None:
    """Make a store, say what it holds and how to use it."""
    from zssbir_lib.data import load_data
    from zssbir_lib.data.prepared import prepare_store
    from zssbir_lib.modality import PHOTO, SKETCH
    from zssbir_lib.store import gibibytes

    data = load_data(options.source, options.size, photos=options.photos)
    done = prepare_store(
        data, options.source, options.out, options.skip_unreadable, options.jobs
    )
    sketches, photos = (
        len(one.originals) - len(one.left_out) for one in (done.sketches, done.photos)
    )
    size = gibibytes(done.bytes_of(SKETCH) + done.bytes_of(PHOTO))
    print(
        f"written: {options.out}: {len(done.class_names)} classes, {sketches:,} "
        f"sketches and {photos:,} photos at {done.image_size} px, {size}\n"
        f"use it with --data {options.out}"
    )


def _verify(store: Path, jobs: int | None) -> None:
    """Check a store; damage is an error that names it."""
    from zssbir_lib.data.prepared import verify_store

    damaged = verify_store(store, jobs)
    if damaged:
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        listed = ", ".join(str(chunk) for chunk in damaged[:3])
        raise ValueError(
            f"{store} is damaged: {listed}{more}; copy it again, or delete it and run "
            "data prepare again"
        )
    print(f"{store} is whole: every byte has its checksum")


def add_draw(commands: argparse._SubParsersAction) -> None:
    """Describe `data draw`."""
    parser = commands.add_parser("draw", help=draw.__doc__)
    parser.set_defaults(run=draw)
    add = parser.add_argument
    add("file", type=Path, help="drawings: .ndjson or .bin")
    add("folder", type=Path, help="where sketch/<class>/ is to be")
    add("--limit", type=int, metavar="N", help="only the first N drawings")
    text = "also drawings that the game did not recognise"
    add("--unrecognised", action="store_true", help=text)
    text = "leave malformed records out, with a warning, instead of stopping"
    add("--skip-malformed", action="store_true", help=text)
    add("--size", type=int, default=224, metavar="PIXELS")
    for name, (default, text) in SHARES.items():
        text = f"{text} (default: {default:.3g})"
        add(f"--{name}", type=float, default=default, metavar="SHARE", help=text)


def draw(options: argparse.Namespace) -> None:
    """`data draw`: render a file of QuickDraw drawings into FOLDER/sketch/<class>/."""
    from zssbir_lib.data.quickdraw import drawings_to_folder

    done = drawings_to_folder(
        options.file,
        options.folder,
        recognised_only=not options.unrecognised,
        on_malformed="skip" if options.skip_malformed else "raise",
        **{name: getattr(options, name) for name in ("limit", "size", *SHARES)},
    )
    for folder in done.folders:
        print(f"sketches in {folder}")
    print(f"{done.written} rendered now, {done.present} were there already")
