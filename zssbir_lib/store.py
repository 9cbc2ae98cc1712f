"""Images as single bytes in plain files that all processes map: made once, checked.

A pixel file holds image after image, channel after channel, a byte each, no header. It
is made chunk by chunk, in several processes; the journal beside it gets a line for each
chunk that is written, with its checksum. So whatever ends the work, `kill -9` included,
only open chunks are lost, and a bit that flips later is found. Two processes may make
the same chunk at the same time: its key determines the bytes, so they write the same.
"""

import errno
import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from zssbir_lib.jobs import available_cores, in_threads, jobs_worth, run_jobs

JOURNAL = "finished.jsonl"
BLOCK = 2**20  # bytes read at a time
GIBIBYTE = 2**30
FULL = (errno.ENOSPC, errno.EDQUOT)


def digest_of(*parts: Any) -> str:
    """Return a hash of plain values: BLAKE2b of their text, 32 hexadecimal digits."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Chunk:
    """Neighbouring images of a pixel file: the unit of work, resuming and checksums."""

    path: Path  # the pixel file
    first: int  # number of the first image
    count: int  # images
    shape: tuple[int, int, int]  # (C, S, S) of an image
    key: str  # a hash of everything that determines the bytes
    name: str  # what it holds, for messages
    # what its images are made of, for `fill`
    work: Any = field(default=None, repr=False, compare=False)

    @property
    def start(self) -> int:
        """Place of the first byte in the pixel file."""
        return self.first * int(np.prod(self.shape))

    @property
    def length(self) -> int:
        """Bytes."""
        return self.count * int(np.prod(self.shape))

    @property
    def place(self) -> tuple[str, int]:
        """What the journal calls it."""
        return self.path.name, self.first

    def __str__(self) -> str:
        last = self.first + self.count - 1
        return f"{self.path.name} images {self.first} to {last} ({self.name})"


@dataclass(frozen=True)
class Finished:
    """A line of the journal: this chunk stands in its pixel file."""

    file: str  # name of the pixel file
    first: int
    side: int  # S, pixels
    key: str
    checksum: str  # of the bytes, 32 hexadecimal digits of BLAKE2b
    # number of an image to the reason why there is none; its place holds zeros
    unreadable: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PixelFile:
    """What a process needs to map a pixel file, small enough to be handed on."""

    path: Path
    shape: tuple[int, int, int, int]  # (N, C, S, S)
    chunk_images: int  # images that a checksum covers
    checksums: tuple[str, ...]  # one a chunk; "" for a chunk that nobody asked for

    def mapped(self) -> np.ndarray:
        """Return the images (N, C, S, S) uint8: read-only, no byte is copied.

        The system holds each page of the file once, for all processes that read it.
        """
        if not self.shape[0]:
            return np.zeros(self.shape, np.uint8)  # an empty file cannot be mapped
        return np.asarray(np.memmap(self.path, np.uint8, "r", 0, self.shape))


Maker = Callable[[Any], Iterable[np.ndarray | str]]


def fill(
    chunks: Sequence[Chunk],
    make: Maker,
    jobs: int | None = None,
    title: str = "making images",
    keep_unreadable: bool = True,
    remedy: str = "choose another place",
) -> list[Finished]:
    """Make the chunks that are not there yet, in all cores, with a progress bar.

    A chunk is there if the journal has its key, and the bytes have their checksum.

    Args:
        chunks: all chunks wanted, in one or several folders of one disk.
        make: called with `chunk.work`, in another process; gives for each image a uint8
            array (C, S, S), or the reason (text) why it cannot be read.
        jobs: processes; None for one a core where it pays.
        title: what the progress bar says.
        keep_unreadable: whether chunks with unreadable images need not be made again.
        remedy: what to do if the disk refuses.

    Returns:
        One line of the journal a chunk, in the order of `chunks`.

    Raises:
        OSError: the disk is full or cannot be written to.
        ChildProcessError: a process died.
    """
    if not chunks:
        return []
    folder = chunks[0].path.parent
    with clear_refusals(folder, remedy):
        finished = still_whole(chunks, keep_unreadable)
    missing = [one for one in chunks if one not in finished]
    if missing:
        check_room(folder, sum(one.length for one in missing), remedy)
        jobs = jobs or jobs_worth(sum(one.count for one in missing))
        by_place = {(one.path.parent, *one.place): one for one in missing}
        every = sum(one.count for one in chunks)
        done = every - sum(one.count for one in missing)
        with (
            clear_refusals(folder, remedy),
            tqdm(desc=title, total=every, initial=done, unit="image") as bar,
        ):
            _make_files(missing)
            for parent, line in run_jobs(partial(_write, make=make), missing, jobs):
                record(line, parent)
                chunk = by_place[parent, line.file, line.first]
                finished[chunk] = line
                bar.update(chunk.count)
    return [finished[one] for one in chunks]


def _make_files(chunks: Iterable[Chunk]) -> None:
    """Make the pixel files, empty: writing at a place makes them as long as needed."""
    for path in {chunk.path for chunk in chunks}:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()


def _write(chunk: Chunk, make: Maker) -> tuple[Path, Finished]:
    """Make the images of a chunk and write them in their place."""
    digest, unreadable = hashlib.blake2b(digest_size=16), {}
    with open(chunk.path, "r+b") as file:
        file.seek(chunk.start)
        for number, image in enumerate(make(chunk.work), chunk.first):
            if isinstance(image, str):
                unreadable[number], image = image, np.zeros(chunk.shape, np.uint8)
            content = image.tobytes()  # (C, S, S), channel after channel
            digest.update(content)
            file.write(content)
    line = Finished(
        *chunk.place, chunk.shape[-1], chunk.key, digest.hexdigest(), unreadable
    )
    return chunk.path.parent, line


# --- what is there -------------------------------------------------------------------


def record(line: Finished, folder: Path) -> None:
    """Add a line to the journal, begun anew: a kill may have left half of one."""
    with open(folder / JOURNAL, "a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(asdict(line))}\n")


def recorded(folder: Path) -> dict[tuple[str, int], Finished]:
    """Read the journal, if there is one: the last line of every chunk."""
    path, found = folder / JOURNAL, {}
    if path.is_file():
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                line = Finished(**json.loads(text))
                numbers = {int(n): why for n, why in line.unreadable.items()}
            except (ValueError, TypeError, AttributeError):
                continue  # empty, or cut by a kill
            found[line.file, line.first] = Finished(
                **asdict(line) | {"unreadable": numbers}
            )
    return found


def still_whole(
    chunks: Sequence[Chunk], keep_unreadable: bool = True
) -> dict[Chunk, Finished]:
    """Find the chunks that were made before and still hold, and say what does not."""
    journals = {folder: recorded(folder) for folder in {c.path.parent for c in chunks}}
    before = {one: journals[one.path.parent].get(one.place) for one in chunks}
    known = [one for one, line in before.items() if line and line.key == one.key]
    changed = [one for one, line in before.items() if line and line.key != one.key]
    if changed:
        warnings.warn(
            f"the source has changed since {changed[0].path.parent} was begun: "
            f"{len(changed)} finished chunks are made again, the first is {changed[0]}",
            stacklevel=4,
        )
    damaged = find_damaged(known, [before[one].checksum for one in known])
    if damaged:
        warnings.warn(
            f"{len(damaged)} chunks in {damaged[0].path.parent} are damaged and made "
            f"again, the first is {damaged[0]}",
            stacklevel=4,
        )
    return {
        one: before[one]
        for one in known
        if one not in damaged and (keep_unreadable or not before[one].unreadable)
    }


def find_damaged(
    chunks: Sequence[Chunk],
    checksums: Sequence[str],
    threads: int | None = None,
    title: str = "checking what is there",
) -> list[Chunk]:
    """Read chunks and return those whose bytes do not have their checksum."""
    threads = threads or available_cores()
    found = in_threads(checksum_of, chunks, threads)
    silent = sum(one.length for one in chunks) < GIBIBYTE  # a moment's work
    bar = tqdm(found, title, len(chunks), unit="chunk", disable=silent or None)
    pairs = zip(chunks, bar, checksums, strict=True)
    return [one for one, now, was in pairs if now != was]


def checksum_of(chunk: Chunk) -> str:
    """Return the checksum of a chunk's bytes as they are; fewer if the file is cut."""
    digest, left = hashlib.blake2b(digest_size=16), chunk.length
    if chunk.path.is_file():
        with open(chunk.path, "rb") as file:
            file.seek(chunk.start)
            while left > 0 and (block := file.read(min(left, BLOCK))):
                digest.update(block)
                left -= len(block)
    return digest.hexdigest()


