"""The facts of an audit: what lies in the folders, and what every file is.

Tolerant where a reader would stop. What was found out about a file is remembered, one
line of JSON a file, so that an audit that was stopped goes on; a file that has changed
since (size or time) is read again.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from tqdm import tqdm

from zssbir_lib.data.decoding import UnreadableImage, read_image
from zssbir_lib.data.folders import add_files, ambiguity, pair_classes
from zssbir_lib.data.layouts import (
    ClassFiles,
    FolderListing,
    FoundLayout,
    find_layout,
    list_class_folders,
)
from zssbir_lib.files import VARIABLE, cache_folder
from zssbir_lib.jobs import jobs_worth, run_jobs
from zssbir_lib.modality import PHOTO, SKETCH

CHUNK = 64  # files handed to a process at a time
BLANK_RANGE = 3  # grey levels; an image of one colour varies by no more
MIDDLE_GREY = 128
TRUNCATED_SIGNS = ("truncated", "broken", "unexpected end", "incomplete")
BOMB_SIGN = "decompression bomb"


@dataclass(frozen=True)
class DataListing:
    """What lies in a data set's folders."""

    found: FoundLayout
    sketches: ClassFiles  # perhaps without files
    photos: ClassFiles
    folders: tuple[FolderListing, ...]  # those read, that of the sketches first
    respelled: dict[str, str]  # photo folder -> class it was read as
    ambiguous: tuple[str, ...]  # messages about names that could mean each other

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return the number of sketches and of photos by class, sorted by name."""
        return {
            name: (len(self.sketches.get(name, [])), len(self.photos.get(name, [])))
            for name in sorted({*self.sketches, *self.photos})
        }

    def complete_classes(self) -> list[str]:
        """Return the classes that have a sketch and a photo, sorted by name."""
        return [name for name, counts in self.counts().items() if all(counts)]

    def relative(self, path: Path) -> str:
        """Return a path as seen from the root, with "/" between folders."""
        return path.relative_to(self.found.root).as_posix()


def list_data(root: str | Path, photos: str = "all") -> DataListing:
    """List the files of a data set in any known layout, whatever is wrong with them."""
    found = find_layout(root)
    listings = [list_class_folders(found.sketches)]
    sketches = listings[0].classes
    every: ClassFiles = {}
    respelled: dict[str, str] = {}
    ambiguous = []
    for folder in found.photo_folders(photos):
        listing = list_class_folders(folder)
        pairing = pair_classes(listing.classes, sketches, found)
        if pairing.ambiguous:
            ambiguous.append(ambiguity(pairing, folder.relative_to(found.root)))
        respelled |= pairing.respelled()
        add_files(every, listing.classes, pairing)
        listings.append(listing)
    return DataListing(
        found, sketches, every, tuple(listings), respelled, tuple(ambiguous)
    )


# one file


@dataclass(frozen=True)
class FileFacts:
    """What one file is."""

    path: str  # below the root, with "/" between folders
    size: int  # bytes
    modified: int  # nanoseconds
    digest: str = ""  # hash of the bytes; "" if they cannot be read
    kind: str = ""  # format by content, for example "PNG"
    problem: str = ""  # "closed", "empty", "too large", "truncated", "unreadable"
    reason: str = ""  # what the system or the decoder said
    huge: bool = False  # it is read, but Pillow warns of its size
    dark: bool = False  # more than half of the pixels are darker than middle grey
    blank: bool = False  # all pixels have one colour


class ListedFile(NamedTuple):
    """A file, and as what it was listed."""

    modality: int
    name: str  # of its class
    facts: FileFacts


def examine_file(root: Path, path: str) -> FileFacts:
    """Read, hash and decode one file; whatever is wrong with it, nothing is raised."""
    file = root / path
    try:
        status = file.stat()
        content = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return FileFacts(path, 0, 0, problem="closed", reason=reason)
    where = (path, status.st_size, status.st_mtime_ns)
    if not content:
        return FileFacts(*where, problem="empty", reason="0 bytes")
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            image, kind = read_image(file), _kind(file)
        except UnreadableImage as error:
            reason = error.reason.replace(str(file), path)
            return FileFacts(*where, digest, problem=_problem(reason), reason=reason)
    huge = any(
        issubclass(one.category, Image.DecompressionBombWarning) for one in caught
    )
    return FileFacts(*where, digest, kind, huge=huge, **_looks(image))


def _kind(file: Path) -> str:
    """Return the format that the content has, whatever the name ends in."""
    with Image.open(file) as image:
        return image.format or ""


def _problem(reason: str) -> str:
    """Tell a file cut short from one that is no image."""
    if BOMB_SIGN in reason:
        return "too large"
    cut = any(sign in reason.lower() for sign in TRUNCATED_SIGNS)
    return "truncated" if cut else "unreadable"


def _looks(image: Image.Image) -> dict[str, bool]:
    """Say whether an RGB image is mostly dark, and whether it has one colour."""
    histogram = image.convert("L").histogram()
    ranges = [high - low for low, high in image.getextrema()]
    return {
        "dark": sum(histogram[:MIDDLE_GREY]) > sum(histogram) / 2,
        "blank": max(ranges) <= BLANK_RANGE,
    }


# all files


def listed_files(
    listing: DataListing, jobs: int | None = None, fresh: bool = False
) -> list[ListedFile]:
    """Examine every file, sketches first, and put what it is beside its class."""
    files = [
        (modality, name, listing.relative(path))
        for modality, classes in ((SKETCH, listing.sketches), (PHOTO, listing.photos))
        for name, paths in classes.items()
        for path in paths
    ]
    paths = [path for _, _, path in files]
    facts = examine_files(listing.found.root, paths, jobs, fresh)
    return [ListedFile(modality, name, facts[path]) for modality, name, path in files]


def examine_files(
    root: Path, paths: Sequence[str], jobs: int | None = None, fresh: bool = False
) -> dict[str, FileFacts]:
    """Examine files below root in processes; unless `fresh`, those not yet known."""
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}, expected 1 process or more")
    journal = Journal(root, fresh)
    facts = journal.remembered()
    new = [path for path in paths if path not in facts]
    chunks = [new[start : start + CHUNK] for start in range(0, len(new), CHUNK)]
    remembered = len(paths) - len(new)
    with tqdm(
        total=len(paths), initial=remembered, desc="checking images", unit="image"
    ) as bar:
        examine = partial(examine_chunk, root)
        for done in run_jobs(examine, chunks, jobs or jobs_worth(len(new))):
            journal.add(done)
            facts |= {one.path: one for one in done}
            bar.update(len(done))
    return {path: facts[path] for path in paths}


def examine_chunk(root: Path, paths: Sequence[str]) -> list[FileFacts]:
    """Examine some files, one after another."""
    return [examine_file(root, path) for path in paths]


class Journal:
    """The facts about the files of one data set, on disk; `fresh` forgets them."""

    def __init__(self, root: Path, fresh: bool = False) -> None:
        self.root = root
        key = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=10).hexdigest()
        self.path = cache_folder() / "audit" / f"{key}.jsonl"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if fresh:
                self.path.unlink(missing_ok=True)
            if self.path.exists() and not self.path.read_bytes().endswith(b"\n"):
                self._append("\n")  # end a line that was cut short
        except OSError as error:
            raise OSError(self._cannot_write(error)) from error

    def remembered(self) -> dict[str, FileFacts]:
        """Return the facts of files that have not changed since, by path."""
        facts = {}
        for line in self._lines():
            try:
                one = FileFacts(**json.loads(line))
            except (ValueError, TypeError):  # a line cut short by a kill
                continue
            facts[one.path] = one
        return {path: one for path, one in facts.items() if self._unchanged(one)}

    def add(self, facts: Iterable[FileFacts]) -> None:
        """Write down the facts of files that could be opened."""
        known = (one for one in facts if one.problem != "closed")
        try:
            self._append("".join(json.dumps(asdict(one)) + "\n" for one in known))
        except OSError as error:
            raise OSError(self._cannot_write(error)) from error

    def _append(self, text: str) -> None:
        """Write at the end."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(text)

    def _lines(self) -> list[str]:
        """Return the lines on disk."""
        if not self.path.exists():
            return []
        return self.path.read_text(encoding="utf-8", errors="replace").split("\n")

    def _unchanged(self, facts: FileFacts) -> bool:
        """Say whether a file is as it was."""
        try:
            status = (self.root / facts.path).stat()
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (facts.size, facts.modified)

    def _cannot_write(self, error: OSError) -> str:
        """Write the message about a journal that cannot be written."""
        return (
            f"cannot write to {self.path} ({error.strerror or error}); choose another "
            f"folder by the environment variable {VARIABLE}"
        )
