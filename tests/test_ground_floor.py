"""Files are whole or not there, whatever stops the writing."""

import errno
import os
from pathlib import Path

import pytest
import torch

from zssbir_lib.files import check_writable, reason, write_json, write_whole

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
