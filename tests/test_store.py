"""The store of images: filled in pieces, stopped, damaged, and whole again."""

import errno
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from zssbir_lib import store
from zssbir_lib.store import (
    JOURNAL,
    Chunk,
    Finished,
    PixelFile,
    clear_refusals,
    fill,
    find_damaged,
    gibibytes,
    record,
    recorded,
)

SHAPE = (3, 2, 2)  # 12 bytes an image
COUNTS = (4, 4, 3)  # images of the chunks
MADE = []  # values of the images made in this process


def chunks_in(folder: Path, key: str = "k", values=range(11), file="a.u8") -> list:
    values, found = list(values), []
    for count in COUNTS:
        first = sum(chunk.count for chunk in found)
        work = tuple(values[first : first + count])
        name = f"{work[0]} to {work[-1]}"
        found.append(Chunk(folder / file, first, count, SHAPE, key, name, work))
    return found


def make(work):
    """Make an image of each number, one colour each; 99 cannot be read."""
    for value in work:
        MADE.append(value)
        yield "no such number" if value == 99 else np.full(SHAPE, value, np.uint8)


@pytest.fixture(autouse=True)
def nothing_made():
    MADE.clear()


def fill_here(chunks, make=make, **options):
    return fill(chunks, make, **{"jobs": 1} | options)


def bytes_of(values) -> bytes:
    return b"".join(bytes([value] * 12) for value in values)


def stopping_at(moment: int, error: BaseException):
    """Return a maker that fails at an image."""

    def stopping(work):
        for value, image in zip(work, make(work), strict=True):
            if value == moment:
                raise error
            yield image

    return stopping


# --- filled --------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", [1, 2])
def test_bytes_are_the_images_and_nothing_is_made_twice(tmp_path, jobs):
    lines = fill(chunks_in(tmp_path), make, jobs)
    assert (tmp_path / "a.u8").read_bytes() == bytes_of(range(11))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.u8", JOURNAL]
    assert [line.first for line in lines] == [0, 4, 8]
    assert len({line.checksum for line in lines}) == 3
    MADE.clear()
    assert fill_here(chunks_in(tmp_path)) == lines and MADE == []


def test_a_chunk_alone_stands_at_its_place(tmp_path):
    *_, last = chunks_in(tmp_path)
    fill_here([last])
    assert (tmp_path / "a.u8").read_bytes() == bytes_of([0] * 8 + [8, 9, 10])
    fill_here(chunks_in(tmp_path))
    assert (tmp_path / "a.u8").read_bytes() == bytes_of(range(11))
    assert MADE == [8, 9, 10, *range(8)]


def test_several_files_in_several_folders(tmp_path):
    every = chunks_in(tmp_path / "x") + chunks_in(tmp_path / "y", file="b.u8")
    fill_here(every)
    for path in (tmp_path / "x" / "a.u8", tmp_path / "y" / "b.u8"):
        assert path.read_bytes() == bytes_of(range(11))
    assert fill_here([]) == []


def test_a_whole_store_is_not_written_to(tmp_path, monkeypatch):
    fill_here(chunks_in(tmp_path))
    monkeypatch.setattr(Path, "mkdir", None)
    monkeypatch.setattr(store, "record", None)
    fill_here(chunks_in(tmp_path))


# --- stopped -------------------------------------------------------------------------


@pytest.mark.parametrize("moment", range(11))
def test_stopped_at_any_image_only_the_open_chunk_is_lost(tmp_path, moment):
    with pytest.raises(KeyboardInterrupt):
        fill_here(chunks_in(tmp_path), stopping_at(moment, KeyboardInterrupt()))
    finished = 0 if moment < 4 else 4 if moment < 8 else 8
    MADE.clear()
    fill_here(chunks_in(tmp_path))
    assert list(range(finished, 11)) == MADE
    assert (tmp_path / "a.u8").read_bytes() == bytes_of(range(11))


SCRIPT = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_store import chunks_in, make
from zssbir_lib.store import fill

def slowly(work):
    for image in make(work):
        time.sleep(float(sys.argv[3]))
        yield image

