"""The embedded world as a data set: drawn sketches and photos, no files needed."""

from collections.abc import Sequence

import numpy as np
import torch

from zssbir_lib.data.class_names import check_known
from zssbir_lib.data.images import ImageSet, SketchPhotoData
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.world import PhotoOptions, SketchOptions, load_world
from zssbir_lib.world import class_names as world_class_names


def load_world_data(
    class_names: Sequence[str] | None = None,
    image_size: int = 32,
    photos: int = 100,
    sketches: int = 60,
    seed: int = 0,
    photo_options: PhotoOptions | None = None,
    sketch_options: SketchOptions | None = None,
    workers: int | None = None,
) -> SketchPhotoData:
    """Draw (or read from the cache) sketches and photos of the embedded world.

    Args:
        class_names: Classes wanted, in the order of their labels; None for all.
        image_size: S, the side in pixels.
        photos: Photos a class.
        sketches: Sketches a class.
        seed: Which images are drawn; the same seed draws the same images.
        photo_options: How hard the photos are; None for the default.
        sketch_options: How hard the sketches are; None for the default.
        workers: Processes that draw; None to choose by the machine.

    Returns:
        The data set named "world".

    Raises:
        ValueError: Naming the classes that the world lacks.
    """
    names = _checked_names(class_names)
    world = load_world(
        names,
        photos=photos,
        sketches=sketches,
        size=image_size,
        seed=seed,
        photo_options=photo_options,
        sketch_options=sketch_options,
        workers=workers,
    )
    paper = _stacked(world.sketches, names)
    return SketchPhotoData(
        name="world",
        class_names=names,
        sketches=ImageSet(
            paper.unsqueeze(1).expand(-1, 3, -1, -1), _labels(names, sketches), SKETCH
        ),
        photos=ImageSet(_stacked(world.photos, names), _labels(names, photos), PHOTO),
        image_size=image_size,
    )


def load_pretraining_photos(
    class_names: Sequence[str],
    image_size: int = 32,
    photos: int = 100,
    seed: int = 0,
    photo_options: PhotoOptions | None = None,
    workers: int | None = None,
) -> ImageSet:
    """Draw photos only: what a backbone is pretrained on in the embedded world.

    Args:
        class_names: The pretraining classes of a split, in the order of the labels.
        image_size: S, the side in pixels.
        photos: Photos a class.
        seed: Which images are drawn.
        photo_options: How hard the photos are; None for the default.
        workers: Processes that draw; None to choose by the machine.

    Returns:
        The photos with labels 0..C-1.

    Raises:
        ValueError: Naming the classes that the world lacks.
    """
    names = _checked_names(class_names)
    world = load_world(
        names,
        photos=photos,
        size=image_size,
        seed=seed,
        photo_options=photo_options,
        workers=workers,
        photo_only=names,
    )
    return ImageSet(_stacked(world.photos, names), _labels(names, photos), PHOTO)


def _checked_names(class_names: Sequence[str] | None) -> tuple[str, ...]:
    """Check that the world has the classes; None stands for all of them."""
    existing = tuple(world_class_names())
    names = existing if class_names is None else tuple(class_names)
    if not names:
        raise ValueError("class_names is empty, expected at least one class")
    check_known(names, existing, "the embedded world (data set 'world')")
    return names


def _stacked(images: dict[str, np.ndarray], names: tuple[str, ...]) -> torch.Tensor:
    """Put the images of all classes into one tensor, class after class."""
    return torch.from_numpy(np.concatenate([images[name] for name in names]))


def _labels(names: tuple[str, ...], count: int) -> torch.Tensor:
    """Number the images of every class alike: 0 0 0 1 1 1 ..."""
    return torch.arange(len(names)).repeat_interleave(count)
