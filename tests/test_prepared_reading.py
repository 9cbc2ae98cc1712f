"""A prepared store read: the same images as the folder's, shared by all processes."""

import json
import multiprocessing
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from prepared_folder import CLASSES, pixels_of, prepare, save, write_images
from torch.utils.data import DataLoader

from zssbir_lib.data import ZeroShotSplit, load_data, read_class_folders
from zssbir_lib.data.prepared import (
    PreparedImages,
    is_store,
    open_store,
    prepare_store,
    read_manifest,
)

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp("images") / "mini")


@pytest.fixture(scope="module")
def prepared(root):
    """A store nobody may change."""
    prepare(root, root.parent / "store")
    return root.parent / "store"


@pytest.fixture
def store(prepared, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(prepared, tmp_path / "store")


# --- content -------------------------------------------------------------------------


def test_the_files_of_flat_colours_by_hand(tmp_path):
    save(tmp_path / "in" / "sketch" / "ant" / "0.png", np.full((3, 3), 7))
    save(tmp_path / "in" / "sketch" / "ant" / "1.png", np.full((3, 3), 8))
    colour = np.broadcast_to([1, 2, 3], (3, 3, 3))
    save(tmp_path / "in" / "photo" / "ant" / "0.png", colour)
    prepare(tmp_path / "in", tmp_path / "out", size=2)
    assert (tmp_path / "out" / "sketches.u8").read_bytes() == bytes([7] * 4 + [8] * 4)
    photos = bytes([1] * 4 + [2] * 4 + [3] * 4)
    assert (tmp_path / "out" / "photos.u8").read_bytes() == photos
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["photos.u8", "prepared.json", "sketches.u8"]


@pytest.mark.parametrize(("size", "chunk"), [(1, 1), (8, 4), (8, 100), (31, 7)])
def test_images_are_those_of_the_folder_reader(root, tmp_path, size, chunk):
    prepare(root, tmp_path / "out", size, chunk_images=chunk)
    ours, folder = open_store(tmp_path / "out", size), read_class_folders(root, size)
    assert pixels_of(ours) == pixels_of(folder)
    assert (ours.name, ours.class_names) == ("mini", CLASSES)
    assert ours.image_size == size


def test_some_classes_in_another_order(root, tmp_path):
    data = read_class_folders(root, 8).restricted_to(("cup", "ant"))
    prepare_store(data, root, tmp_path / "out", jobs=1, chunk_images=5)
    ours = open_store(tmp_path / "out", 8)
    assert ours.class_names == ("cup", "ant") and pixels_of(ours) == pixels_of(data)


def test_real_images_are_those_of_the_folder_reader(shared, tmp_path):
    folder = shared / "data" / "sketchy-mini"
    data = load_data(folder, 100).restricted_to(("zebra", "ant", "cup"))
    prepare_store(data, folder, tmp_path / "out", jobs=1, chunk_images=32)
    ours, every = open_store(tmp_path / "out"), torch.arange(75)
    assert ours.class_names == ("zebra", "ant", "cup")
    for got, wanted in ((ours.sketches, data.sketches), (ours.photos, data.photos)):
        assert torch.equal(got.images[every], wanted.images[every])
        assert torch.equal(got.labels, wanted.labels)


def test_the_manifest_says_what_is_there(prepared):
    manifest = read_manifest(prepared)
    assert manifest.image_size == 8 and manifest.chunk_images == 5
    assert manifest.sketches.originals[:2] == ("sketch/ant/0.png", "sketch/ant/1.png")
    assert manifest.photos.originals[-1] == "photo/cup/6.jpg"
    assert manifest.photos.labels == (0,) * 7 + (1,) * 7 + (2,) * 7
    assert len(manifest.sketches.checksums) == 3  # of 15 images
    assert len(manifest.photos.checksums) == 5  # of 21
    assert manifest.sketches.left_out == {} and manifest.sketches.mode == "L"
    assert set(manifest.written_by) == {"zssbir", "pillow"}
    text = (prepared / "prepared.json").read_text()
    assert str(prepared.parent) not in text  # it can be handed on


def test_batches_in_any_order_and_with_repetitions(root, prepared):
    indices = torch.tensor([20, 3, 3, 0])
    photos, wanted = open_store(prepared).photos, read_class_folders(root, 8).photos
    batch = photos.images[indices]
    assert batch.shape == (4, 3, 8, 8) and batch.dtype == torch.uint8
    assert torch.equal(batch, wanted.images[indices])
    batch += 1  # a batch is a copy: the store stays
    assert torch.equal(photos.images[indices], wanted.images[indices])
    empty = photos.images[torch.empty(0, dtype=torch.int64)]
    assert empty.shape == (0, 3, 8, 8)


def test_a_split_applies(prepared):
    split = ZeroShotSplit("tiny", ("cup",), (), ("ant", "bus"))
    parts = split.apply(load_data(prepared, 8))
    assert len(parts.seen.photos) == 7 and len(parts.unseen.sketches) == 10
    last = torch.tensor([6])
    whole = open_store(prepared).photos.images[torch.tensor([20])]
    assert torch.equal(parts.seen.photos.images[last], whole)


def test_representations_are_short(prepared):
    data = load_data(prepared, 8)
    assert repr(data) == (
        "SketchPhotoData('mini': 3 classes, 15 sketches, 21 photos, 8 px)"
    )
    assert repr(data.photos.images) == "PreparedImages(photos.u8, 21 of 8 px)"


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        (torch.tensor([0, 21]), IndexError, "from 0 to 21, but there are 21 images"),
        (torch.tensor([-1]), IndexError, "from -1 to -1"),
        (torch.tensor(1), ValueError, r"shape \(\)"),
        (torch.tensor([1.0]), ValueError, "torch.float32, expected one row"),
    ],
)
def test_indices_out_of_range(prepared, indices, error, message):
    with pytest.raises(error, match=message):
        open_store(prepared).photos.images[indices]


