"""`data`: get data sets, find out what they are, prepare them for training."""

import argparse

from zssbir_lib.cli import data_check, data_draw, data_fetch, data_prepare

COMMANDS = (data_fetch, data_check, data_prepare, data_draw)


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Describe the group of commands."""
    parser = commands.add_parser("data", help=__doc__)
    group = parser.add_subparsers(dest="data_command", required=True)
    for module in COMMANDS:
        module.add_parser(group)
