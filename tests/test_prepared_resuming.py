"""A preparation that is stopped at any moment, and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from prepared_folder import pixels_of, prepare, save, write_images

from zssbir_lib.data import read_class_folders
from zssbir_lib.data.prepared import chunks, open_store, verify_store
from zssbir_lib.data.prepared.chunks import FinishedChunk
from zssbir_lib.data.prepared.journal import record, recorded

IMAGES, CHUNKS = 36, 8  # of the small folder: 15 + 21 images, 3 + 5 chunks


@pytest.fixture
def root(tmp_path):
    return write_images(tmp_path / "mini")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def decoded(monkeypatch):
    """Record every decoded file; a function in `decoded.before` may interfere."""

    class Record(list):
        before = staticmethod(lambda count: None)

    record, plain = Record(), chunks.read_square

    def recording(path, *rest):
        record.before(len(record))
        record.append(path.name)
        return plain(path, *rest)

    monkeypatch.setattr(chunks, "read_square", recording)
    return record


def stop_at(count: int, error: BaseException):
    def before(done: int) -> None:
        if done == count:
            raise error

    return before


def assert_whole(out: Path, root: Path) -> None:
    assert pixels_of(open_store(out, 8)) == pixels_of(read_class_folders(root, 8))
    assert verify_store(out) == []
    assert not out.with_name("out.partial").exists()


# --- stopped -------------------------------------------------------------------------


@pytest.mark.parametrize("moment", range(0, IMAGES, 3))
def test_stopped_at_any_image_only_the_open_chunk_is_lost(root, out, decoded, moment):
    decoded.before = stop_at(moment, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        prepare(root, out)
    assert not out.exists() and len(decoded) == moment
    sizes = [5, 5, 5, 5, 5, 5, 5, 1]
    finished = next(n for n in range(9) if sum(sizes[: n + 1]) > moment)
    assert len(recorded(out.with_name("out.partial"))) == finished
    decoded.clear()
    decoded.before = lambda count: None
    prepare(root, out)
    assert len(decoded) == IMAGES - sum(sizes[:finished])
    assert_whole(out, root)


def test_stopped_before_the_last_renaming_nothing_is_decoded_again(
    root, out, decoded, monkeypatch
):
    def no_renaming(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", no_renaming)
        with pytest.raises(KeyboardInterrupt):
            prepare(root, out)
    assert len(decoded) == IMAGES and not out.exists()
    prepare(root, out)
    assert len(decoded) == IMAGES
    assert_whole(out, root)


# every process of Python runs this first, workers too
SLOW_READING = """
import time
from PIL import Image

plain = Image.open

def slowly(*arguments):
    time.sleep(0.05)
    return plain(*arguments)

Image.open = slowly
"""
SCRIPT = """
import sys
from zssbir_lib.data import load_data
from zssbir_lib.data.prepared import prepare_store

root, out = sys.argv[1:]
prepare_store(load_data(root, 8), root, out, jobs=2, chunk_images=5)
"""


def wait_until(condition, seconds=40):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def children_of(process: int) -> list[Path]:
    """Return the /proc folders of a process's children; empty where there is none."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    numbers = [number for one in lists for number in one.read_text().split()]
    return [Path("/proc") / number for number in numbers]


def is_alive(process: Path) -> bool:
    try:
        return ") Z " not in (process / "stat").read_text()  # a zombie has ended
    except OSError:
        return False


def test_killed_it_goes_on_and_leaves_no_process(root, out, tmp_path, decoded):
    (tmp_path / "sitecustomize.py").write_text(SLOW_READING)
    words = [sys.executable, "-c", SCRIPT, str(root), str(out)]
    slow = os.environ | {"PYTHONPATH": str(tmp_path)}
    running = subprocess.Popen(words, stderr=subprocess.DEVNULL, env=slow)
    try:
        partial = out.with_name("out.partial")
        wait_until(lambda: recorded(partial) or running.poll() is not None)
        children = children_of(running.pid)
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    assert running.returncode == -signal.SIGKILL and not out.exists()
    wait_until(lambda: not any(is_alive(child) for child in children), 10)
    finished = len(recorded(partial))
    assert 1 <= finished < CHUNKS
    prepare(root, out)
    assert 0 < len(decoded) <= IMAGES - 5 * finished + 4  # the last chunk has one image
    assert_whole(out, root)


