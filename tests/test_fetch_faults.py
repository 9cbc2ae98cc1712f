"""The table of faults: each ends in one line, and never in a wrong file."""

from pathlib import Path

import fetch_server  # finds the benchmarks
import pytest
from disk_fault_cases import harmful_archives
from download_faults import all_cases, meet

SLOW = ("slow drip", "silence after the request")  # tested with shorter limits
PROCESSES = ("another process fetches the same", "killed in the middle (SIGKILL)")


@pytest.fixture(scope="module")
def server():
    with fetch_server.running_server() as running:
        yield running


@pytest.fixture(scope="module")
def names(server, tmp_path_factory) -> list[str]:
    folder: Path = tmp_path_factory.mktemp("unused")
    return [case.name for case in all_cases(server, folder)]


@pytest.fixture(scope="module")
def rows(server, names):
    left_out = SLOW + PROCESSES
    numbers = [number for number, name in enumerate(names) if name not in left_out]
    return [meet(number, server) for number in numbers]


def test_every_fault_has_its_own_name(names):
    assert len(set(names)) == len(names) >= 30
    assert set(SLOW + PROCESSES + tuple(harmful_archives())) <= set(names)


def test_every_fault_ends_in_one_line(rows):
    for row in rows:
        assert row["message"] and len(row["message"].splitlines()) == 1
        assert row["exit"] == (0 if row["message"] == "fetched" else 2), row


def test_the_file_has_its_name_only_when_it_is_right(rows):
    for row in rows:
        found = [line for line in row["left"] if line.startswith("file (")]
        assert bool(found) == (row["exit"] == 0), row
        assert "WRONG" not in str(row)
        assert not any(line.startswith("../") for line in row["left"]), row


def test_the_same_call_succeeds_when_the_fault_is_gone(rows):
    for row in rows:
        lasting = row["fault"] in {
            *harmful_archives(),
            "login page in place of drawings",
        }
        assert row["then"] == "" if lasting else row["then"].startswith("file right")


def test_nothing_of_a_harmful_archive_is_left(rows):
    left = {row["fault"]: row["left"] for row in rows}
    for name, content in harmful_archives().items():
        assert left[name] == [f"archive ({len(content)} bytes)"]
