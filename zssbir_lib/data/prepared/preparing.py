"""Decode and resize a data set once, into a store that every process shares."""

from collections.abc import Sequence
from pathlib import Path

from zssbir_lib.data.images import SketchPhotoData
from zssbir_lib.data.prepared.chunks import CHUNK_IMAGES, FinishedChunk, cut_into_chunks
from zssbir_lib.data.prepared.disk import clear_refusals
from zssbir_lib.data.prepared.finishing import finish_chunks
from zssbir_lib.data.prepared.journal import JOURNAL
from zssbir_lib.data.prepared.manifest import (
    MODES,
    Manifest,
    PreparedSet,
    current_versions,
)
from zssbir_lib.data.prepared.manifest_file import write_manifest
from zssbir_lib.data.prepared.originals import Original, list_originals
from zssbir_lib.data.prepared.unreadable import check_unreadable
from zssbir_lib.modality import PHOTO, SKETCH


def prepare_store(
    data: SketchPhotoData,
    root: str | Path,
    out: str | Path,
    skip_unreadable: bool = False,
    jobs: int | None = None,
    chunk_images: int = CHUNK_IMAGES,
) -> Manifest:
    """Write every image of a data set into a store, decoded and resized.

    The work goes on in `<out>.partial`, which is renamed when all is done. Stopped at
    any moment, even by a kill, the same call goes on from the last finished chunk.

    Args:
        data: Images in files, at the size they are wanted (`load_data`).
        root: The folder they come from; the store names its originals from there.
        out: The folder to make.
        skip_unreadable: Leave files out that cannot be read, with a warning.
        jobs: Processes; None for one a core.
        chunk_images: Images a chunk.

    Returns:
        What the store holds.

    Raises:
        FileExistsError: If `out` exists.
        ValueError: If the images are not in files, a file cannot be read (and is not
            to be left out), or an argument is out of range.
        OSError: If the disk is full or cannot be written to.
        ChildProcessError: If a process died.
    """
    out = Path(out)
    _check_arguments(out, jobs, chunk_images)
    originals = {
        SKETCH: list_originals(data.sketches, root),
        PHOTO: list_originals(data.photos, root),
    }
    chunks = [
        chunk
        for modality, files in originals.items()
        for chunk in cut_into_chunks(files, modality, data.image_size, chunk_images)
    ]
    folder = out.with_name(f"{out.name}.partial")
    finished = finish_chunks(chunks, folder, skip_unreadable, jobs)
    check_unreadable(finished, originals, data.class_names, skip_unreadable)
    manifest = _describe(data, originals, finished, chunk_images)
    with clear_refusals(folder):
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


def _describe(
    data: SketchPhotoData,
    originals: dict[int, list[Original]],
    finished: Sequence[FinishedChunk],
    chunk_images: int,
) -> Manifest:
    """Put together what the store holds."""
    sets = []
    for modality in (SKETCH, PHOTO):
        files = originals[modality]
        own = [chunk for chunk in finished if chunk.modality == modality]
        sets.append(
            PreparedSet(
                MODES[modality],
                tuple(original.place for original in files),
                tuple(original.label for original in files),
                tuple(chunk.checksum for chunk in own),
                {n: why for chunk in own for n, why in chunk.unreadable.items()},
            )
        )
    return Manifest(
        data.name,
        data.class_names,
        data.image_size,
        chunk_images,
        *sets,
        written_by=current_versions(),
    )
