"""Read a data set kept as one folder a class: root/sketch/<class>, root/photo/<class>.

Taught in: notebook 01.
"""

import warnings
from pathlib import Path

import torch

from zssbir_lib.data.class_files import ClassFiles, ImagePaths, find_class_files
from zssbir_lib.data.decoding import find_unreadable
from zssbir_lib.data.image_files import ImageFiles
from zssbir_lib.data.images import ImageSet, SketchPhotoData
from zssbir_lib.modality import PHOTO, SKETCH

ON_UNREADABLE = ("raise", "skip")


def read_class_folders(
    root: str | Path, image_size: int, on_unreadable: str = "raise"
) -> SketchPhotoData:
    """Open the data set in root/sketch/<class>/* and root/photo/<class>/*.

    Classes and files come in sorted order. Images are decoded when first used (see
    `ImageFiles`); sketches are kept as grey, for a sketch is lines, not colours.

    Args:
        root: The folder that holds `sketch` and `photo` (or `sketches`, `photos`).
        image_size: S, the side in pixels every image is resized to.
        on_unreadable: "raise": a damaged file raises `UnreadableImage` when it is
            used. "skip": every file is decoded once now, damaged ones are left out
            and a warning says how many.

    Returns:
        The data set, named after its folder.

    Raises:
        FileNotFoundError: If root, or one of its two folders, does not exist.
        ValueError: If a class has images in one modality only, or there are none.

    Taught in: notebook 01.
    """
    if on_unreadable not in ON_UNREADABLE:
        raise ValueError(
            f"on_unreadable is {on_unreadable!r}, expected one of {ON_UNREADABLE}"
        )
    paths = find_class_files(root)
    if on_unreadable == "skip":
        paths = without_unreadable(paths)
    return SketchPhotoData(
        name=Path(root).resolve().name,
        class_names=tuple(paths.sketches),
        sketches=_image_set(paths.sketches, SKETCH, image_size),
        photos=_image_set(paths.photos, PHOTO, image_size),
        image_size=image_size,
    )


def without_unreadable(paths: ImagePaths) -> ImagePaths:
    """Decode every file once and leave out those that fail, with one warning.

    Args:
        paths: The files of a data set.

    Returns:
        The readable files.

    Raises:
        ValueError: If a class has no readable image left.

    Taught in: notebook 01.
    """
    both = (paths.sketches, paths.photos)
    every = [file for group in both for files in group.values() for file in files]
    problems = find_unreadable(every)
    if not problems:
        return paths
    first = problems[0]
    warnings.warn(
        f"left out {len(problems)} unreadable of {len(every)} images, "
        f"the first is {first.path}: {first.reason}",
        stacklevel=3,
    )
    bad = {problem.path for problem in problems}
    return ImagePaths(*(_keep_readable(group, bad) for group in both))


def _keep_readable(files: ClassFiles, bad: set[Path]) -> ClassFiles:
    """Drop bad files; a class left without any is an error."""
    kept = {
        name: [path for path in paths if path not in bad]
        for name, paths in files.items()
    }
    for name, paths in kept.items():
        if not paths:
            raise ValueError(
                f"no image of class {name!r} in {files[name][0].parent} is readable; "
                "replace the files or remove the class from both modalities"
            )
    return kept


def _image_set(files: ClassFiles, modality: int, image_size: int) -> ImageSet:
    """Make an image set of files; class numbers follow the order of the classes."""
    paths = [path for group in files.values() for path in group]
    counts = torch.tensor([len(group) for group in files.values()])
    labels = torch.arange(len(files)).repeat_interleave(counts)
    mode = "L" if modality == SKETCH else "RGB"
    return ImageSet(ImageFiles(paths, image_size, mode), labels, modality)
