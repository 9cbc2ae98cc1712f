"""The ground floor: whole files, jobs, and nothing beside them that does the same."""

import ast
import errno
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
import torch

from zssbir_lib.files import (
    check_writable,
    reason,
    write_json,
    write_shared,
    write_text,
    write_whole,
)
from zssbir_lib.jobs import available_cores, in_threads, jobs_worth, run_jobs

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_under_its_name_only(tmp_path):
    path = tmp_path / "file.bin"

    def write(file):
        file.write(b"half")
        assert names(tmp_path) == ["file.bin.partial"]
        file.write(b" and half")

    write_whole(path, write)
    assert path.read_bytes() == b"half and half"
    assert names(tmp_path) == ["file.bin"]


def test_the_old_file_is_there_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"

    write_whole(path, write)
    assert path.read_bytes() == b"new"


def test_what_a_crash_left_behind_is_overwritten(tmp_path):
    path = tmp_path / "file.bin"
    (tmp_path / "file.bin.partial").write_bytes(b"a longer rest of a crash")
    write_whole(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new" and names(tmp_path) == ["file.bin"]


def test_the_content_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    path, events = tmp_path / "file.bin", []
    sync, replace = os.fsync, Path.replace

    def fsync(number):
        assert os.fstat(number).st_size == 3  # flushed before
        events.append("sync")
        sync(number)

    def rename(self, target):
        events.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", rename)
    write_whole(path, lambda file: file.write(b"new"))
    assert events == ["sync", "rename"]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (RuntimeError("PytorchStreamWriter failed\nat line 3"), "(PytorchStreamWriter"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied"),
    ],
)
def test_a_failure_is_told_in_one_line_and_the_old_file_kept(tmp_path, error, words):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"half")
        raise error

    with pytest.raises(OSError) as told:
        write_whole(path, write)
    message = str(told.value)
    assert f"cannot write {path}" in message and words in message
    assert "--resume" in message and "--out" in message
    assert len(message.splitlines()) == 1
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file.bin"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, TypeError, MemoryError])
def test_other_ends_pass_through_and_leave_nothing_half(tmp_path, error):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"half")
        raise error

    with pytest.raises(error):
        write_whole(path, write)
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file.bin"]


@needs_full
@pytest.mark.parametrize("size", [10, 10_000_000])
def test_a_full_disk_is_named(tmp_path, size):
    path = tmp_path / "file.pt"
    path.write_bytes(b"old")
    (tmp_path / "file.pt.partial").symlink_to(FULL)
    content = torch.zeros(size, dtype=torch.uint8)
    with pytest.raises(OSError, match="No space left on device.*free space"):
        write_whole(path, lambda file: torch.save(content, file))
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file.pt"]


def test_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "none" / "file.bin"
    with pytest.raises(OSError, match="none/file.bin.*No such file"):
        write_whole(path, lambda file: file.write(b"new"))


def test_json_is_written_whole_and_its_folder_made(tmp_path):
    path = tmp_path / "deep" / "result.json"
    write_json({"a": [1, 2]}, path)
    assert path.read_text() == '{\n "a": [\n  1,\n  2\n ]\n}\n'
    with pytest.raises(TypeError):
        write_json({"a": object()}, path)
    assert names(path.parent) == ["result.json"]
    assert path.read_text().startswith('{\n "a"')


# a folder to write to


def test_a_folder_is_made_and_left_empty(tmp_path):
    folder = tmp_path / "a" / "b"
    check_writable(folder)
    check_writable(folder)
    assert names(folder) == []


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    file = tmp_path / "file"
    file.write_text("content")
    for folder in (file, file / "below"):
        with pytest.raises(OSError, match=f"cannot write to folder {folder}") as told:
            check_writable(folder)
        assert "choose another --out" in str(told.value)
        assert len(str(told.value).splitlines()) == 1
    assert file.read_text() == "content"


@pytest.mark.parametrize(
    ("number", "words"), [(errno.EROFS, "Read-only"), (errno.EACCES, "Permission")]
)
def test_a_folder_without_permission_is_named(tmp_path, monkeypatch, number, words):
    def refuse(self, content):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(OSError, match=f"cannot write to folder .*{words}.*permissions"):
        check_writable(tmp_path)
    assert names(tmp_path) == []


@needs_full
def test_a_full_disk_is_found_at_once_and_no_probe_is_left(tmp_path):
    (tmp_path / ".writable.partial").symlink_to(FULL)
    with pytest.raises(OSError, match="No space left on device"):
        check_writable(tmp_path)
    assert names(tmp_path) == []


