"""The faulty server of the benchmarks, and a patience for tests that does not wait."""

import sys
from pathlib import Path

from zssbir_lib.data.fetching import Patience

sys.path.append(str(Path(__file__).resolve().parents[1] / "benchmarks"))

from disk_fault_cases import start_child  # noqa: E402
from faulty_server import FaultyServer, Served, running_server  # noqa: E402

__all__ = [
    "CONTENT",
    "FaultyServer",
    "Served",
    "hurried",
    "left_in",
    "running_server",
    "start_child",
]

CONTENT = bytes(i * i % 251 for i in range(200_000))


def hurried(**changes: object) -> Patience:
    """Return limits under which a failing test fails soon."""
    limits = {"timeout": 5.0, "sleep": lambda seconds: None} | changes
    return Patience(**limits)


def left_in(folder: Path) -> set[str]:
    """Return the names of all files under a folder."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if not path.is_dir()
    }
