"""`data prepare`: decode and resize images once, for fast training; or verify that."""

import argparse
from pathlib import Path

from zssbir_lib.data import load_data
from zssbir_lib.data.layouts.layout import PHOTO_CHOICES
from zssbir_lib.data.prepared import Manifest, prepare_store, verify_store
from zssbir_lib.data.prepared.disk import gibibytes
from zssbir_lib.modality import PHOTO, SKETCH


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("prepare", help=__doc__)
    parser.add_argument(
        "source", nargs="?", metavar="SOURCE", help="folder that fit --data takes"
    )
    parser.add_argument(
        "out", nargs="?", type=Path, metavar="OUT", help="folder to make, a store"
    )
    parser.add_argument(
        "--size", type=int, default=224, metavar="S", help="pixels (default: 224)"
    )
    parser.add_argument(
        "--photos",
        choices=PHOTO_CHOICES,
        default="all",
        help="extend-only: take the photos of Sketchy Extended each once",
    )
    parser.add_argument(
        "--skip-unreadable",
        action="store_true",
        help="leave broken images out, with a warning, instead of stopping",
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes (default: one a core)"
    )
    parser.add_argument(
        "--verify", type=Path, metavar="STORE", help="check every byte of a store"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Prepare or verify, as the options say."""
    if options.verify and (options.source or options.out):
        raise ValueError("--verify STORE goes alone, without SOURCE and OUT")
    if options.verify:
        verify(options.verify, options.jobs)
    elif options.out is None:
        raise ValueError("data prepare takes SOURCE and OUT, or --verify STORE")
    else:
        prepare(options)


def prepare(options: argparse.Namespace) -> None:
    """Make a store and say how to use it."""
    if options.source == "world":
        raise ValueError(
            "the embedded world is drawn into a cache of its own; SOURCE is a folder "
            "of images"
        )
    data = load_data(options.source, options.size, photos=options.photos)
    manifest = prepare_store(
        data, options.source, options.out, options.skip_unreadable, options.jobs
    )
    print(f"written: {options.out}: {summary(manifest)}")
    print(f"use it with --data {options.out}")


def summary(manifest: Manifest) -> str:
    """Return in one line what a store holds."""
    sketches, photos = (
        len(images.originals) - len(images.left_out)
        for images in (manifest.sketches, manifest.photos)
    )
    size = gibibytes(manifest.bytes_of(SKETCH) + manifest.bytes_of(PHOTO))
    return (
        f"{len(manifest.class_names)} classes, {sketches:,} sketches and {photos:,} "
        f"photos at {manifest.image_size} px, {size}"
    )


def verify(store: Path, jobs: int | None) -> None:
    """Check a store; damage is an error that names it."""
    damaged = verify_store(store, jobs)
    if damaged:
        more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
        listed = ", ".join(str(chunk) for chunk in damaged[:3])
        raise ValueError(
            f"{store} is damaged: {listed}{more}; copy it again, or delete it and run "
            "data prepare again"
        )
    print(f"{store} is whole: every byte has its checksum")
