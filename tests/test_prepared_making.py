"""A preparation that is stopped at any moment, finds bad files, and goes on."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from prepared_folder import pixels_of, prepare, save, write_images

from zssbir_lib.data import UnreadableImage, prepared, read_class_folders
from zssbir_lib.data.prepared import open_store, verify_store
from zssbir_lib.modality import PHOTO
from zssbir_lib.store import recorded

IMAGES = 36  # of the small folder: 15 + 21 images in 3 + 5 chunks


@pytest.fixture
def root(tmp_path):
    """A folder of images that a test may change."""
    return write_images(tmp_path / "mini")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def decoded(monkeypatch):
    """Record every decoded file; a function in `decoded.before` may interfere."""

    class Record(list):
        before = staticmethod(lambda count: None)

    record, plain = Record(), prepared.read_square

    def recording(path, *rest):
        record.before(len(record))
        record.append(path.name)
        return plain(path, *rest)

    monkeypatch.setattr(prepared, "read_square", recording)
    return record


def stop_at(count: int, error: BaseException):
    def before(done: int) -> None:
        if done >= count:
            raise error

    return before


def assert_whole(out: Path, root: Path) -> None:
    assert pixels_of(open_store(out, 8)) == pixels_of(read_class_folders(root, 8))
    assert verify_store(out) == []
    assert sorted(path.name for path in out.iterdir()) == [
        *("photos.u8", "prepared.json", "sketches.u8")
    ]
    assert not out.with_name("out.partial").exists()


# --- stopped -------------------------------------------------------------------------


@pytest.mark.parametrize("moment", (0, 4, 5, 14, 15, 30, 35))
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


def interrupted(root, out, decoded, after=30) -> Path:
    """Stop a preparation after some images and return the unfinished store."""
    decoded.before = stop_at(after, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        prepare(root, out)
    decoded.clear()
    decoded.before = lambda count: None
    return out.with_name("out.partial")


def test_a_changed_file_is_noticed(root, out, decoded):
    interrupted(root, out, decoded)
    save(root / "sketch" / "bus" / "1.png", np.zeros((9, 9)))
    with pytest.warns(
        UserWarning,
        match="has changed since .*out.partial was begun: 1 finished chunks are made "
        "again, the first is .*sketch/bus/0.png to sketch/bus/4.png",
    ):
        prepare(root, out)
    assert len(decoded) == 6 + 5
    assert_whole(out, root)


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


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"jobs": 0}, ValueError, "jobs is 0, expected 1 process or more"),
        ({"chunk_images": 0}, ValueError, "chunk_images is 0, expected 1 or more"),
        ({"size": 0}, ValueError, "size is 0"),
        ({"out": "mini"}, FileExistsError, "mini exists: choose another name"),
        ({"out": "mini/sketch/ant/0.png"}, FileExistsError, "0.png exists"),
        ({"out": "mini/sketch/ant/0.png/x"}, OSError, "Not a directory.*another place"),
    ],
)
def test_arguments(root, tmp_path, options, error, message):
    with pytest.raises(error, match=message):
        prepare(root, tmp_path / options.pop("out", "out"), **options)
    assert os.listdir(tmp_path) == ["mini"]


# --- unreadable files ----------------------------------------------------------------


def break_some(root: Path) -> None:
    (root / "sketch" / "bus" / "0.png").write_bytes(b"")
    (root / "photo" / "ant" / "6.jpg").write_text("no image")
    whole = (root / "photo" / "cup" / "0.jpg").read_bytes()
    (root / "photo" / "cup" / "0.jpg").write_bytes(whole[:-40])


def test_unreadable_files_are_an_error_that_keeps_the_rest(root, out, decoded):
    break_some(root)
    with pytest.raises(
        ValueError,
        match="^3 unreadable of 36 images, the first is .*sketch/bus/0.png: .*; "
        r"replace them \(data check lists all\), or leave them out with "
        "--skip-unreadable .*the others are done$",
    ):
        prepare(root, out)
    assert not out.exists()
    decoded.before = stop_at(0, AssertionError("decoded again"))
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


def test_a_file_that_could_not_be_read_for_a_while_is_tried_again(root, out, decoded):
    asleep = UnreadableImage(root / "x", "the network disk is asleep")
    decoded.before = stop_at(30, asleep)
    with pytest.raises(ValueError, match="6 unreadable of 36.*disk is asleep"):
        prepare(root, out)
    decoded.before = lambda count: None
    prepare(root, out)
    assert_whole(out, root)


@pytest.mark.filterwarnings("ignore:left out")
def test_a_class_without_any_readable_image(root, out):
    for path in (root / "sketch" / "bus").iterdir():
        path.write_text("no image")
    with pytest.raises(ValueError, match="no sketch of class 'bus' is readable; repl"):
        prepare(root, out, skip_unreadable=True)
    assert not out.exists()


@pytest.mark.parametrize("change", [dict(changed=8), dict(size=11), dict(place="b")])
def test_a_chunk_is_made_again_where_a_file_has_changed(tmp_path, change):
    original = prepared.Original(tmp_path / "a.png", "a", size=10, changed=7, label=0)
    cut = [
        [one.key for one in prepared._cut([file], PHOTO, 32, 5, tmp_path)]
        for file in (original, replace(original, label=3), replace(original, **change))
    ]
    assert cut[0] == cut[1] != cut[2]
