"""Parse the command line and turn every expected error into one clear line.

The library itself is imported when a command runs, so that help is there at once.
"""

import argparse
import sys
from collections.abc import Callable
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
    """Run one command, the words after `zssbir`; None takes them from the shell.

    Returns:
        Exit code: 0 success, 1 `data check` found something, 2 a mistake in the
        request, 130 Ctrl-C.
    """
    options = build_parser().parse_args(arguments)
    options.words = sys.argv[1:] if arguments is None else arguments
    how = "--resume" if options.command == "fit" else "the same command"
    return guarded(options, options.run, "zssbir", f"{how} goes on from there")


def run_script(
    parser: OneLineParser,
    run: Callable[[argparse.Namespace], int | None],
    arguments: list[str] | None = None,
) -> int:
    """Run a script of its own, with the exit codes and one-line errors of `main`."""
    options = parser.parse_args(arguments)
    return guarded(options, run, parser.prog, "the same command starts again")


def guarded(
    options: argparse.Namespace,
    run: Callable[[argparse.Namespace], int | None],
    program: str,
    after_ctrl_c: str,
) -> int:
    """Run what the options ask for; every expected error becomes one clear line."""
    try:
        return run(options) or 0
    except KeyboardInterrupt as stop:
        print(f"{program}: {str(stop) or 'stopped'}; {after_ctrl_c}", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError, NotImplementedError) as error:
        print(f"{program}: error: {one_line(error)}", file=sys.stderr)
        return FAILURE


def one_line(error: BaseException) -> str:
    """Return an error's message without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__
