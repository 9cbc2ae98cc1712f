"""Parse the command line and turn every expected error into one clear line.

The library itself is imported when a command runs, so that help is there at once.
"""

import argparse
import sys
from typing import NoReturn

from zssbir_lib import __version__
from zssbir_lib.cli import data, evaluate, fit, study

WHAT = "Zero-shot sketch-based image retrieval: data, training, measuring."
FAILURE = 2
INTERRUPTED = 130


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print one line on standard error and stop."""
        self.exit(
            FAILURE, f"{self.prog}: error: {message} (--help lists the options)\n"
        )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = OneLineParser(prog="zssbir", description=WHAT)
    parser.add_argument("--version", action="version", version=f"zssbir {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, parser_class=OneLineParser
    )
    for module in (data, fit, evaluate, study):
        module.add_parser(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: words after `zssbir`; None takes them from the shell.

    Returns:
        Exit code: 0 success, 1 `data check` found something, 2 a mistake in the
        request, 130 Ctrl-C.
    """
    options = build_parser().parse_args(arguments)
    options.words = sys.argv[1:] if arguments is None else arguments
    try:
        return options.run(options) or 0
    except KeyboardInterrupt as stop:
        reason = str(stop) or "stopped"
        how = "--resume" if options.command == "fit" else "the same command"
        print(f"zssbir: {reason}; {how} goes on from there", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError) as error:
        print(f"zssbir: error: {one_line(error)}", file=sys.stderr)
        return FAILURE


def one_line(error: BaseException) -> str:
    """Return an error's message without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__
