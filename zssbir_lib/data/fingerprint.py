"""A name for a set of images made of their content, for caches."""

import hashlib
from typing import Any

import torch

from zssbir_lib.data.image_files import ImageFiles
from zssbir_lib.data.images import ImageSet, ImageView
from zssbir_lib.data.prepared import PreparedImages

CHUNK = 1000  # images hashed at a time


def fingerprint(images: ImageSet) -> str:
    """Return a hash of all pixels and labels of a set, in their order.

    Images in files are not decoded: the bytes of the files and the size they are
    decoded to stand for the pixels. In a prepared store its checksums do.

    Args:
        images: the set.

    Returns:
        32 hexadecimal digits; another image, label or order gives others.

    Raises:
        OSError: If a file cannot be read.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(images.labels.contiguous().numpy().tobytes())
    source, indices = images.images, torch.arange(len(images))
    if isinstance(source, ImageView):
        source, indices = source.source, source.indices
    if isinstance(source, PreparedImages):
        digest.update(source.content_key(indices).encode())
    else:
        add = _add_files if isinstance(source, ImageFiles) else _add_pixels
        add(digest, source, indices)
    return digest.hexdigest()


def _add_files(digest: Any, source: ImageFiles, indices: torch.Tensor) -> None:
    """Add the content of files, and how they are decoded."""
    digest.update(f"{source.size} {source.mode}".encode())
    for index in indices.tolist():
        content = source.paths[index].read_bytes()
        digest.update(f"{len(content)} ".encode())
        digest.update(content)


def _add_pixels(digest: Any, source: Any, indices: torch.Tensor) -> None:
    """Add pixels, some images at a time."""
    for chunk in indices.split(CHUNK):
        pixels = source[chunk].contiguous()
        digest.update(str(tuple(pixels.shape[1:])).encode())
        digest.update(pixels.numpy().tobytes())