# what went wrong


def test_the_reason_is_that_of_the_first_error():
    try:
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            raise RuntimeError("enforce fail at inline_container.cc")  # noqa: B904
    except RuntimeError as error:
        assert reason(error) == "No space left on device"


def test_the_reason_is_one_line_and_never_empty():
    assert reason(ValueError("first\nsecond")) == "first"
    assert reason(KeyboardInterrupt()) == "KeyboardInterrupt"
    assert reason(OSError("no number")) == "no number"


def test_text_is_written_as_it_is_and_its_folder_made(tmp_path):
    path = tmp_path / "deep" / "text.md"
    write_text("größer\n", path)
    assert path.read_bytes() == "größer\n".encode()
    assert names(path.parent) == ["text.md"]


# a file that several may write


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path = tmp_path / "file.bin"

    def while_another_does(file):
        file.write(b"outer")
        other = Thread(target=write_shared, args=(path, lambda file: file.write(b"in")))
        other.start()
        other.join()
        assert path.read_bytes() == b"in"

    write_shared(path, while_another_does)
    assert path.read_bytes() == b"outer" and names(tmp_path) == ["file.bin"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()])
def test_a_shared_file_stays_as_it_was_and_the_error_too(tmp_path, error):
    path = tmp_path / "file.bin"
    path.write_bytes(b"old")

    def write(file):
        file.write(b"half")
        raise error

    with pytest.raises(type(error)) as told:
        write_shared(path, write)
    assert told.value is error
    assert path.read_bytes() == b"old" and names(tmp_path) == ["file.bin"]


# jobs


@pytest.mark.parametrize("jobs", [1, 2])
def test_everything_is_done_once(jobs, tmp_path):
    items = [tmp_path / name for name in "abc"]
    assert list(run_jobs(Path.mkdir, items, jobs)) == [None] * 3
    assert sorted(tmp_path.iterdir()) == items
    assert sorted(run_jobs(abs, [-1, 2, -3], jobs)) == [1, 2, 3]
    assert list(run_jobs(abs, [], jobs)) == []


