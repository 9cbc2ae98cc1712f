"""List the image files of a data set kept as one folder a class.

Taught in: notebook 01.
"""

from dataclasses import dataclass
from pathlib import Path

from zssbir_lib.modality import PHOTO, SKETCH

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")
FOLDER_NAMES = {SKETCH: ("sketch", "sketches"), PHOTO: ("photo", "photos")}

ClassFiles = dict[str, list[Path]]


@dataclass(frozen=True)
class ImagePaths:
    """Hold the image files of a data set, by modality and class, in sorted order.

    Args:
        sketches: Class name to its sketch files.
        photos: Class name to its photo files; the same classes.

    Taught in: notebook 01.
    """

    sketches: ClassFiles
    photos: ClassFiles


def find_class_files(root: str | Path) -> ImagePaths:
    """List the image files of a class-folder data set without opening any.

    Hidden files, and files that are no images by their ending, are left out.

    Args:
        root: The folder that holds `sketch` and `photo`.

    Returns:
        The files of every class in both modalities.

    Raises:
        FileNotFoundError: If root, or one of its two folders, does not exist.
        ValueError: If a class has images in one modality only, or there are none.

    Taught in: notebook 01.
    """
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(
            f"no folder {root}; expected one with sketch/<class>/ and photo/<class>/"
        )
    sketches = _files_by_class(_modality_folder(root, SKETCH))
    photos = _files_by_class(_modality_folder(root, PHOTO))
    _check_same_classes(sketches, photos, root)
    return ImagePaths(sketches, photos)


def _modality_folder(root: Path, modality: int) -> Path:
    """Find the sketch or the photo folder."""
    names = FOLDER_NAMES[modality]
    visible = _visible_folders(root)
    found = [folder for folder in visible if folder.name.lower() in names]
    if len(found) == 1:
        return found[0]
    holds = ", ".join(folder.name for folder in visible[:8]) or "no folders"
    if found:
        raise ValueError(f"{root} should hold only one of {names}; it holds {holds}")
    raise FileNotFoundError(
        f"{root} has no folder {names[0]!r} (or {names[1]!r}); it holds: {holds}"
    )


def _visible_folders(folder: Path) -> list[Path]:
    """List subfolders that are not hidden, sorted by name."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if entry.is_dir() and not entry.name.startswith(".")
    )


def _files_by_class(folder: Path) -> ClassFiles:
    """List the image files of every class folder; none may be empty."""
    classes = _visible_folders(folder)
    if not classes:
        raise ValueError(
            f"{folder} holds no class folders; expected {folder}/<class>/<image>"
        )
    return {one_class.name: _image_files(one_class) for one_class in classes}


def _image_files(folder: Path) -> list[Path]:
    """List the image files of one class folder, sorted by name."""
    files = sorted(
        entry
        for entry in folder.iterdir()
        if entry.suffix.lower() in IMAGE_SUFFIXES
        and not entry.name.startswith(".")
        and entry.is_file()
    )
    if not files:
        inside = [entry.name for entry in _visible_folders(folder)[:3]]
        found = f"only folders ({', '.join(inside)})" if inside else "none"
        raise ValueError(
            f"class folder {folder} holds no images, found {found}; expected files "
            f"ending in {', '.join(IMAGE_SUFFIXES)}: fill it or remove it"
        )
    return files


def _check_same_classes(sketches: ClassFiles, photos: ClassFiles, root: Path) -> None:
    """Check that every class exists in both modalities."""
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
