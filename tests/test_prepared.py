"""Prepared stores: made of a folder, read by all processes, verified."""

import argparse
import dataclasses
import hashlib
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

from zssbir_lib.cli import data as data_commands
from zssbir_lib.data import ZeroShotSplit, load_data, read_class_folders
from zssbir_lib.data.manifest import read_manifest
from zssbir_lib.data.prepared import (
    is_store,
    open_store,
    prepare_store,
    stored_chunks,
    verify_store,
)
from zssbir_lib.data.sources import StoredImages

IMAGES = 36  # of the small folder: 15 + 21 images in 3 + 5 chunks


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A folder of images nobody may change."""
    return write_images(tmp_path_factory.mktemp("images") / "mini")


@pytest.fixture(scope="module")
def made(origin):
    """A store nobody may change."""
    prepare(origin, origin.parent / "store")
    return origin.parent / "store"


@pytest.fixture
def store(made, tmp_path):
    """A copy that a test may damage."""
    return shutil.copytree(made, tmp_path / "store")


@pytest.fixture
def root(tmp_path):
    """A folder of images that a test may change."""
    return write_images(tmp_path / "mini")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def command(*words) -> None:
    parser = argparse.ArgumentParser()
    data_commands.add_parser(parser.add_subparsers())
    options = parser.parse_args(["data", "prepare", *map(str, words)])
    options.run(options)


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
def test_images_are_those_of_the_folder_reader(origin, tmp_path, size, chunk):
    prepare(origin, tmp_path / "out", size, chunk_images=chunk)
    ours, folder = open_store(tmp_path / "out", size), read_class_folders(origin, size)
    assert pixels_of(ours) == pixels_of(folder)
    assert (ours.name, ours.class_names) == ("mini", CLASSES)
    assert ours.image_size == size


def test_the_manifest_says_what_is_there(made):
    manifest = read_manifest(made)
    assert manifest.image_size == 8 and manifest.chunk_images == 5
    assert manifest.sketches.originals[:2] == ("sketch/ant/0.png", "sketch/ant/1.png")
    assert manifest.photos.originals[-1] == "photo/cup/6.jpg"
    assert manifest.photos.labels == (0,) * 7 + (1,) * 7 + (2,) * 7
    assert len(manifest.sketches.checksums) == 3  # of 15 images
    assert len(manifest.photos.checksums) == 5  # of 21
    assert manifest.sketches.left_out == {} and manifest.sketches.mode == "L"
    assert set(manifest.written_by) == {"zssbir", "pillow"}
    text = (made / "prepared.json").read_text()
    assert str(made.parent) not in text  # it can be handed on


def test_batches_in_any_order_and_with_repetitions(origin, made):
    indices = torch.tensor([20, 3, 3, 0])
    photos, wanted = open_store(made).photos, read_class_folders(origin, 8).photos
    batch = photos.images[indices]
    assert batch.shape == (4, 3, 8, 8) and batch.dtype == torch.uint8
    assert torch.equal(batch, wanted.images[indices])
    batch += 1  # a batch is a copy: the store stays
    assert torch.equal(photos.images[indices], wanted.images[indices])
    empty = photos.images[torch.empty(0, dtype=torch.int64)]
    assert empty.shape == (0, 3, 8, 8)


def test_a_split_applies(made):
    split = ZeroShotSplit("tiny", ("cup",), (), ("ant", "bus"))
    parts = split.apply(load_data(made, 8))
    assert len(parts.seen.photos) == 7 and len(parts.unseen.sketches) == 10
    last = torch.tensor([6])
    whole = open_store(made).photos.images[torch.tensor([20])]
    assert torch.equal(parts.seen.photos.images[last], whole)


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        (torch.tensor([0, 21]), IndexError, "from 0 to 21, but there are 21 images"),
        (torch.tensor([-1]), IndexError, "from -1 to -1"),
        (torch.tensor(1), ValueError, r"shape \(\)"),
        (torch.tensor([1.0]), ValueError, "torch.float32, expected one row"),
    ],
)
def test_indices_out_of_range(made, indices, error, message):
    with pytest.raises(error, match=message):
        open_store(made).photos.images[indices]


# --- shared between processes --------------------------------------------------------


def test_pickled_it_is_small_and_maps_the_file_again(made):
    images = open_store(made).photos.images
    text = pickle.dumps(images)
    assert len(text) < 1000 < len(images) * 3 * 8 * 8
    copy, every = pickle.loads(text), torch.arange(21)
    assert torch.equal(copy[every], images[every])
    assert copy.content_key() == images.content_key()


class Batches:
    """A dataset of index batches, as a training loop hands them to its workers."""

    def __init__(self, images, batches):
        self.images, self.batches = images, batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, number):
        return self.images[self.batches[number]]


@pytest.mark.filterwarnings("default::DeprecationWarning")  # fork beside threads
def test_worker_processes_read_the_same(made):
    photos = open_store(made).photos.subset(torch.arange(20, -1, -1))
    batches = list(torch.arange(21).split(4))
    loader = DataLoader(Batches(photos.images, batches), batch_size=None, num_workers=2)
    found = torch.cat(list(loader))
    assert torch.equal(found, photos.images[torch.arange(21)])


_held = None  # the source that a process of the next test keeps


def hold(source: StoredImages) -> int:
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


FAULTS = [  # file, what becomes of its bytes (None: it goes), message
    ("prepared.json", lambda b: None, "no prepared.json in .*did not end"),
    ("photos.u8", lambda b: None, "lacks photos.u8: copy the store"),
    ("photos.u8", lambda b: b[:-1], "4,031 bytes, expected 4,032 for 21 images of 8 x"),
    ("photos.u8", lambda b: b + b"x", "has 4,033 bytes"),
    ("photos.u8", lambda b: b"", "has 0 bytes, .* pixels: copy the store again"),
    ("prepared.json", lambda b: b"", "prepared.json is damaged"),
    ("prepared.json", lambda b: b[:30], "prepared.json is damaged"),
    ("prepared.json", lambda b: b"[]", "does not describe a prepared store"),
    ("prepared.json", lambda b: b'{"format": "other"}', "does not describe a prepared"),
    (
        "prepared.json",
        lambda b: b.replace(b'"version": 1', b'"version": 2'),
        "version 2, this program reads version 1",
    ),
    ("prepared.json", lambda b: b.replace(b"ant", b"bee", 1), "damaged or was edited"),
]


@pytest.mark.parametrize(("file", "change", "message"), FAULTS)
def test_a_store_that_is_not_whole_says_why(store, file, change, message):
    content = change((store / file).read_bytes())
    (store / file).unlink()
    if content is not None:
        (store / file).write_bytes(content)
    assert is_store(store)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        open_store(store, 8)


def test_a_folder_that_is_no_store(origin):
    assert not is_store(origin) and not is_store(origin / "nowhere")
    with pytest.raises(FileNotFoundError, match="no prepared.json in .*nowhere"):
        open_store(origin / "nowhere", 8)


def test_a_store_of_another_size_is_not_used(made):
    with pytest.raises(
        ValueError, match=r"prepared at 8 pixels, not 224: .*data prepare .*--size 224"
    ):
        load_data(made, 224)


def test_a_store_of_the_first_version_is_read(tmp_path):
    """Bytes as commit 192533c wrote them."""
    content = {"format": "zssbir prepared images", "version": 1, "name": "old"}
    content |= {"class_names": ["ant"], "image_size": 1, "chunk_images": 256}
    for name, mode, pixels in (("sketches", "L", b"\7"), ("photos", "RGB", b"\1\2\3")):
        (tmp_path / f"{name}.u8").write_bytes(pixels)
        checksum = hashlib.blake2b(pixels, digest_size=16).hexdigest()
        content[name] = {"mode": mode, "originals": ["x"], "labels": [0]}
        content[name] |= {"checksums": [checksum], "left_out": {}}
    content["written_by"] = {"zssbir": "0.1", "pillow": "13"}
    text = json.dumps(content, sort_keys=True).encode()
    content["checksum"] = hashlib.blake2b(text, digest_size=16).hexdigest()
    (tmp_path / "prepared.json").write_text(json.dumps(content))
    assert verify_store(tmp_path) == []
    photos = open_store(tmp_path).photos.images
    assert photos[torch.tensor([0])].flatten().tolist() == [1, 2, 3]


def test_only_files_can_be_prepared(tiny_data, made, tmp_path):
    for data, kind in ((tiny_data, "Tensor"), (open_store(made), "StoredImages")):
        with pytest.raises(ValueError, match=f"are a {kind}, expected image files"):
            prepare_store(data, tmp_path, tmp_path / "out")
    assert not (tmp_path / "out.partial").exists()


# --- the command ---------------------------------------------------------------------


def test_prepare_verify_and_load(origin, made, out, capsys):
    command(origin, out, "--size", 8, "--jobs", 2)
    said = capsys.readouterr().out
    assert f"written: {out}: 3 classes, 15 sketches and 21 photos at 8 px" in said
    assert f", 0.0000 GiB\nuse it with --data {out}\n" in said
    for name in ("sketches.u8", "photos.u8"):  # two processes make what one makes
        assert (out / name).read_bytes() == (made / name).read_bytes()
    assert pixels_of(load_data(out, 8)) == pixels_of(read_class_folders(origin, 8))
    command("--verify", out)
    assert capsys.readouterr().out.endswith("is whole: every byte has its checksum\n")
    with pytest.raises(FileExistsError, match="out exists"):
        command(origin, out, "--size", 8)


def test_unreadable_files_need_a_word_and_224_is_the_usual_size(root, out, capsys):
    (root / "photo" / "ant" / "0.jpg").write_text("no image")
    with pytest.raises(ValueError, match="1 unreadable .*--skip-unreadable"):
        command(root, out, "--jobs", 1)
    with pytest.warns(UserWarning, match="left out 1 unreadable"):
        command(root, out, "--jobs", 1, "--skip-unreadable")
    assert "15 sketches and 20 photos at 224 px" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ((), ValueError, "takes SOURCE and OUT, or --verify STORE"),
        (("in",), ValueError, "takes SOURCE and OUT"),
        (("in", "--verify", "x"), ValueError, "--verify STORE goes alone"),
        (("world", "out"), ValueError, "the embedded world is drawn into a cache"),
        (("nowhere", "out"), FileNotFoundError, "no data at nowhere"),
        (("--verify", "nowhere"), FileNotFoundError, "no prepared.json in nowhere"),
    ],
)
def test_wrong_words(words, error, message):
    with pytest.raises(error, match=message):
        command(*words)


def damage(path, place: int) -> None:
    with open(path, "r+b") as file:
        file.seek(place)
        value = file.read(1)[0]
        file.seek(place)
        file.write(bytes([value ^ 1]))


def test_sketchy_extended_with_each_photo_once(tmp_path):
    folder = tmp_path / "in"
    for place, count in (("256x256/sketch", 1), ("256x256/photo", 2)):
        for number in range(count):
            path = folder / place / "tx_000000000000" / "ant" / f"{number}.png"
            save(path, np.full((4, 4, 3), number))
    for number in range(3):
        path = folder / "EXTEND_image_sketchy" / "ant" / f"{number}.jpg"
        save(path, np.full((4, 4, 3), number))
    for choice, count in (("all", 5), ("extend-only", 3)):
        out = tmp_path / choice
        command(folder, out, "--size", 4, "--jobs", 1, "--photos", choice)
        assert len(load_data(out, 4).photos) == count
    assert read_manifest(out).photos.originals[0] == "EXTEND_image_sketchy/ant/0.jpg"
    with pytest.raises(
        ValueError, match="'extend-only': which photos the store .* ano"
    ):
        load_data(out, 4, photos="extend-only")


# --- verifying -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "place", "named"),
    [
        ("sketches.u8", 0, "images 0 to 4 (sketch/ant/0.png to sketch/ant/4.png)"),
        ("sketches.u8", 5 * 64, "images 5 to 9 (sketch/bus/0.png to sketch/bus/4.png)"),
        ("photos.u8", 15 * 192 - 1, "images 10 to 14 (photo/bus/3.jpg to photo/cup/0"),
        ("photos.u8", 21 * 192 - 1, "images 20 to 20 (photo/cup/6.jpg to photo/cup/6"),
    ],
)
def test_one_wrong_bit_is_found_and_named(store, file, place, named):
    damage(store / file, place)
    damaged = verify_store(store, jobs=1)
    assert len(damaged) == 1 and str(damaged[0]).startswith(f"{file} {named}")
    with pytest.raises(ValueError) as report:
        command("--verify", store)
    message = str(report.value)
    assert f"is damaged: {file} {named}" in message and "\n" not in message
    assert message.endswith("copy it again, or delete it and run data prepare again")


def test_chunks_cover_every_byte_once(made):
    manifest = read_manifest(made)
    for modality, length in ((0, 15 * 64), (1, 21 * 192)):
        assert manifest.bytes_of(modality) == length
    ends = {"sketches.u8": 0, "photos.u8": 0}
    for chunk in stored_chunks(made, manifest):
        assert chunk.start == ends[chunk.path.name] and chunk.length > 0
        ends[chunk.path.name] += chunk.length
    assert ends == {"sketches.u8": 15 * 64, "photos.u8": 21 * 192}
    with pytest.raises(dataclasses.FrozenInstanceError):
        manifest.name = "other"


def test_much_damage_is_cut_short(store):
    with pytest.raises(ValueError, match="jobs is 0, expected 1 thread or more"):
        verify_store(store, jobs=0)
    for chunk in range(5):
        damage(store / "photos.u8", 5 * 192 * chunk)
    assert [chunk.first for chunk in verify_store(store)] == [0, 5, 10, 15, 20]
    with pytest.raises(ValueError, match=r"images 10 to 14 \([^)]*\) and 2 more; copy"):
        command("--verify", store)
