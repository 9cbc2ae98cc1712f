"""Where numbers come from."""

import subprocess
import sys

from zssbir_lib.training import provenance as provenance_of
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


# Import the library, and say when git is started and who asks for ctypes.
WATCH = """
import builtins, sys
started, asked, plain = [], [], builtins.__import__

def heard(event, given):
    if event in ("subprocess.Popen", "os.system", "os.posix_spawn"):
        started.append(given[1])

def watched(name, where=None, *rest):
    if name == "ctypes" and str((where or {}).get("__name__")).startswith("zssbir_lib"):
        asked.append(where["__name__"])
    return plain(name, where, *rest)

sys.addaudithook(heard)
builtins.__import__ = watched
import zssbir_lib.training
print([words for words in started if "git" in words], asked)
"""


def test_importing_the_library_asks_no_git_and_touches_no_c_library():
    command = [sys.executable, "-c", WATCH]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == "[] []\n"
