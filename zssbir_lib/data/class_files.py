"""List the image files of a data set kept as class folders, in any known layout."""

from dataclasses import dataclass, field
from pathlib import Path

from zssbir_lib.data.layouts import (
    IMAGE_SUFFIXES,
    ClassFiles,
    FolderListing,
    FoundLayout,
    find_layout,
    list_class_folders,
)
from zssbir_lib.data.spelling import Pairing, pair_names


@dataclass(frozen=True)
class ImagePaths:
    """Hold the image files of a data set, by modality and class, in sorted order.

    Args:
        sketches: class name to its sketch files.
        photos: class name to its photo files; the same classes in the same order.
        respelled: name of a photo folder to the class it was read as, where the two
            differ in spelling.
    """

    sketches: ClassFiles
    photos: ClassFiles
    respelled: dict[str, str] = field(default_factory=dict)


def find_class_files(root: str | Path, photos: str = "all") -> ImagePaths:
    """List the image files of a class-folder data set without opening any.

    Hidden files, and files that are no images by their ending, are left out. A class
    is called what its sketch folder is called.

    Args:
        root: the folder that holds `sketch` and `photo`, or another known layout
            (`zssbir_lib.data.layouts.LAYOUTS`).
        photos: "all", or "extend-only" (`FoundLayout.photo_folders`).

    Returns:
        The files of every class in both modalities.

    Raises:
        FileNotFoundError: root does not exist, or no layout fits.
        ValueError: a class has images in one modality only, or there are none.
        OSError: a folder cannot be listed.
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
