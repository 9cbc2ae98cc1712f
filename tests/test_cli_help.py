"""Every command says what it does."""

import pytest

from zssbir_lib.cli import main
from zssbir_lib.cli.main import build_parser

COMMANDS = ("data", "fit", "evaluate", "study", "ablation", "spread", "margins")
COMMANDS += ("abstraction", "neighbours", "forgetting", "teacher", "table", "figures")
DATA_COMMANDS = ("fetch", "check", "prepare", "draw")


def help_of(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*words, "--help"])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_the_help_lists_every_command(capsys):
    text = help_of([], capsys)
    for command in COMMANDS:
        assert f"\n    {command} " in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert f"zssbir_lib {command}" in help_of([command], capsys)


@pytest.mark.parametrize("command", DATA_COMMANDS)
def test_every_command_on_data_has_help(command, capsys):
    assert f"zssbir_lib data {command}" in help_of(["data", command], capsys)


def test_no_command_is_forgotten():
    actions = build_parser()._subparsers._group_actions[0].choices
    assert set(actions) == set(COMMANDS)
    assert set(actions["data"]._subparsers._group_actions[0].choices) == set(
        DATA_COMMANDS
    )


def test_data_needs_one_of_its_commands(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["data"])
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
