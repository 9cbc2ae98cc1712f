"""A set's fingerprint: its content decides, not where the content lies."""

import re

import numpy as np
import pytest
import torch
from PIL import Image
from prepared_folder import prepare, save, write_images

from zssbir_lib.data import (
    ImageFiles,
    ImageSet,
    fingerprint,
    load_world_data,
    read_class_folders,
    sources,
)
from zssbir_lib.data.prepared import open_store
from zssbir_lib.data.sources import StoredImages
from zssbir_lib.modality import PHOTO

LABELS = torch.tensor([0, 1, 1, 2, 0])


def pixels(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randint(0, 256, (5, 3, 6, 6), generator=generator)
    return values.to(torch.uint8)


def photos(images=None, labels=LABELS) -> ImageSet:
    return ImageSet(pixels() if images is None else images, labels, PHOTO)


# --- pixels in memory ----------------------------------------------------------------


def test_it_is_32_hexadecimal_digits_and_repeats():
    assert re.fullmatch("[0-9a-f]{32}", fingerprint(photos()))
    assert fingerprint(photos()) == fingerprint(photos())


@pytest.mark.parametrize("place", [(0, 0, 0, 0), (2, 1, 3, 3), (4, 2, 5, 5)])
def test_one_pixel_changes_it(place):
    changed = pixels()
    changed[place] ^= 1
    assert fingerprint(photos(changed)) != fingerprint(photos())


def test_a_label_changes_it():
    for place in range(5):
        labels = LABELS.clone()
        labels[place] += 1
        assert fingerprint(photos(labels=labels)) != fingerprint(photos())


def test_the_order_changes_it_even_within_a_class():
    assert LABELS[1] == LABELS[2]
    order = torch.tensor([0, 2, 1, 3, 4])
    swapped = photos(pixels()[order])
    assert torch.equal(swapped.labels, LABELS)
    assert fingerprint(swapped) != fingerprint(photos())


def test_fewer_images_or_another_shape_change_it():
    prints = {fingerprint(photos())}
    prints.add(fingerprint(photos(pixels()[:4], LABELS[:4])))
    flat = torch.zeros(4, 3, 2, 2, dtype=torch.uint8)
    zeros = torch.zeros(4).long()
    prints.add(fingerprint(photos(flat, zeros)))
    prints.add(fingerprint(photos(flat[:1].expand(1, 3, 2, 2).clone(), zeros[:1])))
    wide = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)  # as many bytes as `flat`
    prints.add(fingerprint(photos(wide, zeros[:1])))
    assert len(prints) == 5


def test_a_view_and_a_copy_of_the_same_images_agree():
    order = torch.tensor([3, 0, 4])
    view = photos().subset(order)
    assert fingerprint(view) == fingerprint(photos(pixels()[order], LABELS[order]))
    again = photos().subset(torch.tensor([4, 3, 2, 1, 0])).subset(torch.tensor([1, 4]))
    chosen = torch.tensor([3, 0])
    assert fingerprint(again) == fingerprint(photos(pixels()[chosen], LABELS[chosen]))


def test_memory_layout_does_not_matter():
    other = pixels().contiguous(memory_format=torch.channels_last)
    assert other.stride() != pixels().stride()
    assert fingerprint(photos(other)) == fingerprint(photos())


def test_a_large_set_is_read_some_images_at_a_time(monkeypatch):
    read = []

    class Recorder:
        def __len__(self):
            return 5

        def __getitem__(self, indices):
            read.append(indices.tolist())
            return pixels()[indices]

    monkeypatch.setattr(sources, "AT_ONCE", 2)
    assert fingerprint(photos(Recorder())) == fingerprint(photos())
    assert read == [[0, 1], [2, 3], [4]]
    assert fingerprint(photos(Recorder()).subset(torch.arange(3))) == fingerprint(
        photos().subset(torch.arange(3))
    )


# --- files ---------------------------------------------------------------------------


@pytest.fixture
def paths(tmp_path):
    """Write the five images as files and return their paths."""
    found = []
    for number, image in enumerate(pixels()):
        found.append(tmp_path / f"{number}.png")
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(found[-1])
    return found


def from_files(paths, size=6, mode="RGB", **options) -> ImageSet:
    return ImageSet(ImageFiles(paths, size, mode, **options), LABELS, PHOTO)


@pytest.fixture
def no_decoding(monkeypatch):
    """Make every attempt to decode an image an error."""

    def refuse(*_):
        raise AssertionError("an image was decoded")

    monkeypatch.setattr("zssbir_lib.data.sources.read_square", refuse)


def test_files_are_not_decoded(paths, no_decoding):
    images = from_files(paths)
    assert re.fullmatch("[0-9a-f]{32}", fingerprint(images))
    assert re.fullmatch("[0-9a-f]{32}", fingerprint(images.subset(torch.arange(2))))
    with pytest.raises(AssertionError, match="was decoded"):  # the guard works
        images.images[torch.tensor([0])]


