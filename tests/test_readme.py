"""The README's tables, links and commands."""

import re
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tools"))

from readme_tables import (  # noqa: E402
    RESULTS,
    results_section,
    update,
    whole_page,
    with_interval,
)

README = (REPOSITORY / "README.md").read_text()


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
