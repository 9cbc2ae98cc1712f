"""A small folder of images of many kinds, for the tests of prepared stores."""

from pathlib import Path

import numpy as np
from PIL import Image

from zssbir_lib.data import SketchPhotoData, read_class_folders
from zssbir_lib.data.prepared import Manifest, prepare_store

CLASSES = ("ant", "bus", "cup")
SKETCHES, PHOTOS = 5, 7  # a class


def write_images(folder: Path) -> Path:
    """Write noise as sketches (PNG, one with alpha) and photos (JPEG, one grey)."""
    noise = np.random.default_rng(0)
    for name in CLASSES:
        for number in range(SKETCHES):
            shape = (12 + number, 15, 4) if number == 1 else (12 + number, 15)
            save(
                folder / "sketch" / name / f"{number}.png",
                noise.integers(256, size=shape),
            )
        for number in range(PHOTOS):
            shape = (20, 14 + number) if number == 2 else (20, 14 + number, 3)
            save(
                folder / "photo" / name / f"{number}.jpg",
                noise.integers(256, size=shape),
            )
    return folder


def save(path: Path, values: np.ndarray) -> None:
    """Write an image file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint8)).save(path)


def prepare(root: Path, out: Path, size: int = 8, **options) -> Manifest:
    """Prepare a folder in this process, five images a chunk unless told otherwise."""
    options = {"jobs": 1, "chunk_images": 5} | options
    return prepare_store(read_class_folders(root, size), root, out, **options)


def pixels_of(data: SketchPhotoData) -> list[list]:
    """Return all pixels and labels as plain lists, to be compared."""
    import torch

    return [
        [images.images[torch.arange(len(images))].tolist(), images.labels.tolist()]
        for images in (data.sketches, data.photos)
    ]
