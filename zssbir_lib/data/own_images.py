"""Images of your own: arrays, or any data set that gives (image, label)."""

import warnings
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from zssbir_lib.data.decoding import as_square, plain_image
from zssbir_lib.data.sources import ImageSource, check_indices

LABELS_OF = ("targets", "labels")  # where torchvision's data sets keep their labels


def own_images(
    data: Any, image_size: int | None, what: str
) -> tuple[ImageSource, Tensor]:
    """Make images and labels of what a user has.

    Args:
        data: a tuple of images (N, 3, S, S) or (N, S, S, 3) uint8 and N labels; or a
            data set of (image, label), such as one of torch's.
        image_size: S, which the images of a data set are resized to; None for the side
            of the first one.
        what: "sketches" or "photos", for messages.

    Returns:
        The images as a source, and their labels (N,) int64.
    """
    if isinstance(data, tuple):
        if len(data) != 2:
            raise ValueError(
                f"{what} are a tuple of {len(data)}, expected (images, labels)"
            )
        return as_images(data[0], what), as_labels(data[1])
    if not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        raise ValueError(
            f"{what} are a {type(data).__name__}, expected (images, labels) or a data "
            "set with a length that gives (image, label) by number"
        )
    source = DatasetImages(data, image_size, what)
    return source, labels_of(data, what)


def as_images(images: Any, what: str) -> Tensor:
    """Return an array of images as uint8 (N, 3, S, S), without copying it."""
    with warnings.catch_warnings():  # nothing here writes into a read-only array
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        pixels = torch.as_tensor(images)
    if pixels.dtype != torch.uint8:
        raise ValueError(
            f"{what} are {pixels.dtype}, expected uint8 from 0 to 255: leave out what "
            "makes floats (ToTensor), or scale back"
        )
    if pixels.ndim == 3:
        pixels = pixels[:, None]  # grey (N, 1, S, S)
    if pixels.ndim != 4 or not {1, 3} & {pixels.shape[1], pixels.shape[-1]}:
        raise ValueError(
            f"{what} have shape {tuple(pixels.shape)}, expected (N, 3, S, S) or "
            "(N, S, S, 3)"
        )
    if pixels.shape[1] not in (1, 3):
        pixels = pixels.permute(0, 3, 1, 2)
    return pixels.expand(-1, 3, -1, -1)


def as_labels(labels: Any) -> Tensor:
    """Return labels as a tensor; whole numbers of any kind become int64."""
    found = torch.as_tensor(labels)
    return found if found.is_floating_point() else found.long()


def labels_of(data: Any, what: str) -> Tensor:
    """Return the labels of a data set, read one by one unless it lists them.

    A list is believed if it has the length, and the labels of both ends; reading means
    to decode every image once.
    """
    if not len(data):
        return torch.empty(0, dtype=torch.int64)
    ends = [int(data[0][1]), int(data[len(data) - 1][1])]
    for name in LABELS_OF:
        listed = getattr(data, name, None)
        if listed is None or getattr(data, "target_transform", None) is not None:
            continue
        if len(listed) == len(data) and [listed[0], listed[-1]] == ends:
            return as_labels(listed)
    numbers = tqdm(range(len(data)), f"reading labels of {what}", unit="image")
    return torch.tensor([int(data[number][1]) for number in numbers])


class DatasetImages:
    """Read the images of a data set of (image, label) as they are asked for.

    Args:
        data: the data set; an image is a PIL image, or an array or tensor of uint8.
        size: S, the side in pixels; None for that of the first image.
        what: "sketches" or "photos", for messages.
    """

    def __init__(self, data: Any, size: int | None, what: str) -> None:
        self.data, self.what = data, what
        self.size = self._first_side() if size is None else size

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, S, S)."""
        check_indices(indices, len(self))
        batch = torch.empty((len(indices), 3, self.size, self.size), dtype=torch.uint8)
        for row, number in enumerate(indices.tolist()):
            image = self._picture(number)
            batch[row] = torch.from_numpy(as_square(image, self.size).copy())
        return batch

    def _first_side(self) -> int:
        """Return the side of the first image, which must be square."""
        width, height = self._picture(0).size
        if width != height:
            raise ValueError(
                f"the first of the {self.what} is {width} x {height} pixels: give "
                "image_size, the side that every image is to be resized to"
            )
        return width

    def _picture(self, number: int) -> Image.Image:
        """Return one image in colour, at its own size."""
        image = self.data[number][0]
        if isinstance(image, Image.Image):
            return plain_image(image, "RGB")
        pixels = torch.as_tensor(np.asarray(image))
        if pixels.ndim == 2:
            pixels = pixels[None]
        colour = as_images(pixels[None], f"images of the {self.what}")[0]  # (3, H, W)
        return Image.fromarray(colour.permute(1, 2, 0).contiguous().numpy())
