"""Where images come from: the interface of every source, views, and mapped stores."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from zssbir_lib.store import PixelFile, digest_of

AT_ONCE = 1000  # images hashed at a time


class ImageSource(Protocol):
    """Give images by number; a uint8 tensor (N, 3, S, S) is one already.

    A source of your own needs no more than these; without `content_key`, which caches
    ask for, its pixels are read and hashed.
    """

    def __len__(self) -> int:
        """Count the images."""

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, S, S)."""

    def content_key(self) -> str:
        """Return a text that differs wherever an image, or their order, differs."""


def content_key(source: Any) -> str:
    """Return what a source says of its content, or else a hash of its pixels."""
    said = getattr(source, "content_key", None)
    return said() if said else pixel_key(source)


def pixel_key(source: Any) -> str:
    """Return a hash of all pixels, read some images at a time."""
    digest = hashlib.blake2b(digest_size=16)
    for indices in torch.arange(len(source)).split(AT_ONCE):
        pixels = source[indices].contiguous()
        digest.update(str(tuple(pixels.shape[1:])).encode())
        digest.update(pixels.numpy().tobytes())
    return digest.hexdigest()


def check_indices(indices: Tensor, count: int) -> None:
    """Raise unless indices are a row (B,) int64 of numbers from 0 to below count."""
    if indices.ndim != 1 or indices.dtype != torch.int64:
        raise ValueError(
            f"indices have shape {tuple(indices.shape)} and type {indices.dtype}, "
            "expected one row (B,) of torch.int64"
        )
    if bool(((indices < 0) | (indices >= count)).any()):
        raise IndexError(
            f"indices run from {int(indices.min())} to {int(indices.max())}, "
            f"but there are {count} images"
        )


class ImageView:
    """Show some images of a source, in a chosen order, without copying any.

    Args:
        source: N images.
        indices: (M,) int64 in 0..N-1: image i of the view is image indices[i].
    """

    def __init__(self, source: ImageSource, indices: Tensor) -> None:
        if isinstance(source, ImageView):
            source, indices = source.source, source.indices[indices]
        self.source = source
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, indices: Tensor) -> Tensor:
        return self.source[self.indices[indices]]

    @property
    def paths(self) -> Sequence[Path]:
        """The files of the images, where the source is image files."""
        return [self.source.paths[index] for index in self.indices.tolist()]

    def content_key(self) -> str:
        """Name the source and the images shown; where it has no name, their pixels."""
        if not hasattr(self.source, "content_key"):
            return pixel_key(self)
        key = self.source.content_key()
        if torch.equal(self.indices, torch.arange(len(self.source))):
            return key
        return digest_of(key, self.indices.tolist())


class StoredImages:
    """Read images of a store's pixel file, mapped into memory.

    The system holds each page of the file once, for all processes that read it.
    Pickled, the source is a few strings: a worker process maps the file itself.
    """

    def __init__(self, file: PixelFile) -> None:
        self.file = file
        self._pixels = file.mapped()

    def __len__(self) -> int:
        return self.file.shape[0]

    def __repr__(self) -> str:
        side = self.file.shape[-1]
        return f"StoredImages({self.file.path.name}, {len(self)} of {side} px)"

    def __reduce__(self) -> tuple:
        """Pickle the path in place of the pixels."""
        return StoredImages, (self.file,)

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, S, S)."""
        check_indices(indices, len(self))
        rows = self._pixels[indices.numpy()]  # (B, C, S, S), copied out of the map
        return torch.from_numpy(rows).expand(-1, 3, -1, -1)

    def content_key(self) -> str:
        """Name the content by the store's checksums; no pixel is read."""
        file = self.file
        return digest_of(file.shape, file.chunk_images, file.checksums)
