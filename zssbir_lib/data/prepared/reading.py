"""Open a prepared store: images straight from a file that all processes share."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zssbir_lib.data.images import (
    ImageSet,
    ImageView,
    SketchPhotoData,
    check_indices,
)
from zssbir_lib.data.prepared.manifest import MANIFEST, PIXEL_FILES, Manifest
from zssbir_lib.data.prepared.manifest_file import read_manifest
from zssbir_lib.modality import PHOTO, SKETCH


class PreparedImages:
    """Read images of a pixel file through a memory map; a uint8 image source.

    The operating system holds each page of the file once, for all processes that read
    it. Pickled, the source is a few strings: a worker process maps the file itself.

    Args:
        path: The pixel file.
        count: N, its images.
        channels: C, 1 (grey) or 3.
        size: S, pixels.
        chunk_images: Images a checksum covers.
        checksums: One a chunk.

    Raises:
        OSError: If the file cannot be mapped.
    """

    def __init__(
        self,
        path: str | Path,
        count: int,
        channels: int,
        size: int,
        chunk_images: int,
        checksums: Sequence[str],
    ) -> None:
        self.path = Path(path).absolute()
        self.shape = (count, channels, size, size)
        self.chunk_images = chunk_images
        self.checksums = tuple(checksums)
        # a plain array over the map: shared pages, read-only
        self._pixels = np.asarray(np.memmap(self.path, np.uint8, "r", 0, self.shape))

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"PreparedImages({self.path.name}, {len(self)} of {self.shape[-1]} px)"

    def __reduce__(self) -> tuple:
        """Pickle the path in place of the pixels."""
        count, channels, size, _ = self.shape
        return PreparedImages, (
            *(self.path, count, channels, size),
            *(self.chunk_images, self.checksums),
        )

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, S, S)."""
        check_indices(indices, len(self))
        rows = self._pixels[indices.numpy()]  # (B, C, S, S), copied out of the map
        return torch.from_numpy(rows).expand(-1, 3, -1, -1)

    def content_key(self, indices: Tensor) -> str:
        """Name the content of some images by checksums, without reading them.

        Args:
            indices: (M,) int64.

        Returns:
            Text that differs wherever the images differ or stand in another order.
        """
        places = (divmod(index, self.chunk_images) for index in indices.tolist())
        words = (f"{self.checksums[chunk]}:{row}" for chunk, row in places)
        return f"{self.shape[1:]} {self.chunk_images} {' '.join(words)}"


def is_store(folder: str | Path) -> bool:
    """Say whether a folder is a prepared store, be it whole or damaged.

    Args:
        folder: Any path.

    Returns:
        True if it holds one of a store's files.
    """
    names = (MANIFEST, *PIXEL_FILES.values())
    return any((Path(folder) / name).is_file() for name in names)


def open_store(folder: str | Path, image_size: int | None = None) -> SketchPhotoData:
    """Open a prepared store as a data set. No pixel is read.

    Lengths of files are checked here; `verify_store` checks every byte.

    Args:
        folder: What `prepare_store` made.
        image_size: S in pixels, which must be the store's; None takes it as it is.

    Returns:
        The data set that was prepared, without the files that were left out.

    Raises:
        FileNotFoundError: If there is no store, or a file of it is missing.
        ValueError: If it has another image size, is damaged or of another version.
    """
    manifest = read_manifest(folder)
    if image_size not in (None, manifest.image_size):
        raise ValueError(
            f"{folder} was prepared at {manifest.image_size} pixels, not {image_size}: "
            "prepare another with: python -m zssbir_lib data prepare SOURCE OUT "
            f"--size {image_size}"
        )
    return SketchPhotoData(
        manifest.name,
        manifest.class_names,
        _image_set(Path(folder), manifest, SKETCH),
        _image_set(Path(folder), manifest, PHOTO),
        manifest.image_size,
    )


def _image_set(folder: Path, manifest: Manifest, modality: int) -> ImageSet:
    """Make an image set of a pixel file, without the images that were left out."""
    stored = manifest.of(modality)
    source = PreparedImages(
        folder / PIXEL_FILES[modality],
        len(stored.originals),
        len(stored.mode),
        manifest.image_size,
        manifest.chunk_images,
        stored.checksums,
    )
    images = ImageSet(source, torch.tensor(stored.labels), modality)
    if not stored.left_out:
        return images
    kept = [n for n in range(len(source)) if n not in stored.left_out]
    return ImageSet(
        ImageView(source, torch.tensor(kept)), images.labels[kept], modality
    )
