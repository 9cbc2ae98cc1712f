"""Prepared stores: images decoded and resized once, mapped by every process.

A store is a folder of three files: `sketches.u8` with N grey images (N, 1, S, S),
`photos.u8` with M colour images (M, 3, S, S), and `prepared.json`, which says what they
are. It is made in `<store>.partial`, which is renamed when all is done.
"""

import os
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from zssbir_lib.data.decoding import UnreadableImage, read_square
from zssbir_lib.data.images import ImageSet, SketchPhotoData
from zssbir_lib.data.manifest import (
    MANIFEST,
    MODES,
    PIXEL_FILES,
    Manifest,
    PreparedSet,
    current_versions,
    read_manifest,
    write_manifest,
)
from zssbir_lib.data.sources import ImageView, StoredImages
from zssbir_lib.modality import NAMES, PHOTO, SKETCH
from zssbir_lib.store import (
    JOURNAL,
    Chunk,
    Finished,
    clear_refusals,
    digest_of,
    fill,
    find_damaged,
    recorded,
    sync,
)

CHUNK_IMAGES = 256
REMEDY = "choose another place for it"

# --- making --------------------------------------------------------------------------


@dataclass(frozen=True)
class Original:
    """An image file and what tells whether it has changed."""

    path: Path
    place: str  # the same from the source folder, with "/" between names
    size: int  # bytes
    changed: int  # nanoseconds
    label: int


def prepare_store(
    data: SketchPhotoData,
    root: str | Path,
    out: str | Path,
    skip_unreadable: bool = False,
    jobs: int | None = None,
    chunk_images: int = CHUNK_IMAGES,
) -> Manifest:
    """Write every image of a data set into a store, decoded and resized.

    Stopped at any moment, even by a kill, the same call goes on from there.

    Args:
        data: images in files, at the size they are wanted (`load_data`).
        root: the folder they come from; the store names its originals from there.
        out: the folder to make.
        skip_unreadable: leave files out that cannot be read, with a warning.
        jobs: processes; None for one a core.
        chunk_images: images a chunk.

    Raises:
        FileExistsError: `out` exists.
        ValueError: the images are not in files, or a file cannot be read (and is not to
            be left out).
        OSError: the disk is full or cannot be written to.
        ChildProcessError: a process died.
    """
    out = Path(out)
    _check_arguments(out, jobs, chunk_images)
    originals = {
        SKETCH: list_originals(data.sketches, root),
        PHOTO: list_originals(data.photos, root),
    }
    folder, size = out.with_name(f"{out.name}.partial"), data.image_size
    chunks = [
        chunk
        for modality, files in originals.items()
        for chunk in _cut(files, modality, size, chunk_images, folder)
    ]
    with clear_refusals(folder, REMEDY):
        _check_size(folder, size)
        for rest in folder.glob(f"{MANIFEST}*"):  # of an attempt killed at its end
            rest.unlink()
    lines = fill(chunks, _decode, jobs, "preparing", skip_unreadable, REMEDY)
    _check_unreadable(lines, originals, data.class_names, skip_unreadable)
    manifest = _describe(data, originals, lines, chunk_images)
    with clear_refusals(folder, REMEDY):
        for modality, name in PIXEL_FILES.items():
            sync(folder / name, manifest.bytes_of(modality))
        write_manifest(manifest, folder)
        folder.rename(out)
        (out / JOURNAL).unlink()
    return manifest


def _check_arguments(out: Path, jobs: int | None, chunk_images: int) -> None:
    """Check the arguments of `prepare_store`."""
    if out.exists():
        raise FileExistsError(f"{out} exists: choose another name, or delete it")
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}, expected 1 process or more")
    if chunk_images < 1:
        raise ValueError(f"chunk_images is {chunk_images}, expected 1 or more")


def list_originals(images: ImageSet, root: str | Path) -> list[Original]:
    """List the files of an image set, with a progress bar: a network disk is slow."""
    paths = getattr(images.images, "paths", None)
    if paths is None:
        raise ValueError(
            f"the images are a {type(images.images).__name__}, expected image files: "
            "only a folder of images can be prepared"
        )
    root, found = Path(root).absolute(), []
    pairs = list(zip(paths, images.labels.tolist(), strict=True))
    for path, label in tqdm(pairs, "listing files", unit="file"):
        status = path.stat()
        place = Path(os.path.relpath(path.absolute(), root)).as_posix()
        found.append(Original(path, place, status.st_size, status.st_mtime_ns, label))
    return found


def _cut(
    files: Sequence[Original], modality: int, size: int, images: int, folder: Path
) -> Iterator[Chunk]:
    """Cut the files of a modality into chunks; the last one may have fewer."""
    mode, versions = MODES[modality], sorted(current_versions().items())
    for first in range(0, len(files), images):
        some = files[first : first + images]
        states = [(one.place, one.size, one.changed) for one in some]
        yield Chunk(
            path=folder / PIXEL_FILES[modality],
            first=first,
            count=len(some),
            shape=(len(mode), size, size),
            key=digest_of(mode, size, first, versions, states),
            name=f"{some[0].place} to {some[-1].place}",
            work=(tuple(one.path for one in some), size, mode),
        )


