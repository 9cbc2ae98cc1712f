"""Check every byte of a store against its checksums."""

from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from zssbir_lib.data.prepared.checksums import stored_checksum
from zssbir_lib.data.prepared.manifest import PIXEL_FILES, Manifest
from zssbir_lib.data.prepared.manifest_file import read_manifest
from zssbir_lib.jobs import available_cores, in_threads


@dataclass(frozen=True)
class StoredChunk:
    """Hold where a chunk is in a store, and what it should be.

    Args:
        file: Name of the pixel file.
        first: Number of its first image.
        last: Number of its last image.
        start: First byte.
        length: Bytes.
        checksum: As the store says.
        originals: The files its first and its last image were made of.
    """

    file: str
    first: int
    last: int
    start: int
    length: int
    checksum: str
    originals: tuple[str, str]

    def __str__(self) -> str:
        begin, end = self.originals
        return f"{self.file} images {self.first} to {self.last} ({begin} to {end})"


def verify_store(folder: str | Path, jobs: int | None = None) -> list[StoredChunk]:
    """Read a whole store and compare it with its checksums, with a progress bar.

    Args:
        folder: The store.
        jobs: Threads that read and hash; None for one a core.

    Returns:
        The damaged chunks; empty if all is well.

    Raises:
        FileNotFoundError: If there is no store, or a file of it is missing.
        ValueError: If its description is damaged, a file is cut, or jobs is below 1.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}, expected 1 thread or more")
    folder = Path(folder)
    chunks = stored_chunks(read_manifest(folder))

    def is_damaged(chunk: StoredChunk) -> bool:
        path = folder / chunk.file
        return stored_checksum(path, chunk.start, chunk.length) != chunk.checksum

    answers = in_threads(is_damaged, chunks, jobs or available_cores())
    bar = tqdm(answers, "verifying", len(chunks), unit="chunk")
    return [chunk for chunk, bad in zip(chunks, bar, strict=True) if bad]


def stored_chunks(manifest: Manifest) -> list[StoredChunk]:
    """List the chunks of a store, sketches before photos.

    Args:
        manifest: What the store holds.

    Returns:
        One a checksum.
    """
    found, step = [], manifest.chunk_images
    for modality, name in PIXEL_FILES.items():
        images = manifest.of(modality)
        image_bytes = len(images.mode) * manifest.image_size**2
        for number, checksum in enumerate(images.checksums):
            first = number * step
            last = min(first + step, len(images.originals)) - 1
            start, length = first * image_bytes, (last + 1 - first) * image_bytes
            ends = images.originals[first], images.originals[last]
            found.append(StoredChunk(name, first, last, start, length, checksum, ends))
    return found