# --- the disk ------------------------------------------------------------------------


def check_room(folder: Path, needed: int, remedy: str) -> None:
    """Raise unless the disk of a folder, which need not exist yet, has room."""
    folder = folder.absolute()
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise OSError(
            f"{folder} needs {gibibytes(needed)}, but its disk has only "
            f"{gibibytes(free)} free: make room, ask for smaller images, or {remedy}"
        )


@contextmanager
def clear_refusals(folder: Path, remedy: str) -> Iterator[None]:
    """Turn the errors of a disk into one line that says what to do."""
    try:
        yield
    except ChildProcessError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise OSError(
                f"the disk is full, {folder} is not finished: make room and give the "
                f"same command again, which goes on from there, or delete {folder}"
            ) from error
        raise OSError(
            f"cannot write {folder} ({error.strerror or error}): change its "
            f"permissions, or {remedy}"
        ) from error


def sync(path: Path, length: int) -> None:
    """Cut a pixel file to its length and wait until it is on the disk."""
    with open(path, "ab") as file:
        file.truncate(length)
        os.fsync(file.fileno())


def gibibytes(count: int) -> str:
    """Return a number of bytes as text, such as "3.5 GiB"."""
    value = count / GIBIBYTE
    return f"{value:.1f} GiB" if value >= 0.1 else f"{value:.4f} GiB"
