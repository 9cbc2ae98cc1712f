"""`draw`: render a file of QuickDraw drawings into FOLDER/sketch/<class>/."""

import argparse
from pathlib import Path

from zssbir_lib.data.quickdraw import drawings_to_folder
from zssbir_lib.data.quickdraw.rendering import PADDING, WIDTH
from zssbir_lib.data.quickdraw.smoothing import SMOOTHING


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("draw", help=__doc__)
    parser.add_argument("file", type=Path, help="drawings: .ndjson or .bin")
    parser.add_argument("folder", type=Path, help="where sketch/<class>/ is to be")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="only the first N drawings"
    )
    parser.add_argument(
        "--unrecognised",
        action="store_true",
        help="also drawings that the game did not recognise",
    )
    parser.add_argument(
        "--skip-malformed",
        action="store_true",
        help="leave malformed records out, with a warning, instead of stopping",
    )
    parser.add_argument("--size", type=int, default=224, metavar="PIXELS")
    _add_share(parser, "width", WIDTH, "width of the pen, a share of the side")
    _add_share(parser, "padding", PADDING, "empty paper on each side, a share of it")
    _add_share(parser, "smoothing", SMOOTHING, "how far curves leave the straight line")
    _add_share(parser, "share", 1.0, "how much of each drawing is drawn")
    parser.set_defaults(run=run)


def _add_share(
    parser: argparse.ArgumentParser, name: str, default: float, text: str
) -> None:
    """Add an option whose value is a share."""
    parser.add_argument(
        f"--{name}",
        type=float,
        default=default,
        metavar="SHARE",
        help=f"{text} (default: {default:.3g})",
    )


def run(options: argparse.Namespace) -> None:
    """Render as the options say and print what was done."""
    done = drawings_to_folder(
        options.file,
        options.folder,
        limit=options.limit,
        recognised_only=not options.unrecognised,
        on_malformed="skip" if options.skip_malformed else "raise",
        size=options.size,
        width=options.width,
        padding=options.padding,
        smoothing=options.smoothing,
        share=options.share,
    )
    for folder in done.folders:
        print(f"sketches in {folder}")
    print(f"{done.written} rendered now, {done.present} were there already")
