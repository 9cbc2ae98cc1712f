"""What can go wrong while a store is written: one clear message, nothing lost."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from prepared_folder import pixels_of, prepare, write_images

from zssbir_lib.data import UnreadableImage, read_class_folders
from zssbir_lib.data.prepared import chunks, open_store, verify_store
from zssbir_lib.data.prepared.disk import clear_refusals, gibibytes
from zssbir_lib.data.prepared.originals import list_originals


@pytest.fixture
def root(tmp_path):
    return write_images(tmp_path / "mini")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def fail_at(monkeypatch, where, name: str, count: int, error: Exception) -> None:
    """Make the call number `count` of a function fail, and all after it."""
    plain, calls = getattr(where, name), []

    def failing(*arguments, **options):
        calls.append(arguments)
        if len(calls) > count:
            raise error
        return plain(*arguments, **options)

    monkeypatch.setattr(where, name, failing)


# --- the disk ------------------------------------------------------------------------


def test_no_room_is_said_before_anything_is_written(root, out, monkeypatch):
    usage = shutil.disk_usage(root)._replace(free=3 * 21 * 64 + 15 * 64 - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(OSError, match=r"out.partial needs 0.0000 GiB, but its disk"):
        prepare(root, out)
    assert list(out.parent.iterdir()) == [root]
    usage = usage._replace(free=usage.free + 1)
    prepare(root, out)  # exactly enough


def test_sizes_are_told_in_gibibytes():
    assert gibibytes(5 * 2**30 // 2) == "2.5 GiB"
    assert gibibytes(2**20) == "0.0010 GiB"


def test_room_is_looked_for_where_the_store_will_be(root, tmp_path, monkeypatch):
    asked, plain = [], shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda f: asked.append(f) or plain(f))
    prepare(root, tmp_path / "new" / "folders" / "out")
    assert asked == [tmp_path]
    assert pixels_of(open_store(tmp_path / "new" / "folders" / "out"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_keeps_what_is_finished(root, out, monkeypatch, number):
    with monkeypatch.context() as patch:
        error = OSError(number, os.strerror(number))
        fail_at(patch, os, "fsync", 5, error)
        with pytest.raises(
            OSError, match="disk is full, .*out.partial is not finished: make room and"
        ):
            prepare(root, out)
    assert not out.exists()
    fail_at(monkeypatch, chunks, "read_square", 36 - 10, KeyboardInterrupt())
    prepare(root, out)  # two chunks were finished: no more than 26 images are left
    assert pixels_of(open_store(out)) == pixels_of(read_class_folders(root, 8))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_device_that_is_really_full(root, tmp_path):
    (tmp_path / "sketches.u8").symlink_to("/dev/full")
    files = list_originals(read_class_folders(root, 8).sketches, root)
    chunk = chunks.cut_into_chunks(files, 0, image_size=8, images=5)[0]
    with (
        pytest.raises(OSError, match="the disk is full"),
        clear_refusals(tmp_path),
    ):
        chunks.write_chunk(chunk, tmp_path)


def test_a_target_in_a_file(root):
    with pytest.raises(OSError, match="cannot write .*Not a directory.*another place"):
        prepare(root, root / "sketch" / "ant" / "0.png" / "out")


def test_a_target_that_may_not_be_written(root, out, monkeypatch):
    refusal = PermissionError(errno.EACCES, "Permission denied")
    fail_at(monkeypatch, Path, "mkdir", 0, refusal)
    with pytest.raises(OSError, match=r"out.partial \(Permission denied\): choose"):
        prepare(root, out)


def test_nothing_is_overwritten(root, out):
    out.mkdir()
    with pytest.raises(FileExistsError, match="out exists: choose another name"):
        prepare(root, out)
    out.rmdir()
    out.write_text("mine")
    with pytest.raises(FileExistsError, match="out exists"):
        prepare(root, out)
    assert out.read_text() == "mine" and not out.with_name("out.partial").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"jobs": 0}, "jobs is 0, expected 1 process or more"),
        ({"chunk_images": 0}, "chunk_images is 0, expected 1 or more"),
        ({"size": 0}, "size is 0"),
    ],
)
def test_arguments(root, out, options, message):
    with pytest.raises(ValueError, match=message):
        prepare(root, out, **options)


# --- unreadable files ----------------------------------------------------------------


def break_some(root: Path) -> None:
    (root / "sketch" / "bus" / "0.png").write_bytes(b"")
    (root / "photo" / "ant" / "6.jpg").write_text("no image")
    whole = (root / "photo" / "cup" / "0.jpg").read_bytes()
    (root / "photo" / "cup" / "0.jpg").write_bytes(whole[:-40])


def test_unreadable_files_are_an_error_that_keeps_the_rest(root, out, monkeypatch):
    break_some(root)
    with pytest.raises(
        ValueError,
        match="^3 unreadable of 36 images, the first is .*sketch/bus/0.png: .*; "
        r"replace them \(data check lists all\), or leave them out with "
        "--skip-unreadable .*the others are done$",
    ):
        prepare(root, out)
    assert not out.exists()
    fail_at(monkeypatch, chunks, "read_square", 0, AssertionError("decoded again"))
    with pytest.warns(UserWarning, match="left out 3 unreadable of 36 images"):
        prepare(root, out, skip_unreadable=True)


@pytest.mark.filterwarnings("ignore:left out")
def test_skipped_files_leave_what_the_folder_reader_leaves(root, out):
    break_some(root)
    manifest = prepare(root, out, skip_unreadable=True)
    assert list(manifest.sketches.left_out) == [5]
    assert list(manifest.photos.left_out) == [6, 14]
    assert "truncated" in manifest.photos.left_out[14]
    reason = manifest.photos.left_out[6]
    assert reason.endswith("file '6.jpg'")  # no folder of this machine
    ours, folder = open_store(out), read_class_folders(root, 8, "skip")
    assert len(ours.sketches) == 14 and len(ours.photos) == 19
    assert pixels_of(ours) == pixels_of(folder)
    assert verify_store(out) == []
    parts = ours.restricted_to(("cup", "ant"))
    assert pixels_of(parts) == pixels_of(folder.restricted_to(("cup", "ant")))


def test_a_replaced_file_is_read_again(root, out):
    broken = root / "photo" / "ant" / "6.jpg"
    broken.write_text("no image")
    with pytest.raises(ValueError, match="1 unreadable"):
        prepare(root, out)
    shutil.copyfile(root / "photo" / "ant" / "5.jpg", broken)
    with pytest.warns(UserWarning, match="1 finished chunks are made again"):
        prepare(root, out)
    assert pixels_of(open_store(out)) == pixels_of(read_class_folders(root, 8))


def test_a_file_that_could_not_be_read_for_a_while_is_tried_again(
    root, out, monkeypatch
):
    with monkeypatch.context() as patch:
        asleep = UnreadableImage(root / "x", "the network disk is asleep")
        fail_at(patch, chunks, "read_square", 30, asleep)
        with pytest.raises(ValueError, match="6 unreadable of 36.*disk is asleep"):
            prepare(root, out)
    prepare(root, out)
    assert pixels_of(open_store(out)) == pixels_of(read_class_folders(root, 8))


@pytest.mark.filterwarnings("ignore:left out")
def test_a_class_without_any_readable_image(root, out):
    for path in (root / "sketch" / "bus").iterdir():
        path.write_text("no image")
    with pytest.raises(ValueError, match="no sketch of class 'bus' is readable; repl"):
        prepare(root, out, skip_unreadable=True)
    assert not out.exists()
