"""The fingerprint of a prepared store: from checksums, and never that of others."""

import re

import numpy as np
import pytest
import torch
from prepared_folder import prepare, save, write_images

from zssbir_lib.data import ImageSet, fingerprint, read_class_folders
from zssbir_lib.data.prepared import PreparedImages, open_store


@pytest.fixture
def root(tmp_path):
    return write_images(tmp_path / "mini")


@pytest.fixture
def no_reading(monkeypatch):
    """Make every attempt to read pixels of a store an error."""

    def refuse(*_):
        raise AssertionError("pixels were read")

    monkeypatch.setattr(PreparedImages, "__getitem__", refuse)


def photos(root, out, **options) -> ImageSet:
    prepare(root, out, **options)
    return open_store(out).photos


def test_it_repeats_and_reads_no_pixel(root, tmp_path, no_reading):
    images = photos(root, tmp_path / "out")
    assert re.fullmatch("[0-9a-f]{32}", fingerprint(images))
    assert fingerprint(images) == fingerprint(open_store(tmp_path / "out").photos)
    with pytest.raises(AssertionError, match="were read"):  # the guard works
        images.images[torch.tensor([0])]


def test_two_stores_of_the_same_images_agree(root, tmp_path, no_reading):
    first = photos(root, tmp_path / "a")
    root.rename(tmp_path / "moved")
    second = photos(tmp_path / "moved", tmp_path / "b")
    assert fingerprint(first) == fingerprint(second)


def test_one_pixel_changes_it(root, tmp_path):
    path = root / "photo" / "cup" / "6.png"
    (root / "photo" / "cup" / "6.jpg").unlink()
    values = np.zeros((8, 8, 3))
    save(path, values)
    first = photos(root, tmp_path / "a")
    values[7, 7, 2] = 1
    save(path, values)
    second = photos(root, tmp_path / "b")
    assert fingerprint(first) != fingerprint(second)
    # the part without the changed chunk of five stays the same
    part = torch.arange(20)
    assert fingerprint(first.subset(part)) == fingerprint(second.subset(part))


def test_labels_order_size_and_modality_change_it(root, tmp_path):
    images = photos(root, tmp_path / "out")
    found = {fingerprint(images)}
    found.add(fingerprint(ImageSet(images.images, images.labels + 1, 1)))
    order = torch.arange(21)
    order[[1, 2]] = order[[2, 1]]  # of the same class: the same labels
    assert torch.equal(images.labels[order], images.labels)
    found.add(fingerprint(images.subset(order)))
    found.add(fingerprint(photos(root, tmp_path / "larger", size=9)))
    found.add(fingerprint(open_store(tmp_path / "out").sketches))
    found.add(fingerprint(read_class_folders(root, 8).photos))
    assert len(found) == 6


def test_every_image_of_a_view_counts(root, tmp_path):
    images = photos(root, tmp_path / "out")
    labels = torch.zeros(2, dtype=torch.int64)
    found = {
        fingerprint(ImageSet(images.subset(torch.tensor([a, b])).images, labels, 1))
        for a in range(21)
        for b in range(21)
    }
    assert len(found) == 21 * 21


def test_a_whole_view_agrees_with_the_set(root, tmp_path):
    images = photos(root, tmp_path / "out")
    assert fingerprint(images.subset(torch.arange(21))) == fingerprint(images)


def test_images_that_look_alike_in_different_places_are_told_apart(tmp_path):
    """Chunks of equal bytes have equal checksums; sizes still differ."""
    for name, count in (("few", 2), ("many", 4)):
        for modality in ("sketch", "photo"):
            for number in range(count):
                path = tmp_path / name / modality / "ant" / f"{number}.png"
                save(path, np.zeros((4, 4, 3)))
    few = photos(tmp_path / "few", tmp_path / "a", size=4, chunk_images=1)
    many = photos(tmp_path / "many", tmp_path / "b", size=4, chunk_images=1)
    assert fingerprint(few) != fingerprint(many)
    assert fingerprint(few) == fingerprint(many.subset(torch.tensor([1, 3])))