def test_bytes_size_and_mode_change_it_and_names_do_not(paths, tmp_path, no_decoding):
    first = fingerprint(from_files(paths))
    assert fingerprint(from_files(paths, size=7)) != first
    assert fingerprint(from_files(paths, mode="L")) != first
    assert fingerprint(from_files(paths, memory_limit=0, workers=1)) == first

    moved = [path.rename(tmp_path / f"renamed-{path.name}") for path in paths]
    assert fingerprint(from_files(moved)) == first
    moved[3].write_bytes(moved[3].read_bytes() + b"\0")
    assert fingerprint(from_files(moved)) != first


def test_the_order_of_files_and_labels_count(paths, no_decoding):
    first = fingerprint(from_files(paths))
    assert fingerprint(from_files([paths[0], *paths[:0:-1]])) != first
    other = ImageSet(ImageFiles(paths, 6), LABELS + 1, PHOTO)
    assert fingerprint(other) != first


def test_a_view_of_files_names_the_files_and_the_view(paths, no_decoding):
    images, order = from_files(paths), torch.tensor([4, 1])
    view = fingerprint(images.subset(order))
    assert view == fingerprint(from_files(paths).subset(order))
    assert view != fingerprint(images.subset(order.flip(0)))
    assert fingerprint(images.subset(torch.arange(5))) == fingerprint(images)
    paths[4].write_bytes(b"another image")
    assert fingerprint(images.subset(order)) != view


def test_a_missing_file_is_an_error(paths):
    paths[2].unlink()
    with pytest.raises(FileNotFoundError, match="2.png"):
        fingerprint(from_files(paths))


def test_files_and_their_pixels_are_told_apart(paths):
    images = from_files(paths)
    assert np.array_equal(images.images[torch.arange(5)].numpy(), pixels().numpy())
    assert fingerprint(images) != fingerprint(photos())


# --- a source of one's own -----------------------------------------------------------


class Own:
    """Three methods, and not one pixel read for a fingerprint."""

    def __init__(self, version: str) -> None:
        self.version = version

    def __len__(self) -> int:
        return 5

    def __getitem__(self, indices: torch.Tensor) -> torch.Tensor:
        raise AssertionError("pixels were read")

    def content_key(self) -> str:
        return self.version


def test_a_source_of_ones_own_says_what_it_holds():
    images = ImageSet(Own("v1"), LABELS, PHOTO)
    assert fingerprint(images) == fingerprint(ImageSet(Own("v1"), LABELS, PHOTO))
    prints = {fingerprint(ImageSet(Own("v2"), LABELS, PHOTO)), fingerprint(images)}
    prints |= {fingerprint(images.subset(torch.tensor(some))) for some in ([0], [1])}
    assert len(prints) == 4


# --- stores --------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path):
    return write_images(tmp_path / "mini")


@pytest.fixture
def no_reading(monkeypatch):
    """Make every attempt to read pixels of a store an error."""

    def refuse(*_):
        raise AssertionError("pixels were read")

    monkeypatch.setattr(StoredImages, "__getitem__", refuse)


def stored(root, out, **options) -> ImageSet:
    prepare(root, out, **options)
    return open_store(out).photos


def test_stores_of_the_same_images_agree_and_no_pixel_is_read(
    root, tmp_path, no_reading
):
    first = stored(root, tmp_path / "a")
    assert fingerprint(first) == fingerprint(open_store(tmp_path / "a").photos)
    root.rename(tmp_path / "moved")
    assert fingerprint(stored(tmp_path / "moved", tmp_path / "b")) == fingerprint(first)
    with pytest.raises(AssertionError, match="were read"):  # the guard works
        first.images[torch.tensor([0])]


def test_one_pixel_labels_order_size_and_modality_change_it(root, tmp_path):
    images = stored(root, tmp_path / "a")
    found = {fingerprint(images)}
    assert fingerprint(images.subset(torch.arange(21))) in found
    found.add(fingerprint(ImageSet(images.images, images.labels + 1, 1)))
    order = torch.arange(21)
    order[[1, 2]] = order[[2, 1]]  # of the same class: the same labels
    found.add(fingerprint(images.subset(order)))
    found.add(fingerprint(stored(root, tmp_path / "larger", size=9)))
    found.add(fingerprint(open_store(tmp_path / "a").sketches))
    found.add(fingerprint(read_class_folders(root, 8).photos))
    (root / "photo" / "cup" / "6.jpg").unlink()
    for number, value in enumerate((0, 1)):
        save(root / "photo" / "cup" / "6.png", np.full((8, 8, 3), value))
        found.add(fingerprint(stored(root, tmp_path / f"pixel {number}")))
    assert len(found) == 8


def test_every_image_of_a_view_counts(root, tmp_path):
    images, labels = stored(root, tmp_path / "out"), torch.zeros(2, dtype=torch.int64)
    found = {
        fingerprint(ImageSet(images.subset(torch.tensor([a, b])).images, labels, 1))
        for a in range(21)
        for b in range(21)
    }
    assert len(found) == 21 * 21


def test_the_world_is_named_by_its_store(tmp_path, monkeypatch, no_reading):
    def name_of(classes=("cat", "mug"), **options) -> str:
        return fingerprint(load_world_data(classes, 16, 2, 2, **options).photos)

    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "a"))
    first = name_of()
    assert name_of() == first
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path / "b"))
    name_of(("star",))  # what else is there does not matter
    assert name_of() == first
    assert len({first, name_of(("mug", "cat")), name_of(seed=1)}) == 3