def _decode(work: tuple[Sequence[Path], int, str]) -> Iterator[np.ndarray | str]:
    """Decode files: what a worker process does."""
    paths, size, mode = work
    for path in paths:
        try:
            yield read_square(path, size, mode)
        except UnreadableImage as problem:  # said without the folders above the file
            yield problem.reason.replace(str(problem.path), problem.path.name)


def _check_size(folder: Path, size: int) -> None:
    """Raise if an earlier attempt was made at another size."""
    for line in recorded(folder).values():
        if line.side != size:
            raise ValueError(
                f"{folder} was begun at {line.side} pixels, not {size}: finish it with "
                f"--size {line.side}, delete it, or choose another name"
            )


def _check_unreadable(
    lines: Sequence[Finished],
    originals: dict[int, list[Original]],
    class_names: Sequence[str],
    skip: bool,
) -> None:
    """Report unreadable files: an error, or a warning where they are left out."""
    modality_of = {name: modality for modality, name in PIXEL_FILES.items()}
    problems = [
        (originals[modality_of[line.file]][number], reason)
        for line in lines
        for number, reason in line.unreadable.items()
    ]
    if not problems:
        return
    every = sum(len(files) for files in originals.values())
    first, reason = problems[0]
    found = f"{len(problems)} unreadable of {every} images, the first is {first.path}"
    if not skip:
        raise ValueError(
            f"{found}: {reason}; replace them (data check lists all), or leave them "
            "out with --skip-unreadable (skip_unreadable=True); the others are done"
        )
    warnings.warn(f"left out {found}: {reason}", stacklevel=3)
    bad = {original.path for original, _ in problems}
    for modality, files in originals.items():
        left = Counter(one.label for one in files if one.path not in bad)
        for label, name in enumerate(class_names):
            if not left[label]:
                raise ValueError(
                    f"no {NAMES[modality]} of class {name!r} is readable; replace the "
                    "files or remove the class from both modalities"
                )


def _describe(
    data: SketchPhotoData,
    originals: dict[int, list[Original]],
    lines: Sequence[Finished],
    chunk_images: int,
) -> Manifest:
    """Put together what the store holds."""
    sets = []
    for modality, files in originals.items():
        own = [line for line in lines if line.file == PIXEL_FILES[modality]]
        sets.append(
            PreparedSet(
                MODES[modality],
                tuple(original.place for original in files),
                tuple(original.label for original in files),
                tuple(line.checksum for line in own),
                {n: why for line in own for n, why in line.unreadable.items()},
            )
        )
    names, size = data.class_names, data.image_size
    return Manifest(data.name, names, size, chunk_images, *sets, current_versions())


# --- reading -------------------------------------------------------------------------


def is_store(folder: str | Path) -> bool:
    """Return whether a folder is a prepared store, be it whole or damaged."""
    names = (MANIFEST, *PIXEL_FILES.values())
    return any((Path(folder) / name).is_file() for name in names)


def open_store(folder: str | Path, image_size: int | None = None) -> SketchPhotoData:
    """Open a prepared store as a data set, without files left out; no pixel is read.

    Lengths of files are checked here; `verify_store` checks every byte. A store has one
    image size; None takes it as it is.
    """
    manifest = read_manifest(folder)
    if image_size not in (None, manifest.image_size):
        raise ValueError(
            f"{folder} was prepared at {manifest.image_size} pixels, not {image_size}: "
            "prepare another with: zssbir data prepare SOURCE OUT "
            f"--size {image_size}"
        )
    sets = [_image_set(Path(folder), manifest, modality) for modality in PIXEL_FILES]
    names, size = manifest.class_names, manifest.image_size
    return SketchPhotoData(manifest.name, names, *sets, size)


def _image_set(folder: Path, manifest: Manifest, modality: int) -> ImageSet:
    """Make an image set of a pixel file, without the images that were left out."""
    stored = manifest.of(modality)
    source = StoredImages(manifest.pixel_file(folder, modality))
    labels = torch.tensor(stored.labels)
    if not stored.left_out:
        return ImageSet(source, labels, modality)
    kept = torch.tensor([n for n in range(len(source)) if n not in stored.left_out])
    return ImageSet(ImageView(source, kept), labels[kept], modality)


def verify_store(folder: str | Path, jobs: int | None = None) -> list[Chunk]:
    """Read a whole store, in `jobs` threads, and list its damaged chunks."""
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}, expected 1 thread or more")
    manifest = read_manifest(folder)
    chunks = stored_chunks(Path(folder), manifest)
    return find_damaged(chunks, [one.key for one in chunks], jobs, "verifying")


def stored_chunks(folder: Path, manifest: Manifest) -> list[Chunk]:
    """List the chunks of a store, sketches before photos; their keys are checksums."""
    found, step = [], manifest.chunk_images
    for modality in PIXEL_FILES:
        file = manifest.pixel_file(folder, modality)
        originals = manifest.of(modality).originals
        for number, checksum in enumerate(file.checksums):
            some = originals[number * step : (number + 1) * step]
            name = f"{some[0]} to {some[-1]}"
            place = (file.path, number * step, len(some), file.shape[1:])
            found.append(Chunk(*place, checksum, name))
    return found
