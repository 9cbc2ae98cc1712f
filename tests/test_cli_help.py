"""Every command says what it does, at once."""

import subprocess
import sys

import pytest

from zssbir_lib.cli import main
from zssbir_lib.cli.main import build_parser
from zssbir_lib.training import METHODS

COMMANDS = ("data", "fit", "evaluate", "study")
DATA_COMMANDS = ("fetch", "check", "prepare", "draw")
FIT_OPTIONS = "method data split backbone weights profile seed device precision out "
FIT_OPTIONS += "resume set fields generalised parts workers compile threads photos "
FIT_OPTIONS += "skip-unreadable validation-classes seen-classes difficulty"
EVALUATE_OPTIONS = (
    "checkpoint data split feature generalised test-time cells device out"
)
STUDY_OPTIONS = "runs out rows profiles seeds seen-counts jobs figure set split data"


def help_of(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main([*words, "--help"])
    assert stop.value.code == 0
    return capsys.readouterr().out


def test_the_help_lists_every_command(capsys):
    text = help_of([], capsys)
    for command in COMMANDS:
        assert f"\n    {command} " in text
    assert "--version" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert f"usage: zssbir {command}" in help_of([command], capsys)


@pytest.mark.parametrize("command", DATA_COMMANDS)
def test_every_command_on_data_has_help(command, capsys):
    assert f"usage: zssbir data {command}" in help_of(["data", command], capsys)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("fit", FIT_OPTIONS),
        ("evaluate", EVALUATE_OPTIONS),
        ("study", STUDY_OPTIONS),
    ],
)
def test_every_option_is_there(command, options, capsys):
    text = help_of([command], capsys)
    for option in options.split():
        assert f" --{option}" in text, option


def test_no_command_is_forgotten():
    actions = build_parser()._subparsers._group_actions[0].choices
    assert set(actions) == set(COMMANDS)
    assert set(actions["data"]._subparsers._group_actions[0].choices) == set(
        DATA_COMMANDS
    )


def test_the_help_of_fit_names_every_method(capsys):
    text = " ".join(help_of(["fit"], capsys).replace("-\n", "-").split())
    assert f"{', '.join(METHODS)}, or FILE.py:Name for one of your own" in (
        text.replace("bid- ", "bid-")
    )


def test_data_needs_one_of_its_commands(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["data"])
    assert stop.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(words):
    code = (
        "import sys\nfrom zssbir_lib.cli import main\n"
        f"try:\n    main({words!r})\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'numpy', 'PIL', 'scipy', 'sklearn', 'matplotlib', 'tqdm'}\n"
        "print('loaded:', *sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "loaded:", done.stdout + done.stderr
