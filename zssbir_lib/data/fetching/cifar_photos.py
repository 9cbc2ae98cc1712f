"""Fetch CIFAR-100 and write its photos as one folder a class."""

import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from tqdm import tqdm

from zssbir_lib.data.class_names import check_known
from zssbir_lib.data.fetching.archive import GIBIBYTE, extract
from zssbir_lib.data.fetching.download import download
from zssbir_lib.data.fetching.patience import Patience
from zssbir_lib.data.fetching.writing import disk_errors, write_whole

PHOTOS_OF_A_LABEL = 600  # 500 for training and 100 for testing
PARTS = {"train": True, "test": False}


class Photo(NamedTuple):
    """Say where a photo of CIFAR-100 goes.

    Args:
        pixels: (32, 32, 3) uint8.
        path: The image file.
    """

    pixels: Any
    path: Path


def fetch_cifar100(folder: str | Path, patience: Patience | None = None) -> Path:
    """Fetch CIFAR-100 (169 MB) and extract it, for torchvision to read.

    The address and the checksum are torchvision's; unlike torchvision's own download
    this one goes on where it was stopped.

    Args:
        folder: Where the archive and the extracted files are to be.
        patience: How long to wait and how often to try; None for the default.

    Returns:
        The folder that `torchvision.datasets.CIFAR100` takes as its root.

    Raises:
        DownloadError: If it cannot be fetched, or its bytes are wrong.
        OSError: If it cannot be written.

    Source: Krizhevsky, Learning multiple layers of features from tiny images, 2009.
    """
    from torchvision.datasets import CIFAR100

    folder = Path(folder)
    root = folder / "cifar100"
    if not root.exists():
        archive = download(
            CIFAR100.url,
            folder / CIFAR100.filename,
            checksum=f"md5:{CIFAR100.tgz_md5}",
            patience=patience,
        )
        extract(archive, root, max_bytes=GIBIBYTE)
    return root


def write_photos(
    root: str | Path, folder: str | Path, classes: Mapping[str, str], count: int
) -> int:
    """Write the first photos of some labels to FOLDER/photo/<class>/<part>_<index>.png.

    Those for training come first, then those for testing, in the order of the files.
    A photo that is there already is not written again.

    Args:
        root: What `fetch_cifar100` returned.
        folder: The data set; it is made.
        classes: Fine label of CIFAR-100 to the name of its class folder.
        count: Photos of each class at most, 1 to 600.

    Returns:
        How many photos were written.

    Raises:
        ValueError: If a label is unknown, or the files are damaged.
        OSError: If a photo cannot be written.
    """
    written = 0
    photos = list(_chosen_photos(Path(root), Path(folder), classes, count))
    for photo in tqdm(photos, "writing photos", unit="photo"):
        if not photo.path.exists():
            with disk_errors(photo.path):
                photo.path.parent.mkdir(parents=True, exist_ok=True)
            content = io.BytesIO()
            Image.fromarray(photo.pixels).save(content, "PNG")
            write_whole(photo.path, content.getvalue())
            written += 1
    return written


def check_count(count: int) -> None:
    """Check a number of photos of each class.

    Args:
        count: The number.

    Raises:
        ValueError: If it is not 1 to 600.
    """
    if not 1 <= count <= PHOTOS_OF_A_LABEL:
        raise ValueError(
            f"count is {count}, expected 1 to {PHOTOS_OF_A_LABEL}: CIFAR-100 has no "
            "more photos of a label"
        )


def has_photos(folder: str | Path, names: Iterable[str], count: int) -> bool:
    """Tell whether every class folder holds its photos already.

    Args:
        folder: The data set.
        names: Class folders.
        count: Photos of each class at most, 1 to 600.

    Returns:
        True if nothing is missing.
    """
    enough = min(count, PHOTOS_OF_A_LABEL)
    photos = Path(folder) / "photo"
    return all(len(list((photos / name).glob("*.png"))) >= enough for name in names)


def _chosen_photos(
    root: Path, folder: Path, classes: Mapping[str, str], count: int
) -> Iterator[Photo]:
    """Go through the first photos of every label."""
    check_count(count)
    taken = dict.fromkeys(classes, 0)
    for part, is_train in PARTS.items():
        data = _read_part(root, is_train)
        check_known(tuple(classes), data.classes, "CIFAR-100")
        for index, target in enumerate(data.targets):
            label = data.classes[target]
            if taken.get(label, count) < count:
                taken[label] += 1
                name = f"{part}_{index:05d}.png"
                path = folder / "photo" / classes[label] / name
                yield Photo(data.data[index], path)


def _read_part(root: Path, is_train: bool) -> Any:
    """Read the photos for training or for testing with torchvision."""
    from torchvision.datasets import CIFAR100

    try:
        return CIFAR100(root, train=is_train)
    except RuntimeError as error:  # its checksums do not fit
        raise ValueError(
            f"CIFAR-100 in {root} is damaged or incomplete; remove that folder and run "
            "the same command again"
        ) from error
