"""The files that a store is made of, as they are when the work begins."""

import os
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from zssbir_lib.data.image_files import ImageFiles
from zssbir_lib.data.images import ImageSet, ImageView


@dataclass(frozen=True)
class Original:
    """Hold an image file and what tells whether it has changed.

    Args:
        path: Where it is.
        place: The same from the source folder, with "/" between names.
        size: Bytes.
        changed: Time of the last change, nanoseconds.
        label: Class number from 0.
    """

    path: Path
    place: str
    size: int
    changed: int
    label: int


def list_originals(images: ImageSet, root: str | Path) -> list[Original]:
    """List the files of an image set, in the order of its images.

    Args:
        images: Images of one modality, in files.
        root: The folder that paths are told from.

    Returns:
        One a file, with a progress bar, for a network disk takes its time.

    Raises:
        ValueError: If the images are not in files.
        FileNotFoundError: If a file is gone.
    """
    root, found = Path(root).absolute(), []
    pairs = list(zip(image_paths(images), images.labels.tolist(), strict=True))
    for path, label in tqdm(pairs, "listing files", unit="file"):
        status = path.stat()
        place = Path(os.path.relpath(path.absolute(), root)).as_posix()
        found.append(Original(path, place, status.st_size, status.st_mtime_ns, label))
    return found


def image_paths(images: ImageSet) -> list[Path]:
    """Return the files of an image set, in the order of its images.

    Args:
        images: Images in files (`ImageFiles`), or some of them.

    Returns:
        N paths.

    Raises:
        ValueError: If the images are not in files.
    """
    source = images.images
    if isinstance(source, ImageView) and isinstance(source.source, ImageFiles):
        return [source.source.paths[index] for index in source.indices.tolist()]
    if isinstance(source, ImageFiles):
        return list(source.paths)
    raise ValueError(
        f"the images are a {type(source).__name__}, expected image files: only a "
        "folder of images can be prepared"
    )
