"""Data sets of one's own: arrays and torch data sets become sketches and photos."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset, TensorDataset

from zssbir_lib.data import SketchPhotoData, ZeroShotSplit, fingerprint

NAMES = ("ant", "bus", "cup")
LABELS = [0, 1, 2, 1]
NOISE = np.random.default_rng(0).integers(256, size=(4, 3, 5, 5), dtype=np.uint8)


def pixels_of(images) -> np.ndarray:
    return images.images[torch.arange(len(images))].numpy()


class Pairs(Dataset):
    """Images and labels, counted as they are read."""

    def __init__(self, images, labels=LABELS, **attributes):
        self.images, self.numbers, self.read = images, labels, []
        vars(self).update(attributes)

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, number):
        self.read.append(number)
        return self.images[number], self.numbers[number]


def picture(array: np.ndarray) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(array.transpose(1, 2, 0)))


GREY = NOISE[:, :1]
KINDS = {
    "channels first": ((NOISE, LABELS), NOISE),
    "channels last": ((NOISE.transpose(0, 2, 3, 1), np.array(LABELS, np.int32)), NOISE),
    "tensors": ((torch.from_numpy(NOISE), torch.tensor(LABELS)), NOISE),
    "grey": ((NOISE[:, 0], LABELS), GREY),
    "grey, one channel": ((GREY, LABELS), GREY),
    "tensor data set": (
        TensorDataset(torch.from_numpy(NOISE), torch.tensor(LABELS)),
        NOISE,
    ),
    "PIL": (Pairs([picture(one) for one in NOISE]), NOISE),
    "arrays": (Pairs(NOISE.transpose(0, 2, 3, 1)), NOISE),
    "grey arrays": (Pairs(NOISE[:, 0]), GREY),
    "a list": ([(one, label) for one, label in zip(NOISE, LABELS, strict=True)], NOISE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_images_and_labels_come_through(kind):
    own, expected = KINDS[kind]
    data = SketchPhotoData.from_datasets(own, (NOISE, LABELS), NAMES)
    assert repr(data) == (
        "SketchPhotoData('own data': 3 classes, 4 sketches, 4 photos, 5 px)"
    )
    assert data.class_names == NAMES and data.sketches.labels.tolist() == LABELS
    wanted = np.broadcast_to(expected, NOISE.shape)
    np.testing.assert_array_equal(pixels_of(data.sketches), wanted)
    parts = ZeroShotSplit("tiny", ("bus",), (), ("ant", "cup")).apply(data)
    np.testing.assert_array_equal(pixels_of(parts.seen.sketches), wanted[[1, 3]])
    assert fingerprint(data.sketches) == fingerprint(
        SketchPhotoData.from_datasets(own, (NOISE, LABELS), NAMES).sketches
    )


def test_images_of_any_size_are_resized_and_transparency_becomes_paper():
    clear = Image.new("RGBA", (9, 4), (0, 0, 0, 0))
    sketches = Pairs([clear, Image.new("L", (3, 8), 7)], [0, 1])
    photos = (np.zeros((2, 3, 6, 6), np.uint8), [0, 1])
    data = SketchPhotoData.from_datasets(sketches, photos, "ab", "mine", image_size=6)
    assert data.name == "mine" and data.class_names == ("a", "b")
    pixels = pixels_of(data.sketches)
    assert pixels.shape == (2, 3, 6, 6)
    assert (pixels[0] == 255).all() and (pixels[1] == 7).all()
    with pytest.raises(ValueError, match="first of the sketches is 9 x 4 pixels: give"):
        SketchPhotoData.from_datasets(sketches, photos, "ab")


def test_the_photos_take_the_side_of_the_sketches():
    photos = Pairs([Image.new("RGB", (20, 10))] * 4)
    data = SketchPhotoData.from_datasets((NOISE, LABELS), photos, NAMES)
    assert data.image_size == 5 and pixels_of(data.photos).shape == (4, 3, 5, 5)


def test_listed_labels_spare_reading_unless_they_are_transformed():
    listed = Pairs(NOISE, targets=LABELS)
    SketchPhotoData.from_datasets(listed, (NOISE, LABELS), NAMES)
    assert set(listed.read) == {0, 3}
    moved = [0, 1, 2, 2]
    for other in (
        Pairs(NOISE, targets=LABELS, target_transform=str),
        Pairs(NOISE, moved, targets=LABELS),
        Pairs(NOISE, targets=LABELS[:3]),
    ):
        data = SketchPhotoData.from_datasets(other, (NOISE, LABELS), NAMES)
        assert set(other.read) == {0, 1, 2, 3}
        assert data.sketches.labels.tolist() == other.numbers


def test_images_are_read_when_they_are_used():
    sketches = Pairs(NOISE, targets=LABELS)
    data = SketchPhotoData.from_datasets(sketches, (NOISE, LABELS), NAMES)
    sketches.read.clear()
    data.sketches.images[torch.tensor([2, 0])]
    assert sketches.read == [2, 0]
    with pytest.raises(IndexError, match="from 4 to 4, but there are 4 images"):
        data.sketches.images[torch.tensor([4])]


@pytest.mark.parametrize(
    ("sketches", "message"),
    [
        (
            (NOISE / 255, LABELS),
            "sketches are torch.float64, .*ToTensor",
        ),
        (
            Pairs(NOISE / 255),
            "images of the sketches are torch.float64",
        ),
        (
            (NOISE[:, :2], LABELS),
            r"shape \(4, 2, 5, 5\), expected \(N, 3",
        ),
        ((NOISE, LABELS, 1), "sketches are a tuple of 3, expected .images, labels."),
        (7, "sketches are a int, expected .images, labels. or a data set"),
        ((NOISE, LABELS[:2]), "4 images but 2 labels"),
        ((NOISE, [0.5] * 4), "type torch.float32, expected one row"),
        ((NOISE, [0, 1, 2, 3]), "label 3, but there are only 3 class names"),
        ((NOISE[..., :3], LABELS), r"shape \(4, 3, 5, 3\)"),
        ((NOISE[..., :4, :4], LABELS), "photos are 5 pixels wide, but image_size is 4"),
    ],
)
def test_what_does_not_fit_is_said(sketches, message):
    with pytest.raises(ValueError, match=message):
        SketchPhotoData.from_datasets(sketches, (NOISE, LABELS), NAMES)
