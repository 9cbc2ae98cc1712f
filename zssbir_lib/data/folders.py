"""A data set kept as one folder a class: listed, in any known layout, and read."""

import warnings
from dataclasses import dataclass, field
from pathlib import Path

import torch

from zssbir_lib.data.class_names import Pairing, describe_pairs, pair_names
from zssbir_lib.data.decoding import find_unreadable
from zssbir_lib.data.images import ImageSet, SketchPhotoData
from zssbir_lib.data.layouts import (
    IMAGE_SUFFIXES,
    ClassFiles,
    FolderListing,
    FoundLayout,
    find_layout,
    list_class_folders,
)
from zssbir_lib.data.sources import ImageFiles
from zssbir_lib.modality import PHOTO, SKETCH

ON_UNREADABLE = ("raise", "skip")


@dataclass(frozen=True)
class ImagePaths:
    """The image files of a data set, by class in sorted order."""

    sketches: ClassFiles
    photos: ClassFiles
    respelled: dict[str, str] = field(default_factory=dict)


def find_class_files(root: str | Path, photos: str = "all") -> ImagePaths:
    """List the image files of a class-folder data set without opening any.

    Hidden files, and files that are no images by their ending, are left out. A class is
    called what its sketch folder is called.
    """
    found = find_layout(root)
    sketches = _checked(list_class_folders(found.sketches))
    every, respelled = {}, {}
    for folder in found.photo_folders(photos):
        files = _checked(list_class_folders(folder))
        pairing = pair_classes(files, sketches, found)
        if pairing.ambiguous:
            raise ValueError(ambiguity(pairing, folder))
        respelled |= pairing.respelled()
        add_files(every, files, pairing)
    check_same_classes(sketches, every, Path(root))
    ordered = {name: every[name] for name in sketches}
    return ImagePaths(sketches, ordered, respelled)


def pair_classes(
    photos: ClassFiles, sketches: ClassFiles, found: FoundLayout
) -> Pairing:
    """Match the names of photo folders to those of sketch folders."""
    return pair_names(photos, sketches, found.layout.spellings)


def add_files(every: ClassFiles, files: ClassFiles, pairing: Pairing) -> None:
    """Add a photo folder's files to those of their classes; unpaired, as named."""
    for name, paths in files.items():
        every.setdefault(pairing.pairs.get(name, name), []).extend(paths)


def ambiguity(pairing: Pairing, folder: Path) -> str:
    """Write the message about names that could mean each other."""
    names = ", ".join(repr(name) for name in pairing.ambiguous[0])
    return (
        f"the folders {names} (in {folder} and among the sketches) differ only in "
        "spelling, so it is not clear which belong together; rename them alike"
    )


def _checked(listing: FolderListing) -> ClassFiles:
    """Return the files of every class; none may be empty, every folder open."""
    for folder, reason in listing.closed.items():
        raise OSError(f"cannot list {folder} ({reason}); check who may read it")
    if not listing.classes:
        raise ValueError(
            f"{listing.folder} holds no class folders; expected "
            f"{listing.folder}/<class>/<image>"
        )
    for name, files in listing.classes.items():
        if not files:
            raise ValueError(_empty_class(listing, name))
    return listing.classes


def _empty_class(listing: FolderListing, name: str) -> str:
    """Write the message about a class folder without images."""
    folder = listing.folder / name
    inside = [one.name for one in listing.inner_folders if one.parent == folder][:3]
    found = f"only folders ({', '.join(inside)})" if inside else "none"
    return (
        f"class folder {folder} holds no images, found {found}; expected files "
        f"ending in {', '.join(IMAGE_SUFFIXES)}: fill it or remove it"
    )


def check_same_classes(sketches: ClassFiles, photos: ClassFiles, root: Path) -> None:
    """Raise unless every class exists in both modalities."""
    pairs = (
        ("sketch", "photo", sketches, photos),
        ("photo", "sketch", photos, sketches),
    )
    complaints = []
    for here, there, having, lacking in pairs:
        if alone := [name for name in having if name not in lacking]:
            complaints.append(f"{', '.join(alone)} only as {here}, not as {there}")
    if complaints:
        raise ValueError(
            f"{root}: every class needs both modalities, but {'; '.join(complaints)}; "
            "add the missing folders or remove these"
        )


# --- read ----------------------------------------------------------------------------


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
        on_unreadable: "raise": a damaged file raises `UnreadableImage` when it is used.
            "skip": every file is decoded once now, damaged ones are left out and a
            warning says how many.
        photos: "all", or "extend-only": the photos of Sketchy Extended each once.

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
    kept = {}
    for name, paths in files.items():
        kept[name] = [path for path in paths if path not in bad]
        if not kept[name]:
            raise ValueError(
                f"no image of class {name!r} in {paths[0].parent} is readable; replace "
                "the files or remove the class from both modalities"
            )
    return kept


def _image_set(files: ClassFiles, modality: int, image_size: int) -> ImageSet:
    """Make an image set of files; class numbers follow the order of the classes."""
    paths = [path for group in files.values() for path in group]
    counts = torch.tensor([len(group) for group in files.values()])
    labels = torch.arange(len(files)).repeat_interleave(counts)
    mode = "L" if modality == SKETCH else "RGB"
    return ImageSet(ImageFiles(paths, image_size, mode), labels, modality)
