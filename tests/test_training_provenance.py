"""Where numbers come from."""

import json
import sys

import pytest

from zssbir_lib.training import provenance as provenance_of
from zssbir_lib.training import write_json
from zssbir_lib.training.provenance import command_line, commit, git


def test_a_result_names_versions_device_commit_and_command():
    origin = provenance_of("cpu")
    assert set(origin) == {"versions", "device", "commit", "command"}
    assert set(origin["versions"]) >= {"python", "torch", "numpy"}
    assert origin["device"] == "cpu"


def test_the_command_has_no_local_folders():
    words = [
        "/somewhere/__main__.py",
        "fit",
        "--data",
        "/home/me/images",
        "--seed",
        "3",
    ]
    assert command_line(words) == "python -m zssbir_lib fit --data images --seed 3"


def test_the_commit_is_marked_when_the_library_differs(monkeypatch):
    module = sys.modules["zssbir_lib.training.provenance"]

    def fake(*words):
        return {"rev-parse": "abc1234567", "status": changes}[words[0]]

    monkeypatch.setattr(module, "git", fake)
    read_commit = commit.__wrapped__  # without the memory of the first call
    changes = ""
    assert read_commit() == "abc1234567"
    changes = " M losses/triplet.py"
    assert read_commit() == "abc1234567-dirty"
    monkeypatch.setattr(module, "git", lambda *words: None)
    assert read_commit() == "unknown"


def test_git_failing_is_no_error():
    assert git("no-such-command") is None


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "folder" / "result.json"
    write_json({"a": 1}, path)
    with pytest.raises(TypeError):
        write_json({"a": object()}, path)
    assert json.loads(path.read_text()) == {"a": 1}
