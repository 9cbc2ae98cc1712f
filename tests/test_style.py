"""ruff finds nothing to mend, in modules, tests and notebooks."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["check"], "mend the lines, or run: ruff check --fix"),
        (["format", "--check"], "run: ruff format"),
    ],
)
def test_ruff_is_content(arguments, remedy):
    outcome = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    report = outcome.stdout + outcome.stderr
    assert outcome.returncode == 0, f"{remedy}\n{report}"