def test_alone_it_is_done_in_order_and_one_at_a_time():
    done = []
    steps = run_jobs(done.append, "abc", jobs=1)
    next(steps)
    assert done == ["a"]
    assert len(list(steps)) == 2 and done == ["a", "b", "c"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_goes_wrong_is_told(jobs, tmp_path):
    with pytest.raises(FileNotFoundError):
        list(run_jobs(Path.rmdir, [tmp_path / "missing"], jobs))


def test_a_result_comes_when_it_is_done():
    assert list(run_jobs(time.sleep, [2, 0], 2)) == [None, None]
    slow_first = run_jobs(wait_and_return, [3, 0], 2)
    assert list(slow_first) == [0, 3]
    assert multiprocessing.active_children() == []


def wait_and_return(seconds):
    time.sleep(seconds)
    return seconds


def test_every_process_has_one_thread():
    assert list(run_jobs(threads_of_torch, [0, 1], 2)) == [1, 1]


def threads_of_torch(_):
    return torch.get_num_threads()


def test_a_process_that_dies_is_told(capfd):
    for work in (os._exit, die_of_a_fault):
        with pytest.raises(
            ChildProcessError, match="a process died, .*fewer processes"
        ):
            list(run_jobs(work, [0, 0], 2))
    assert capfd.readouterr().err == ""


def die_of_a_fault(_):
    os.kill(os.getpid(), signal.SIGSEGV)


def test_processes_end_at_once_when_the_work_is_broken_off():
    results = run_jobs(time.sleep, [0, 60, 60], 2)
    next(results)
    started, own = time.monotonic(), multiprocessing.active_children()
    results.close()
    assert time.monotonic() - started < 30 and len(own) == 2
    assert not any(process.is_alive() for process in own)


WORKING = """
import os, signal, sys, time
from zssbir_lib.jobs import run_jobs

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a background job

def work(folder):
    open(f"{folder}/{os.getpid()}", "w").close()
    time.sleep(60)

try:
    list(run_jobs(work, [sys.argv[1]] * 3, 2))
except KeyboardInterrupt:
    sys.exit("stopped")
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs Linux")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_working(tmp_path, number):
    running = subprocess.Popen(
        [sys.executable, "-c", WORKING, str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: len(names(tmp_path)) == 2)
    if number == signal.SIGINT:
        os.killpg(running.pid, number)  # as a terminal does: the workers too
    else:
        os.kill(running.pid, number)
    _, told = running.communicate(timeout=120)
    if number == signal.SIGINT:
        assert told == "stopped\n"
    wait_until(lambda: not any(is_alive(pid) for pid in names(tmp_path)))


def wait_until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def is_alive(process):
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


def test_threads_keep_the_order():
    numbers = list(range(10_000))
    assert list(in_threads(lambda n: n * n, numbers, 3)) == [n * n for n in numbers]
    assert list(in_threads(abs, [-1], 3)) == [1]


def test_few_images_are_not_worth_processes(monkeypatch):
    assert available_cores() >= 1
    monkeypatch.setattr("zssbir_lib.jobs.available_cores", lambda: 3)
    assert [jobs_worth(images) for images in (0, 399, 400, 10_000)] == [1, 1, 2, 3]


# nothing else in the library does the same

LIBRARY = Path(__file__).resolve().parents[1] / "zssbir_lib"
OPENERS, READING = {"open", "fdopen"}, {"r", "rb", "rt"}
WRITERS = {
    "write_text", "write_bytes", "save", "savez", "savez_compressed", "savetxt",
    "tofile", "savefig", "to_csv", "to_json", "dump", "imsave", "save_image",
    "open_memmap", "memmap", "mkstemp", "NamedTemporaryFile",
}  # fmt: skip
POOLS = {"multiprocessing", "joblib", "concurrent"}

# file -> what it may do, and why
EXCEPTIONS = {
    "store.py": ({"a", "ab", "r+b"}, "pixels under construction, their journal"),
    "data/audit/facts.py": ({"a"}, "a line of the journal"),
}


def doings(source: str) -> set[str]:
    """Return the ways in which code writes files or starts processes by itself.

    A call that is given `file`, the open file of a `write_whole`, is none of them.
    """
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {one.name.split(".")[0] for one in node.names} & POOLS
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module).split(".")[0]} & POOLS
        elif isinstance(node, ast.Attribute) and node.attr == "multiprocessing":
            found.add("multiprocessing")
        elif isinstance(node, ast.Call):
            found |= writing(node)
    return found


def writing(call: ast.Call) -> set[str]:
    """Return the mode or the name of a call that writes a file."""
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    given = [*call.args, *(one.value for one in call.keywords)]
    texts = [one.value for one in given if isinstance(one, ast.Constant)]
    if name in OPENERS:
        modes = {text for text in texts if isinstance(text, str)}
        return {mode for mode in modes if re.fullmatch("[rwaxbt+]*", mode)} - READING
    plain = isinstance(call.func, ast.Name)  # write_text of zssbir_lib.files
    opened = plain or "file" in [getattr(one, "id", "") for one in given]
    opened |= name == "to_csv" and not call.args  # returns the text
    reads = name.endswith("memmap") and "r" in texts
    return set() if opened or reads else {name} & WRITERS


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("open(path, 'w')", {"w"}),
        ("path.open(mode='xb')", {"xb"}),
        ("path.open('a', encoding='utf-8')", {"a"}),
        ("open(path)", set()),
        ("path.open('rb')", set()),
        ("Image.open('mask')", set()),
        ("path.write_text(text)", {"write_text"}),
        ("write_text(text, path)", set()),
        ("frame.to_csv(path)", {"to_csv"}),
        ("frame.to_csv(index=False)", set()),
        ("torch.save(content, path)", {"save"}),
        ("write_whole(path, lambda file: torch.save(content, file))", set()),
        ("np.memmap(path, np.uint8, 'r+')", {"memmap"}),
        ("np.memmap(path, np.uint8, 'r')", set()),
        ("from concurrent.futures import ThreadPoolExecutor", {"concurrent"}),
        ("def f():\n    import joblib", {"joblib"}),
        ("torch.multiprocessing.spawn(work)", {"multiprocessing"}),
        ("import torch.multiprocessing as mp", set()),
    ],
)
def test_every_kind_of_doing_is_seen(line, found):
    assert doings(line) == found


@pytest.mark.parametrize(
    "path",
    sorted(LIBRARY.rglob("*.py")),
    ids=lambda path: path.relative_to(LIBRARY).as_posix(),
)
def test_files_and_processes_are_left_to_the_ground_floor(path):
    inside = path.relative_to(LIBRARY).as_posix()
    if inside in ("files.py", "jobs.py"):
        return
    allowed, _ = EXCEPTIONS.get(inside, (set(), ""))
    found = doings(path.read_text(encoding="utf-8"))
    assert found == allowed, f"{inside}: use zssbir_lib.files and zssbir_lib.jobs"
