"""Chunks of neighbouring images: the unit of work, of resuming and of checksums."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from zssbir_lib.data.decoding import UnreadableImage, read_square
from zssbir_lib.data.prepared.checksums import new_digest
from zssbir_lib.data.prepared.manifest import MODES, PIXEL_FILES, current_versions
from zssbir_lib.data.prepared.originals import Original

CHUNK_IMAGES = 256


@dataclass(frozen=True)
class Chunk:
    """Hold what is to become some neighbouring images of a pixel file.

    Args:
        modality: 0 sketch, 1 photo: which pixel file.
        number: Place among the chunks of this file, from 0.
        first: Number of the first image.
        image_size: S, pixels.
        originals: The files, in order.
    """

    modality: int
    number: int
    first: int
    image_size: int
    originals: tuple[Original, ...]

    @property
    def image_bytes(self) -> int:
        """Bytes of one image."""
        return len(MODES[self.modality]) * self.image_size**2

    @property
    def start(self) -> int:
        """Place of the first byte in the pixel file."""
        return self.first * self.image_bytes

    @property
    def length(self) -> int:
        """Bytes of the whole chunk."""
        return len(self.originals) * self.image_bytes

    @cached_property
    def key(self) -> str:
        """A hash of all that decides the bytes: files, their times, size, versions."""
        parts: list[Any] = [MODES[self.modality], self.image_size, self.first]
        parts += sorted(current_versions().items())
        parts += [(one.place, one.size, one.changed) for one in self.originals]
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class FinishedChunk:
    """Say that a chunk stands in its pixel file.

    Args:
        modality: As in `Chunk`.
        number: As in `Chunk`.
        image_size: As in `Chunk`.
        key: As in `Chunk`.
        checksum: Of the bytes, 32 hexadecimal digits.
        unreadable: Number of an image to the reason why it could not be read.
    """

    modality: int
    number: int
    image_size: int
    key: str
    checksum: str
    unreadable: dict[int, str]


def cut_into_chunks(
    originals: Sequence[Original], modality: int, image_size: int, images: int
) -> list[Chunk]:
    """Cut the files of a modality into chunks.

    Args:
        originals: N files.
        modality: 0 sketch, 1 photo.
        image_size: S, pixels.
        images: Images a chunk, 1 or more.

    Returns:
        The chunks in order; the last one may have fewer images.
    """
    starts = range(0, len(originals), images)
    groups = [tuple(originals[first : first + images]) for first in starts]
    return [
        Chunk(modality, number, first, image_size, group)
        for number, (first, group) in enumerate(zip(starts, groups, strict=True))
    ]


def write_chunk(chunk: Chunk, folder: Path) -> FinishedChunk:
    """Decode the files of a chunk and write them in their place; on disk when it ends.

    A file that cannot be read leaves zeros, and is reported.

    Args:
        chunk: What to decode.
        folder: Where the pixel files are; the one of this chunk must exist.

    Returns:
        The checksum of what was written, and the unreadable images.

    Raises:
        OSError: If the bytes cannot be written.
    """
    digest, unreadable = new_digest(), {}
    with open(folder / PIXEL_FILES[chunk.modality], "r+b") as file:
        file.seek(chunk.start)
        for number, original in enumerate(chunk.originals, chunk.first):
            content = _decoded(original, chunk)
            if isinstance(content, UnreadableImage):
                unreadable[number] = _reason(content)
                content = bytes(chunk.image_bytes)
            digest.update(content)
            file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return FinishedChunk(
        chunk.modality,
        chunk.number,
        chunk.image_size,
        chunk.key,
        digest.hexdigest(),
        unreadable,
    )


def _reason(problem: UnreadableImage) -> str:
    """Return why a file is unreadable, without the folders above it."""
    return problem.reason.replace(str(problem.path), problem.path.name)


def _decoded(original: Original, chunk: Chunk) -> bytes | UnreadableImage:
    """Return the bytes of an image, or what is wrong with its file."""
    try:
        pixels = read_square(original.path, chunk.image_size, MODES[chunk.modality])
    except UnreadableImage as problem:
        return problem
    return pixels.tobytes()  # (C, S, S), channel after channel
