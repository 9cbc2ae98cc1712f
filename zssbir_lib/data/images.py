"""Sketches and photos with their labels: the one form every data source takes.

Images stay uint8 until a batch is needed, so a whole data set fits in memory.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from zssbir_lib.data.class_names import check_known, repeated
from zssbir_lib.data.sources import ImageSource, ImageView, content_key, own_images
from zssbir_lib.modality import PHOTO, SKETCH

_PLURALS = {SKETCH: "sketches", PHOTO: "photos"}


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Hold the images of one modality with their labels.

    Args:
        images: N images, each uint8 (3, S, S): a tensor, or an `ImageSource`.
        labels: (N,) int64, class numbers from 0.
        modality: 0 for sketches, 1 for photos (`zssbir_lib.modality`).
    """

    images: ImageSource
    labels: Tensor
    modality: int

    def __post_init__(self) -> None:
        if self.modality not in (SKETCH, PHOTO):
            raise ValueError(
                f"modality is {self.modality!r}, expected 0 (sketch) or 1 (photo)"
            )
        _check_labels(self.labels)
        if isinstance(self.images, Tensor):
            _check_image_tensor(self.images)
        if len(self.images) != len(self.labels):
            raise ValueError(
                f"{len(self.images)} images but {len(self.labels)} labels: "
                "every image needs one label"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        classes = len(self.labels.unique())
        return f"ImageSet({len(self)} {_PLURALS[self.modality]}, {classes} classes)"

    def subset(self, indices: Tensor) -> "ImageSet":
        """Keep the images at (M,) int64 indices, in that order, without copying."""
        view = ImageView(self.images, indices)
        return ImageSet(view, self.labels[indices], self.modality)

    def of_class(self, label: int) -> Tensor:
        """Return the (M,) int64 indices, ascending, of the images of one class."""
        return (self.labels == label).nonzero().squeeze(1)


@dataclass(frozen=True, eq=False, repr=False)
class SketchPhotoData:
    """Hold sketches and photos of the same classes: a data set, or part of one.

    Args:
        name: what to call it in messages and results.
        class_names: C different names; label c means class_names[c].
        sketches: images of modality 0, labels in 0..C-1.
        photos: images of modality 1, labels in 0..C-1.
        image_size: S, the side of every image in pixels.
    """

    name: str
    class_names: tuple[str, ...]
    sketches: ImageSet
    photos: ImageSet
    image_size: int

    def __post_init__(self) -> None:
        if twice := repeated(self.class_names):
            raise ValueError(f"class names must differ, repeated: {', '.join(twice)}")
        for images, modality in ((self.sketches, SKETCH), (self.photos, PHOTO)):
            self._check_modality(images, modality)

    @classmethod
    def from_datasets(
        cls,
        sketches: Any,
        photos: Any,
        class_names: Sequence[str],
        name: str = "own data",
        image_size: int | None = None,
    ) -> "SketchPhotoData":
        """Take sketches and photos of your own as they are.

        Args:
            sketches: (images, labels) with images (N, 3, S, S) or (N, S, S, 3) uint8;
                or a data set, torch's or a list, that gives (image, label) by number,
                image a PIL image, a uint8 tensor or array. It is read when used.
            photos: the same.
            class_names: C names; label c means class_names[c].
            name: what to call it in messages and results.
            image_size: S, which the images of a data set are resized to; None for the
                side of the first sketch.

        Example:
            >>> drawn, taken = torch.zeros(2, 2, 3, 32, 32, dtype=torch.uint8)
            >>> SketchPhotoData.from_datasets((drawn, [0, 1]), (taken, [0, 1]), "ab")
            SketchPhotoData('own data': 2 classes, 2 sketches, 2 photos, 32 px)
        """
        drawn, drawn_labels = own_images(sketches, image_size, "sketches")
        side = image_size or side_of(drawn)
        taken, taken_labels = own_images(photos, side, "photos")
        return cls(
            name,
            tuple(class_names),
            ImageSet(drawn, drawn_labels, SKETCH),
            ImageSet(taken, taken_labels, PHOTO),
            side,
        )

    def _check_modality(self, images: ImageSet, modality: int) -> None:
        """Check that one image set is what its field says."""
        field = _PLURALS[modality]
        if images.modality != modality:
            raise ValueError(
                f"{field} hold images of modality {images.modality}, "
                f"expected {modality}: are sketches and photos swapped?"
            )
        classes = len(self.class_names)
        if len(images) and int(images.labels.max()) >= classes:
            raise ValueError(
                f"{field} have label {int(images.labels.max())}, but there are only "
                f"{classes} class names (labels 0 to {classes - 1})"
            )
        tensor = images.images
        if isinstance(tensor, Tensor) and tensor.shape[-1] != self.image_size:
            raise ValueError(
                f"{field} are {tensor.shape[-1]} pixels wide, "
                f"but image_size is {self.image_size}"
            )

    def __repr__(self) -> str:
        return (
            f"SketchPhotoData({self.name!r}: {len(self.class_names)} classes, "
            f"{len(self.sketches)} sketches, {len(self.photos)} photos, "
            f"{self.image_size} px)"
        )

    def restricted_to(self, class_names: Sequence[str]) -> "SketchPhotoData":
        """Keep some classes; labels are renumbered 0..C-1 in the order given.

        Images keep their order, and none is copied.
        """
        names = tuple(class_names)
        if not names:
            raise ValueError("restricted_to needs at least one class name")
        check_known(names, self.class_names, f"data set {self.name!r}")
        position = {name: number for number, name in enumerate(self.class_names)}
        new_label = torch.full((len(self.class_names),), -1)
        new_label[[position[name] for name in names]] = torch.arange(len(names))
        return SketchPhotoData(
            self.name,
            names,
            _relabelled(self.sketches, new_label),
            _relabelled(self.photos, new_label),
            self.image_size,
        )


def fingerprint(images: ImageSet) -> str:
    """Name a set by its content: images, labels and their order; 32 hexadecimal digits.

    Pixels in memory are hashed; files are named by their bytes and a store by its
    checksums, without decoding or reading an image. The same set loaded again has the
    same name; so teachers' outputs are kept under it.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(images.labels.contiguous().numpy().tobytes())
    digest.update(content_key(images.images).encode())
    return digest.hexdigest()


def side_of(images: ImageSource) -> int:
    """Return the side of a source's images, in pixels."""
    return images[torch.arange(1)].shape[-1]


def _relabelled(images: ImageSet, new_label: Tensor) -> ImageSet:
    """Give every image its class's new label and drop those with label -1."""
    labels = new_label[images.labels]
    kept = (labels >= 0).nonzero().squeeze(1)
    return ImageSet(ImageView(images.images, kept), labels[kept], images.modality)


def _check_labels(labels: Tensor) -> None:
    """Check that labels are a row of class numbers."""
    if labels.ndim != 1 or labels.dtype != torch.int64:
        raise ValueError(
            f"labels have shape {tuple(labels.shape)} and type {labels.dtype}, "
            "expected one row (N,) of torch.int64"
        )
    if len(labels) and int(labels.min()) < 0:
        raise ValueError(f"labels start at {int(labels.min())}, expected 0 or more")


def _check_image_tensor(images: Tensor) -> None:
    """Check that a tensor can serve as an image source."""
    square = images.ndim == 4 and images.shape[2] == images.shape[3]
    if images.dtype != torch.uint8 or not square or images.shape[1] != 3:
        raise ValueError(
            f"images have shape {tuple(images.shape)} and type {images.dtype}, "
            "expected (N, 3, S, S) of torch.uint8 with values 0 to 255"
        )
