"""Read a data set kept as one folder a class, in any known layout."""

import warnings
from pathlib import Path

import torch

from zssbir_lib.data.class_files import ClassFiles, ImagePaths, find_class_files
from zssbir_lib.data.decoding import find_unreadable
from zssbir_lib.data.image_files import ImageFiles
from zssbir_lib.data.images import ImageSet, SketchPhotoData
from zssbir_lib.data.spelling import describe_pairs
from zssbir_lib.modality import PHOTO, SKETCH

ON_UNREADABLE = ("raise", "skip")


def read_class_folders(
    root: str | Path, image_size: int, on_unreadable: str = "raise", photos: str = "all"
) -> SketchPhotoData:
    """Open the data set in root/sketch/<class>/* and root/photo/<class>/*.

    The layouts of the public downloads are read too (`zssbir_lib.data.layouts`).
    Classes and files come in sorted order. Images are decoded when first used (see
    `ImageFiles`); sketches are kept as grey, for a sketch is lines, not colours. Where
    the folder of a class is spelt differently among the photos, a warning says so.

    Args:
        root: the folder that holds `sketch` and `photo` (or `sketches`, `photos`), or
            another known layout, itself or one or two folders further in.
        image_size: S, the side in pixels every image is resized to.
        on_unreadable: "raise": a damaged file raises `UnreadableImage` when it is
            used. "skip": every file is decoded once now, damaged ones are left out
            and a warning says how many.
        photos: "all", or "extend-only": the photos of Sketchy Extended each once.

    Returns:
        The data set, named after its folder.

    Raises:
        FileNotFoundError: root does not exist or no layout fits.
        ValueError: a class has images in one modality only, or there are none.
    """
    check_on_unreadable(on_unreadable)
    paths = find_class_files(root, photos)
    if paths.respelled:
        warnings.warn(
            f"read {len(paths.respelled)} photo folders under the name of a sketch "
            f"folder spelt differently: {describe_pairs(paths.respelled)}",
            stacklevel=2,
        )
    return data_from_paths(paths, Path(root).resolve().name, image_size, on_unreadable)


def check_on_unreadable(on_unreadable: str) -> None:
    """Raise unless "raise" or "skip" is to be done about damaged files."""
    if on_unreadable not in ON_UNREADABLE:
        raise ValueError(
            f"on_unreadable is {on_unreadable!r}, expected one of {ON_UNREADABLE}"
        )


def data_from_paths(
    paths: ImagePaths, name: str, image_size: int, on_unreadable: str = "raise"
) -> SketchPhotoData:
    """Make a data set of image files; labels follow the order of the classes."""
    if on_unreadable == "skip":
        paths = without_unreadable(paths)
    return SketchPhotoData(
        name=name,
        class_names=tuple(paths.sketches),
        sketches=_image_set(paths.sketches, SKETCH, image_size),
        photos=_image_set(paths.photos, PHOTO, image_size),
        image_size=image_size,
    )


def without_unreadable(paths: ImagePaths) -> ImagePaths:
    """Decode every file once and leave out those that fail, with one warning."""
    both = (paths.sketches, paths.photos)
    every = [file for group in both for files in group.values() for file in files]
    problems = find_unreadable(every)
    if not problems:
        return paths
    first = problems[0]
    warnings.warn(
        f"left out {len(problems)} unreadable of {len(every)} images, "
        f"the first is {first.path}: {first.reason}",
        stacklevel=4,
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
