"""One way in for every data set: the embedded world by name, real data by folder."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from zssbir_lib.data.class_names import check_known, describe_pairs, pair_names
from zssbir_lib.data.folders import read_class_folders
from zssbir_lib.data.images import ImageSet, SketchPhotoData
from zssbir_lib.data.prepared import is_store, open_store
from zssbir_lib.data.sources import ImageView, StoredImages
from zssbir_lib.data.splits import ZeroShotSplit
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.world import (
    DrawnImages,
    PhotoOptions,
    SketchOptions,
    difficulty,
    load_world,
)
from zssbir_lib.world import class_names as world_class_names


def load_data(
    source: str | Path,
    image_size: int,
    split: ZeroShotSplit | None = None,
    on_unreadable: str = "raise",
    level: str = "default",
    photos: str = "all",
) -> SketchPhotoData:
    """Load a data set, ready for a split to be applied.

    A class of a folder that the split spells differently ("palm tree", "palm_tree")
    takes the split's spelling, and a warning says so.

    Args:
        source: "world"; or a folder with sketch/<class>/ and photo/<class>/, or with a
            public data set in a layout in circulation (`layouts`), or a prepared store.
        image_size: S, the side in pixels.
        split: draw only the classes it names (the world only; a folder is always
            listed in full, and its images are decoded when first used).
        on_unreadable: "raise" or "skip", for damaged files (`read_class_folders`).
        level: "easy", "default" or "hard" images (the world only).
        photos: "all", or "extend-only": the photos of Sketchy Extended each once.

    Raises:
        FileNotFoundError: source is neither "world" nor a folder.
        ValueError: the folder or the split's classes do not fit.
    """
    if str(source) == "world":
        return _draw(image_size, split, level, photos)
    if level != "default":
        raise ValueError(
            f"level {level!r} is for the data set 'world' only; images in a folder "
            "are as hard as they are"
        )
    if not Path(source).is_dir():
        raise FileNotFoundError(
            f'no data at {source}; expected "world" (the embedded data set) or a '
            "folder with sketch/<class>/ and photo/<class>/"
        )
    data = _open_folder(Path(source), image_size, on_unreadable, photos)
    return spelt_as(data, split) if split else data


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
        class_names: classes wanted, in the order of their labels; None for all.
        image_size: S, the side in pixels.
        photos: photos a class.
        sketches: sketches a class.
        seed: which images are drawn; the same seed draws the same images.
        photo_options: how hard the photos are; None for the default.
        sketch_options: how hard the sketches are; None for the default.
        workers: processes that draw; None to choose by the machine.
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
    return SketchPhotoData(
        "world",
        names,
        _drawn(world.sketches, SKETCH),
        _drawn(world.photos, PHOTO),
        image_size,
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
        class_names: the pretraining classes of a split, in the order of the labels.
        image_size: S, the side in pixels.
        photos: photos a class.
        seed: which images are drawn.
        photo_options: how hard the photos are; None for the default.
        workers: processes that draw; None to choose by the machine.
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
    return _drawn(world.photos, PHOTO)


def _checked_names(class_names: Sequence[str] | None) -> tuple[str, ...]:
    """Return classes that the world has; None stands for all of them."""
    existing = tuple(world_class_names())
    names = existing if class_names is None else tuple(class_names)
    if not names:
        raise ValueError("class_names is empty, expected at least one class")
    check_known(names, existing, "the embedded world (data set 'world')")
    return names


def _drawn(images: DrawnImages, modality: int) -> ImageSet:
    """Make an image set of the world's store, class after class."""
    rows = [torch.arange(one.start, one.stop) for one in images.rows.values()]
    counts = torch.tensor([len(one) for one in rows])
    labels = torch.arange(len(rows)).repeat_interleave(counts)
    source = ImageView(StoredImages(images.file), torch.cat(rows))
    return ImageSet(source, labels, modality)


def spelt_as(data: SketchPhotoData, split: ZeroShotSplit) -> SketchPhotoData:
    """Give classes the spelling of a split, with a warning that says which."""
    pairing = pair_names(data.class_names, sum(split.groups().values(), ()))
    if pairing.ambiguous:
        names = ", ".join(repr(name) for name in pairing.ambiguous[0])
        raise ValueError(
            f"data set {data.name!r} and split {split.name!r} spell {names}, which "
            "could be the same class; rename the folders so that one is meant"
        )
    if renamed := pairing.respelled():
        warnings.warn(
            f"read {len(renamed)} classes of {data.name!r} as split {split.name!r} "
            f"spells them: {describe_pairs(renamed)}",
            stacklevel=3,
        )
    names = tuple(renamed.get(name, name) for name in data.class_names)
    return replace(data, class_names=names)


def _draw(
    image_size: int, split: ZeroShotSplit | None, level: str, photos: str
) -> SketchPhotoData:
    """Draw the embedded world."""
    if photos != "all":
        raise ValueError(
            f"photos {photos!r} is for Sketchy Extended only; the data set 'world' "
            "holds each photo once"
        )
    used = split.seen + split.validation + split.unseen if split else None
    photo_options, sketch_options = difficulty(level)
    return load_world_data(
        used, image_size, photo_options=photo_options, sketch_options=sketch_options
    )


def _open_folder(
    folder: Path, image_size: int, on_unreadable: str, photos: str
) -> SketchPhotoData:
    """Open what lies in a folder: its kind is decided here."""
    if is_store(folder):
        if photos != "all":
            raise ValueError(
                f"photos {photos!r}: which photos the store {folder} holds was chosen "
                "when it was prepared; prepare another with --photos"
            )
        return open_store(folder, image_size)
    return read_class_folders(folder, image_size, on_unreadable, photos)
