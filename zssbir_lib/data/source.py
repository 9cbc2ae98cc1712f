"""One way in for every data set: the embedded world by name, real data by folder.

Taught in: notebook 01.
"""

from pathlib import Path

from zssbir_lib.data.folders import read_class_folders
from zssbir_lib.data.images import SketchPhotoData
from zssbir_lib.data.splits import ZeroShotSplit
from zssbir_lib.data.world_source import load_world_data
from zssbir_lib.world import difficulty


def load_data(
    source: str | Path,
    image_size: int,
    split: ZeroShotSplit | None = None,
    on_unreadable: str = "raise",
    level: str = "default",
) -> SketchPhotoData:
    """Load a data set, ready for a split to be applied.

    Args:
        source: "world", or a folder with sketch/<class>/ and photo/<class>/.
        image_size: S, the side in pixels.
        split: Draw only the classes it names (the world only; a folder is always
            listed in full, and its images are decoded when first used).
        on_unreadable: "raise" or "skip", for damaged files (`read_class_folders`).
        level: "easy", "default" or "hard" images (the world only).

    Returns:
        The data set.

    Raises:
        FileNotFoundError: If source is neither "world" nor a folder.
        ValueError: If the folder or the split's classes do not fit.

    Taught in: notebook 01.
    """
    if str(source) == "world":
        used = split.seen + split.validation + split.unseen if split else None
        photo_options, sketch_options = difficulty(level)
        return load_world_data(
            used,
            image_size,
            photo_options=photo_options,
            sketch_options=sketch_options,
        )
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
    return read_class_folders(source, image_size, on_unreadable)