fill(chunks_in(Path(sys.argv[2])), slowly, jobs=2)
"""


def start(folder: Path, seconds: float) -> subprocess.Popen:
    """Fill a store in another process, with two processes of its own."""
    script = folder.parent / "script.py"
    script.write_text(SCRIPT)
    words = [sys.executable, script, Path(__file__).parent, folder, seconds]
    return subprocess.Popen(list(map(str, words)), stderr=subprocess.DEVNULL)


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def is_alive(process: Path) -> bool:
    try:
        return ") Z " not in (process / "stat").read_text()  # a zombie has ended
    except OSError:
        return False


def test_killed_it_goes_on_and_leaves_no_process(tmp_path):
    folder = tmp_path / "store"
    running = start(folder, 0.2)
    try:
        wait_until(lambda: recorded(folder) or running.poll() is not None)
        lists = Path(f"/proc/{running.pid}/task").glob("*/children")
        numbers = [number for one in lists for number in one.read_text().split()]
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
    assert running.returncode == -signal.SIGKILL
    children = [Path("/proc") / number for number in numbers]
    wait_until(lambda: not any(map(is_alive, children)), 10)
    finished = sum(COUNTS[first // 4] for _, first in recorded(folder))
    assert 0 < finished < 11
    fill_here(chunks_in(folder))
    assert len(MADE) == 11 - finished
    assert (folder / "a.u8").read_bytes() == bytes_of(range(11))


def test_two_programs_may_fill_the_same_store_at_once(tmp_path):
    folder = tmp_path / "store"
    programs = [start(folder, 0.01) for _ in range(2)]
    assert [program.wait(60) for program in programs] == [0, 0]
    assert (folder / "a.u8").read_bytes() == bytes_of(range(11))
    fill_here(chunks_in(folder))
    assert MADE == []


# --- damaged -------------------------------------------------------------------------


def flip_bit(path: Path, place: int = 50) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:70])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "again", "first"),
    [
        (flip_bit, range(4, 8), "a.u8 images 4 to 7 .4 to 7."),
        (cut, range(4, 11), "a.u8 images 4"),
        (empty, range(11), "a.u8 images 0"),
        (Path.unlink, range(11), "a.u8 images 0"),
    ],
)
def test_damage_is_announced_and_made_again(tmp_path, damage, again, first):
    fill_here(chunks_in(tmp_path))
    damage(tmp_path / "a.u8")
    MADE.clear()
    with pytest.warns(UserWarning, match=f"damaged and made again, the .*{first}"):
        fill_here(chunks_in(tmp_path))
    assert list(again) == MADE
    assert (tmp_path / "a.u8").read_bytes() == bytes_of(range(11))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fill_here(chunks_in(tmp_path))


def test_every_bit_of_every_chunk_is_covered(tmp_path):
    chunks = chunks_in(tmp_path)
    checksums = [line.checksum for line in fill_here(chunks)]
    whole = (tmp_path / "a.u8").read_bytes()
    for place in range(len(whole)):
        flip_bit(tmp_path / "a.u8", place)
        assert find_damaged(chunks, checksums) == [chunks[place // 48]]
        (tmp_path / "a.u8").write_bytes(whole)
    assert find_damaged(chunks, checksums, threads=2) == []


def test_another_key_makes_a_chunk_again(tmp_path):
    fill_here(chunks_in(tmp_path))
    before = chunks_in(tmp_path)
    after = [before[0], *chunks_in(tmp_path, "new", range(20, 31))[1:]]
    MADE.clear()
    with pytest.warns(
        UserWarning, match="source has changed since .* 2 finished chunks are made ag"
    ):
        fill_here(after)
    assert list(range(24, 31)) == MADE


def test_half_a_line_of_the_journal_costs_its_chunk(tmp_path):
    fill_here(chunks_in(tmp_path))
    journal = tmp_path / JOURNAL
    journal.write_text(journal.read_text().rstrip()[:-20])
    MADE.clear()
    fill_here(chunks_in(tmp_path))
    assert MADE == [8, 9, 10]


def test_the_journal_keeps_whole_lines_after_half_a_one(tmp_path):
    first = Finished("a.u8", 0, 8, "k", "c", {})
    second = Finished("b.u8", 3, 8, "k", "d", {16: "broken"})
    record(first, tmp_path)
    for rest in ('{"file": 1, "num', "[1]", '{"file": 1}', "null", "\x00\x00"):
        with open(tmp_path / JOURNAL, "a") as file:
            file.write(rest)
        record(second, tmp_path)
    assert recorded(tmp_path) == {("a.u8", 0): first, ("b.u8", 3): second}
    assert recorded(tmp_path / "nowhere") == {}


# --- unreadable ----------------------------------------------------------------------


def test_what_cannot_be_read_is_noted_and_leaves_zeros(tmp_path):
    chunks = chunks_in(tmp_path, values=[0, 1, 2, 3, 4, 99, 6, 7, 8, 9, 10])
    lines = fill_here(chunks)
    assert [line.unreadable for line in lines] == [{}, {5: "no such number"}, {}]
    content = (tmp_path / "a.u8").read_bytes()
    assert content[5 * 12 : 6 * 12] == bytes(12) and content[6 * 12] == 6
    MADE.clear()
    assert fill_here(chunks) == lines and MADE == []
    fill_here(chunks, keep_unreadable=False)  # it is tried again
    assert MADE == [4, 99, 6, 7]


# --- the disk ------------------------------------------------------------------------


def test_no_room_is_said_before_anything_is_written(tmp_path, monkeypatch):
    folder = tmp_path / "new" / "folder"
    usage = shutil.disk_usage(tmp_path)._replace(free=11 * 12 - 1)
    asked = []
    monkeypatch.setattr(shutil, "disk_usage", lambda at: asked.append(at) or usage)
    with pytest.raises(OSError, match=r"folder needs 0.0000 GiB, but its disk .* or c"):
        fill_here(chunks_in(folder))
    assert asked == [tmp_path] and list(tmp_path.iterdir()) == []
    usage = usage._replace(free=11 * 12)
    fill_here(chunks_in(folder))  # exactly enough
    assert gibibytes(5 * 2**30 // 2) == "2.5 GiB"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_keeps_what_is_finished(tmp_path, number):
    error = OSError(number, os.strerror(number))
    with pytest.raises(OSError, match="disk is full, .*is not finished: make room and"):
        fill_here(chunks_in(tmp_path), stopping_at(9, error))
    MADE.clear()
    fill_here(chunks_in(tmp_path))
    assert MADE == [8, 9, 10]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_device_that_is_really_full(tmp_path):
    (tmp_path / "a.u8").symlink_to("/dev/full")
    with pytest.raises(OSError, match="the disk is full"), clear_refusals(tmp_path, ""):
        store._write(chunks_in(tmp_path)[0], make)


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OSError, match=r"cannot write .*\(Not a directory.*elsewhere"):
        fill_here(chunks_in(tmp_path / "file" / "in"), remedy="go elsewhere")

    def refuse(*_, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OSError, match=r"\(Permission denied\): change its permissions"):
        fill_here(chunks_in(tmp_path / "new"))


# --- mapped --------------------------------------------------------------------------


def test_a_pixel_file_is_mapped_and_handed_on_as_its_name(tmp_path):
    lines = fill_here(chunks_in(tmp_path))
    path = tmp_path / "a.u8"
    file = PixelFile(path, (11, *SHAPE), 4, tuple(line.checksum for line in lines))
    images = file.mapped()
    assert images[:, 2, 1, 1].tolist() == list(range(11))
    assert not images.flags.writeable
    assert len(pickle.dumps(file)) < 600
    flip_bit(path, 0)  # the same file
    assert file.mapped()[0, 0, 0, 0] == 1
    assert PixelFile(path, (0, *SHAPE), 4, ()).mapped().shape == (0, *SHAPE)


def test_the_store_does_not_import_torch():
    code = "import sys, zssbir_lib.world; print('torch' in sys.modules)"
    command = [sys.executable, "-c", code]
    outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert outcome.stdout.strip() == "False", outcome.stderr
