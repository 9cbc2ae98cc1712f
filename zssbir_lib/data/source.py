"""One way in for every data set: the embedded world by name, real data by folder."""

import warnings
from dataclasses import replace
from pathlib import Path

from zssbir_lib.data.folders import read_class_folders
from zssbir_lib.data.images import SketchPhotoData
from zssbir_lib.data.layouts.spelling import describe_pairs, pair_names
from zssbir_lib.data.prepared import is_store, open_store
from zssbir_lib.data.splits import ZeroShotSplit
from zssbir_lib.data.world_source import load_world_data
from zssbir_lib.world import difficulty


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
        source: "world", or a folder with sketch/<class>/ and photo/<class>/, or with
            one of the public data sets in a layout in circulation (`layouts`), or a
            prepared store.
        image_size: S, the side in pixels.
        split: Draw only the classes it names (the world only; a folder is always
            listed in full, and its images are decoded when first used).
        on_unreadable: "raise" or "skip", for damaged files (`read_class_folders`).
        level: "easy", "default" or "hard" images (the world only).
        photos: "all", or "extend-only" for the photos of Sketchy Extended each once
            (`read_class_folders`).

    Returns:
        The data set.

    Raises:
        FileNotFoundError: If source is neither "world" nor a folder.
        ValueError: If the folder or the split's classes do not fit.
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


def spelt_as(data: SketchPhotoData, split: ZeroShotSplit) -> SketchPhotoData:
    """Give classes the spelling of a split.

    Args:
        data: A data set.
        split: Its classes may differ from the data's in case, spaces, underscores,
            hyphens and brackets.

    Returns:
        The same images; a warning says which classes were renamed.

    Raises:
        ValueError: If two classes of the data could be the same class of the split.
    """
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