# --- shared between processes --------------------------------------------------------


def test_pickled_it_is_small_and_maps_the_file_again(prepared):
    images = open_store(prepared).photos.images
    text = pickle.dumps(images)
    assert len(text) < 1000 < len(images) * 3 * 8 * 8
    copy, every = pickle.loads(text), torch.arange(21)
    assert torch.equal(copy[every], images[every])
    assert copy.content_key(every) == images.content_key(every)


def test_a_relative_path_survives_a_change_of_folder(prepared, monkeypatch, tmp_path):
    monkeypatch.chdir(prepared.parent)
    text = pickle.dumps(open_store("store").photos.images)
    monkeypatch.chdir(tmp_path)
    assert len(pickle.loads(text)) == 21


class Batches:
    """A dataset of index batches, as a training loop hands them to its workers."""

    def __init__(self, images, batches):
        self.images, self.batches = images, batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, number):
        return self.images[self.batches[number]]


@pytest.mark.filterwarnings("default::DeprecationWarning")  # fork beside threads
def test_worker_processes_read_the_same(prepared):
    photos = open_store(prepared).photos.subset(torch.arange(20, -1, -1))
    batches = list(torch.arange(21).split(4))
    loader = DataLoader(Batches(photos.images, batches), batch_size=None, num_workers=2)
    found = torch.cat(list(loader))
    assert torch.equal(found, photos.images[torch.arange(21)])


_held = None  # the source that a process of the next test keeps


def hold(source: PreparedImages) -> int:
    global _held
    _held = source
    return first_pixel()


def first_pixel() -> int:
    return int(_held[torch.tensor([0])][0, 0, 0, 0])


def test_two_processes_see_one_file_and_hold_no_copy(store):
    ours = open_store(store).sketches.images
    hold(ours)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        before = pool.apply(hold, (ours,))
        with open(store / "sketches.u8", "r+b") as file:
            file.write(bytes([before ^ 255]))
        assert pool.apply(first_pixel) == first_pixel() == before ^ 255


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="needs Linux's /proc")
def test_reading_makes_no_private_page(store):
    images = open_store(store).photos.images
    images[torch.arange(21)]
    maps = Path("/proc/self/smaps").read_text()
    own = maps[maps.index(str(store / "photos.u8")) :]
    assert re.search(r"Rss: +[1-9]\d* kB", own[:400])
    assert re.search(r"Anonymous: +(\d+) kB", own)[1] == "0"
    line = maps[: maps.index(str(store / "photos.u8"))].splitlines()[-1]
    assert " r--s " in line  # read-only, shared


# --- what is wrong -------------------------------------------------------------------


def test_another_size(prepared):
    with pytest.raises(
        ValueError, match=r"prepared at 8 pixels, not 224: .*data prepare .*--size 224"
    ):
        load_data(prepared, 224)


def test_is_store(store, root):
    assert is_store(store) and not is_store(root) and not is_store(root / "nowhere")
    (store / "prepared.json").unlink()
    assert is_store(store)
    with pytest.raises(FileNotFoundError, match="no prepared.json in .*did not end"):
        load_data(store, 8)


def test_no_store_at_all(tmp_path):
    with pytest.raises(FileNotFoundError, match="no prepared.json in .*nowhere"):
        open_store(tmp_path / "nowhere", 8)


def test_a_pixel_file_is_gone(store):
    (store / "photos.u8").unlink()
    with pytest.raises(FileNotFoundError, match="lacks photos.u8: copy the store"):
        open_store(store, 8)


@pytest.mark.parametrize("length", [0, 21 * 192 - 1, 21 * 192 + 1])
def test_a_pixel_file_of_another_length(store, length):
    with open(store / "photos.u8", "r+b") as file:
        file.truncate(length)
    message = f"photos.u8 has {length:,} bytes, expected 4,032 for 21 images of 8 x 8"
    with pytest.raises(ValueError, match=f"{message} pixels: copy the store again"):
        open_store(store, 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "prepared.json is damaged"),
        ('{"format": "zssbir prep', "prepared.json is damaged"),
        ("[]", "does not describe a prepared store"),
        ('{"format": "other"}', "does not describe a prepared store"),
    ],
)
def test_a_manifest_that_is_none(store, text, message):
    (store / "prepared.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        open_store(store, 8)


def test_another_version(store):
    path = store / "prepared.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 2}))
    with pytest.raises(ValueError, match="version 2, this program reads version 1"):
        open_store(store, 8)


def test_an_edited_manifest(store):
    path = store / "prepared.json"
    path.write_text(path.read_text().replace('"ant"', '"bee"', 1))
    with pytest.raises(ValueError, match="damaged or was edited"):
        open_store(store, 8)


def test_only_files_can_be_prepared(tiny_data, prepared, tmp_path):
    with pytest.raises(ValueError, match="are a Tensor, expected image files"):
        prepare_store(tiny_data, tmp_path, tmp_path / "out")
    with pytest.raises(ValueError, match="are a PreparedImages, expected image files"):
        prepare_store(open_store(prepared), prepared, tmp_path / "out")
    assert not (tmp_path / "out.partial").exists()
