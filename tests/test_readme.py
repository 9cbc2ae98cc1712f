"""The README's tables, links, commands and code."""

import re
import shlex
import sys
from pathlib import Path

import pytest
import torch

from zssbir_lib.cli.main import build_parser
from zssbir_lib.cli.options import read_method
from zssbir_lib.training import find_method, fit, new_state

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tools"))

from readme_tables import results_section, update, whole_page  # noqa: E402
from table_text import RESULTS, with_interval  # noqa: E402

README = (REPOSITORY / "README.md").read_text()
GUIDE = (REPOSITORY / "CONTRIBUTING.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of a page in a language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """Return the words after `zssbir` of every command of a page."""
    lines = "\n".join(blocks(text, "bash")).replace("\\\n", " ").splitlines()
    found = [re.split(r"^uv run (?:zssbir|.*-m zssbir_lib) ", line) for line in lines]
    return [shlex.split(words[1]) for words in found if len(words) == 2]


def method_in_readme(folder: Path) -> str:
    """Write the README's example of a method into a file and return its name."""
    (example,) = [code for code in blocks(README, "python") if "(Method)" in code]
    (folder / "contrastive.py").write_text(example)
    return f"{folder / 'contrastive.py'}:Contrastive"


def test_tables_equal_the_result_files():
    assert update(README, results_section()) == README, (
        "run python tools/readme_tables.py"
    )


def test_the_page_of_results_is_that_of_the_result_files():
    assert (RESULTS / "README.md").read_text() == whole_page(), (
        "run python tools/readme_tables.py"
    )


def test_linked_files_exist():
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert len(links) >= 4
    missing = [link for link in links if not (REPOSITORY / link).exists()]
    assert missing == []


def test_ci_runs_exactly_the_test_command_of_the_readme():
    command = "uv run pytest --nbval"
    lines = (REPOSITORY / ".ci" / "run").read_text().splitlines()
    assert command in README
    assert lines[-1] == command


def test_an_interval_of_one_value_is_left_out():
    assert with_interval({"mean": 0.5, "low": None, "high": None}) == "0.500"
    value = {"mean": 0.5, "low": 0.4, "high": 0.6}
    assert with_interval(value) == "0.500 [0.400, 0.600]"


@pytest.mark.parametrize("words", commands(README), ids=" ".join)
def test_commands_name_options_and_fields_that_exist(words, tmp_path):
    options = build_parser().parse_args(words)
    if options.command == "fit":
        if ":" in options.method:
            options.method = method_in_readme(tmp_path)
        assert read_method(options)
    if options.command == "study":
        assert (REPOSITORY / options.file).is_file()


def test_all_four_commands_are_shown():
    assert {words[0] for words in commands(README)} == {
        "fit",
        "evaluate",
        "study",
        "data",
    }


def test_files_that_the_guide_names_exist():
    named = re.findall(r"`([\w/]+(?:/|\.\w+))`", GUIDE)
    paths = [name for name in named if "/" in name and not re.search("NAME|FILE", name)]
    assert len(paths) >= 8
    made = {"student/"}
    missing = [n for n in paths if n not in made and not (REPOSITORY / n).exists()]
    assert missing == []


def test_the_method_in_the_readme_trains(tmp_path, tiny_data):
    kind = find_method(method_in_readme(tmp_path))
    small = dict(batch_size=16, epochs=1, steps_per_epoch=2, weights="none")
    state = new_state(kind.named(**small), tiny_data)
    before = [weight.clone() for weight in state.net.parameters()]
    fit(state)
    assert state.history[0].keys() >= {"contrast", "loss"}
    assert state.history[0]["loss"] > 0
    after = list(state.net.parameters())
    assert not all(torch.equal(*pair) for pair in zip(before, after, strict=True))
