"""List what lies in a folder of class folders, without opening or judging a file."""

import os
from dataclasses import dataclass, field
from pathlib import Path

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")
SYSTEM_NAMES = ("thumbs.db", "desktop.ini", "__macosx", "@eadir")

ClassFiles = dict[str, list[Path]]


@dataclass(frozen=True)
class FolderListing:
    """Hold what was found in a folder of class folders.

    Args:
        folder: The folder.
        classes: Class name to its image files (by their ending), sorted; perhaps none.
        inner_folders: Folders inside class folders; their content is not listed.
        loose: Image files beside the class folders.
        other: Visible files that are no images by their ending.
        hidden: Hidden and system files and folders.
        broken_links: Links to a file that does not exist.
        closed: Folders that could not be listed, with the reason.
    """

    folder: Path
    classes: ClassFiles = field(default_factory=dict)
    inner_folders: list[Path] = field(default_factory=list)
    loose: list[Path] = field(default_factory=list)
    other: list[Path] = field(default_factory=list)
    hidden: list[Path] = field(default_factory=list)
    broken_links: list[Path] = field(default_factory=list)
    closed: dict[Path, str] = field(default_factory=dict)


def list_class_folders(folder: Path) -> FolderListing:
    """List a folder of class folders, two levels deep and no deeper.

    Links are followed; since the depth is fixed, links in a circle do no harm.

    Args:
        folder: Holds one folder a class.

    Returns:
        What is there, classes and files in sorted order.
    """
    listing = FolderListing(folder)
    for entry in _entries(folder, listing):
        if _is_folder(entry):
            files = listing.classes.setdefault(entry.name, [])
            _list_class(Path(entry.path), files, listing)
        else:
            _sort_in(entry, listing.loose, listing)
    return listing


def visible_folders(folder: Path) -> list[Path]:
    """List the subfolders that are neither hidden nor the system's, sorted by name.

    Args:
        folder: An existing folder.

    Returns:
        Their paths; none if the folder cannot be listed.
    """
    entries = _entries(folder, FolderListing(folder))
    return [Path(entry.path) for entry in entries if _is_folder(entry)]


def _list_class(folder: Path, files: list[Path], listing: FolderListing) -> None:
    """List one class folder."""
    for entry in _entries(folder, listing):
        if _is_folder(entry):
            listing.inner_folders.append(Path(entry.path))
        else:
            _sort_in(entry, files, listing)


def _entries(folder: Path, listing: FolderListing) -> list[os.DirEntry]:
    """Return the visible entries of a folder, sorted; note hidden and closed ones."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        listing.closed[folder] = error.strerror or str(error)
        return []
    hidden = [entry for entry in entries if is_hidden(entry.name)]
    listing.hidden.extend(Path(entry.path) for entry in hidden)
    return [entry for entry in entries if not is_hidden(entry.name)]


def is_hidden(name: str) -> bool:
    """Say whether a file or folder is hidden or kept by the operating system.

    Args:
        name: Its name alone.

    Returns:
        True for ".DS_Store", "Thumbs.db", "__MACOSX" and their like.
    """
    return name.startswith(".") or name.lower() in SYSTEM_NAMES


def _is_folder(entry: os.DirEntry) -> bool:
    """Say whether an entry is a folder; a link in a circle is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _sort_in(entry: os.DirEntry, images: list[Path], listing: FolderListing) -> None:
    """Put a file where it belongs."""
    path = Path(entry.path)
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        listing.other.append(path)
    elif path.is_file():
        images.append(path)
    else:
        listing.broken_links.append(path)
