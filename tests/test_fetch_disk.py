"""What is on the disk when writing fails, another process writes, or one is killed."""

import errno
import os
import signal
from pathlib import Path

import pytest
from fetch_server import CONTENT, Served, left_in, running_server, start_child

from zssbir_lib.data.fetching import DownloadError, download
from zssbir_lib.data.fetching.locking import only_writer
from zssbir_lib.data.fetching.partial_file import PartialFile
from zssbir_lib.data.fetching.record import Record
from zssbir_lib.data.fetching.writing import disk_errors, write_whole


@pytest.fixture
def server():
    with running_server() as running:
        running.files["/a.bin"] = Served(CONTENT)
        yield running


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk(server, tmp_path):
    (tmp_path / "a.bin.partial").symlink_to("/dev/full")
    with pytest.raises(
        OSError, match=r"cannot write .*a.bin \(No space left"
    ) as caught:
        download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert "free some space, then run the same command again" in str(caught.value)
    assert not (tmp_path / "a.bin").exists()


def test_a_disk_that_fills_up_keeps_what_fits(server, tmp_path, monkeypatch):
    write = PartialFile.append

    def append(self, block):
        write(self, block[: max(0, 100_000 - self.size)])
        if self.size == 100_000:
            with disk_errors(self.final):
                raise OSError(errno.ENOSPC, "No space left on device")

    url = f"{server.url}/a.bin"
    monkeypatch.setattr(PartialFile, "append", append)
    with pytest.raises(OSError, match="No space left"):
        download(url, tmp_path / "a.bin")
    assert left_in(tmp_path) == {"a.bin.partial", "a.bin.partial.json"}
    monkeypatch.undo()
    assert download(url, tmp_path / "a.bin").read_bytes() == CONTENT
    assert server.ranges() == [None, "bytes=100000-"]


def test_short_writes_are_completed(tmp_path):
    class Stingy:
        """A file that takes three bytes at a time."""

        def __init__(self) -> None:
            self.content = b""

        def write(self, view) -> int:
            self.content += bytes(view[:3])
            return min(3, len(view))

        def close(self) -> None: ...

    with PartialFile(tmp_path / "a", "http://a") as partial:
        partial._close()
        partial._file = Stingy()
        partial.append(b"0123456789")
        assert partial._file.content == b"0123456789" and partial.size == 10


def test_a_file_in_place_of_the_folder(server, tmp_path):
    (tmp_path / "data").write_text("mine")
    with pytest.raises(OSError, match="cannot write .*data/a.bin .*choose another"):
        download(f"{server.url}/a.bin", tmp_path / "data" / "a.bin")
    assert left_in(tmp_path) == {"data"} and server.requests == []


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written_to(server, tmp_path, monkeypatch, code):
    def refuse(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(
        OSError, match="choose a folder that you may write to"
    ) as caught:
        download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert os.strerror(code) in str(caught.value) and "Errno" not in str(caught.value)
    assert left_in(tmp_path) == set() and server.requests == []


def test_whole_files_leave_nothing_when_they_fail(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    write_whole(tmp_path / "a", b"before")
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="cannot write .*a .*quota exceeded.*free some"):
        write_whole(tmp_path / "a", b"after")
    assert left_in(tmp_path) == {"a"}
    assert (tmp_path / "a").read_bytes() == b"before"


def test_a_process_keeps_others_out_and_can_be_killed(server, tmp_path):
    served = server.files["/a.bin"] = Served(CONTENT, drip=0.0005)
    path, partial = tmp_path / "a.bin", tmp_path / "a.bin.partial"
    child = start_child(lambda: download(f"{server.url}/a.bin", path), partial)
    with pytest.raises(OSError, match="another process is writing .*a.bin; wait until"):
        download(f"{server.url}/a.bin", path)
    assert child.is_alive()
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL and not path.exists()
    kept = partial.read_bytes()
    assert 50 < len(kept) < len(CONTENT) and kept == CONTENT[: len(kept)]
    served.drip = 0.0
    assert download(f"{server.url}/a.bin", path).read_bytes() == CONTENT
    assert server.ranges() == [None, f"bytes={len(kept)}-"]
    assert left_in(tmp_path) == {"a.bin"}


def test_a_lock_is_for_one_and_leaves_nothing(tmp_path):
    path = tmp_path / "a"
    with only_writer(path):
        with pytest.raises(OSError, match="another process"):
            with only_writer(path):
                pass
        assert left_in(tmp_path) == {"a.lock"}
    assert left_in(tmp_path) == set()
    (tmp_path / "a.lock").touch()  # of a process that was killed
    with only_writer(path):
        pass
    assert left_in(tmp_path) == set()


def test_a_lock_on_a_file_that_is_gone_is_none(tmp_path, monkeypatch):
    from zssbir_lib.data.fetching import locking

    def too_late(file):
        (tmp_path / "a.lock").unlink()  # by the process that had the lock
        return True

    monkeypatch.setattr(locking, "_try_lock", too_late)
    with pytest.raises(OSError, match="another process"):
        with only_writer(tmp_path / "a"):
            pass


def test_errors_of_ours_pass_through_unchanged(tmp_path):
    ours = DownloadError("one line")
    with pytest.raises(DownloadError) as caught, disk_errors(tmp_path):
        raise ours
    assert caught.value is ours


@pytest.mark.parametrize(
    ("etag", "modified", "validator"),
    [
        ('"a"', "Monday", '"a"'),
        ('W/"a"', "Monday", "Monday"),
        ('W/"a"', None, None),
        (None, None, None),
    ],
)
def test_only_strong_tags_and_dates_tell_versions(etag, modified, validator):
    assert Record("http://a", etag, modified).validator == validator


def test_records_agree_where_both_know(tmp_path):
    record = Record("http://a", '"1"', "Monday", 5)
    assert record.agrees_with(Record("http://a"))
    assert record.agrees_with(Record("http://a", '"1"', None, 5))
    assert not record.agrees_with(Record("http://a", '"2"'))
    assert not record.agrees_with(Record("http://a", None, "Tuesday"))
    assert not record.agrees_with(Record("http://a", length=6))
