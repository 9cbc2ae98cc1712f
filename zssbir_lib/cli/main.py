"""Parse the command line and turn every expected error into one clear line."""

import argparse
import sys
from typing import NoReturn

from zssbir_lib.cli import (
    ablation,
    abstraction,
    data,
    evaluate,
    figures,
    fit,
    forgetting,
    margins,
    neighbours,
    spread,
    study,
    table,
    teacher,
)

WHAT = "Zero-shot sketch-based image retrieval: data, training, measuring."
FAILURE = 2
INTERRUPTED = 130
COMMANDS = (
    data,
    fit,
    evaluate,
    study,
    ablation,
    spread,
    margins,
    abstraction,
    neighbours,
    table,
    figures,
    forgetting,
    teacher,
)


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print one line on standard error and stop."""
        self.exit(
            FAILURE, f"{self.prog}: error: {message} (--help lists the options)\n"
        )


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = OneLineParser(prog="zssbir_lib", description=WHAT)
    commands = parser.add_subparsers(
        dest="command", required=True, parser_class=OneLineParser
    )
    for module in COMMANDS:
        module.add_parser(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: words after `python -m zssbir_lib`; None takes them from the shell.

    Returns:
        Exit code: 0 success, 1 `data check` found something, 2 a mistake in the
        request, 130 Ctrl-C.

    Taught in: notebook 02.
    """
    options = build_parser().parse_args(arguments)
    try:
        return options.run(options) or 0
    except KeyboardInterrupt as stop:
        reason = str(stop) or "stopped"
        how = "--resume" if options.command == "fit" else "the same command"
        print(f"zssbir_lib: {reason}; {how} goes on from there", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, OSError) as error:
        print(f"zssbir_lib: error: {one_line(error)}", file=sys.stderr)
        return FAILURE


def one_line(error: BaseException) -> str:
    """Return an error's message without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__