# --- what an earlier attempt has left ------------------------------------------------


def interrupted(root, out, decoded, after=30) -> Path:
    """Stop a preparation after some images and return the unfinished store."""
    decoded.before = stop_at(after, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        prepare(root, out)
    decoded.clear()
    decoded.before = lambda count: None
    return out.with_name("out.partial")


def test_half_a_line_of_the_journal_is_passed_over(root, out, decoded):
    partial = interrupted(root, out, decoded)
    journal = partial / "finished.jsonl"
    journal.write_text(journal.read_text().rstrip()[:-20])
    prepare(root, out)
    assert len(decoded) == 6 + 5
    assert_whole(out, root)


def test_the_journal_keeps_whole_lines_after_half_a_one(tmp_path):
    first = FinishedChunk(0, 0, 8, "k", "c", {})
    second = FinishedChunk(1, 3, 8, "k", "d", {16: "broken"})
    record(first, tmp_path)
    journal = tmp_path / "finished.jsonl"
    for rest in ('{"modality": 1, "num', "[1]", '{"modality": 1}', "null", "\x00\x00"):
        with open(journal, "a") as file:
            file.write(rest)
        record(second, tmp_path)
    assert recorded(tmp_path) == {(0, 0): first, (1, 3): second}
    assert len(journal.read_text().split()) > 6
    assert json.loads(journal.read_text().splitlines()[1])["modality"] == 0


def test_stored_bytes_that_changed_meanwhile_are_made_again(root, out, decoded):
    partial = interrupted(root, out, decoded)
    with open(partial / "sketches.u8", "r+b") as file:
        file.seek(7 * 64)
        file.write(bytes(64))
    prepare(root, out)
    assert len(decoded) == 6 + 5
    assert_whole(out, root)


def test_a_pixel_file_that_is_gone_is_made_again(root, out, decoded):
    (interrupted(root, out, decoded) / "sketches.u8").unlink()
    prepare(root, out)
    assert len(decoded) == 6 + 15
    assert_whole(out, root)


def test_a_changed_file_is_noticed(root, out, decoded):
    interrupted(root, out, decoded)
    save(root / "sketch" / "bus" / "1.png", np.zeros((9, 9)))
    with pytest.warns(
        UserWarning,
        match="has changed since .*out.partial was begun: 1 finished chunks are made "
        "again, the first from sketch/bus/0.png to sketch/bus/4.png",
    ):
        prepare(root, out)
    assert len(decoded) == 6 + 5
    assert_whole(out, root)


def test_a_file_touched_is_taken_for_changed(root, out, decoded):
    interrupted(root, out, decoded)
    os.utime(root / "sketch" / "bus" / "1.png", (1, 1))
    with pytest.warns(UserWarning, match="has changed since"):
        prepare(root, out)


@pytest.mark.parametrize("change", ["more", "fewer"])
def test_files_added_or_removed_shift_the_rest(root, out, decoded, change):
    interrupted(root, out, decoded)
    if change == "more":
        save(root / "sketch" / "ant" / "00.png", np.zeros((9, 9)))
    else:
        (root / "sketch" / "ant" / "3.png").unlink()
    with pytest.warns(UserWarning, match="3 finished chunks are made again"):
        prepare(root, out)
    assert_whole(out, root)


def test_another_size_does_not_destroy_the_work(root, out, decoded):
    interrupted(root, out, decoded)
    with pytest.raises(
        ValueError, match="was begun at 8 pixels, not 9: finish it with --size 8"
    ):
        prepare(root, out, size=9)
    prepare(root, out)
    assert len(decoded) == 6
    assert_whole(out, root)


def test_other_chunks_begin_anew(root, out, decoded):
    interrupted(root, out, decoded)
    with pytest.warns(UserWarning, match="has changed"):
        prepare(root, out, chunk_images=4)
    assert_whole(out, root)
