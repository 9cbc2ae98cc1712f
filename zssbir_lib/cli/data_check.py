"""`data check`: say what a data set is, which split fits it, and what is wrong.

Exit code 0: nothing wrong (notes at most); 1: an error or a warning; 2: the check could
not run.
"""

import argparse
from pathlib import Path

from zssbir_lib.data import load_split
from zssbir_lib.data.audit import AUDIT_NAMES, check_data, report_text
from zssbir_lib.data.audit.report_text import ITEMS
from zssbir_lib.data.layouts import PHOTO_CHOICES
from zssbir_lib.training import write_json


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the command."""
    parser = commands.add_parser("check", help=__doc__.splitlines()[0])
    parser.description = __doc__
    parser.add_argument("name", choices=AUDIT_NAMES, help="what the data should be")
    parser.add_argument("path", type=Path, help="its folder, in any known layout")
    parser.add_argument(
        "--photos",
        default="all",
        choices=PHOTO_CHOICES,
        help="extend-only: read the photos of Sketchy Extended each once",
    )
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
    parser.add_argument(
        "--split", help="check this split too: its classes, leaks (name or JSON)"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes (default: all)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="read files again that were checked before"
    )
    parser.add_argument("--all", action="store_true", help="list every file concerned")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check, print the report, return its exit code."""
    report = check_data(
        options.name,
        options.path,
        photos=options.photos,
        jobs=options.jobs,
        lists=[tuple(pair) for pair in options.lists],
        split=load_split(options.split) if options.split else None,
        fresh=options.fresh,
    )
    print(report_text(report, None if options.all else ITEMS))
    if options.json:
        write_json(report.to_dict(), options.json)
        print(f"written: {options.json}")
    return report.exit_code()
