"""Write the chunks of a store that are missing, in all cores, and record them."""

import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from zssbir_lib.data.prepared.chunks import Chunk, FinishedChunk, write_chunk
from zssbir_lib.data.prepared.disk import check_room, clear_refusals
from zssbir_lib.data.prepared.journal import Place, record, recorded, still_valid
from zssbir_lib.data.prepared.manifest import MANIFEST, PIXEL_FILES
from zssbir_lib.jobs import jobs_worth, run_jobs


def finish_chunks(
    chunks: Sequence[Chunk],
    folder: Path,
    keep_unreadable: bool = False,
    jobs: int | None = None,
) -> list[FinishedChunk]:
    """Write the chunks that are not there yet, with a progress bar.

    Args:
        chunks: All chunks of a store.
        folder: The unfinished store; made where it is missing.
        keep_unreadable: Whether finished chunks with unreadable images are kept.
        jobs: Processes; None for one a core.

    Returns:
        A record of every chunk, in the order of `chunks`.

    Raises:
        ValueError: If an earlier attempt had another image size.
        OSError: If the disk is full or cannot be written to.
        ChildProcessError: If a process died.
    """
    with clear_refusals(folder):
        finished = still_valid(chunks, folder, keep_unreadable)
        missing = [one for one in chunks if _place(one) not in finished]
        _warn_of_changes(missing, folder)
    check_room(folder, sum(chunk.length for chunk in missing))
    images = sum(len(chunk.originals) for chunk in missing)
    jobs = jobs or jobs_worth(images)
    every = sum(len(chunk.originals) for chunk in chunks)
    sizes = {_place(chunk): len(chunk.originals) for chunk in chunks}
    with (
        clear_refusals(folder),
        tqdm(
            desc="preparing", total=every, initial=every - images, unit="image"
        ) as bar,
    ):
        _make_files(chunks, folder)
        for done in run_jobs(partial(write_chunk, folder=folder), missing, jobs):
            record(done, folder)
            finished[_place(done)] = done
            bar.update(sizes[_place(done)])
    return [finished[_place(chunk)] for chunk in chunks]


def _place(chunk: Chunk | FinishedChunk) -> Place:
    """Return where a chunk stands."""
    return chunk.modality, chunk.number


def _warn_of_changes(missing: Sequence[Chunk], folder: Path) -> None:
    """Say so if files have changed since an earlier attempt."""
    journal = recorded(folder)
    changed = [
        chunk
        for chunk in missing
        if _place(chunk) in journal and journal[_place(chunk)].key != chunk.key
    ]
    if changed:
        files = changed[0].originals
        warnings.warn(
            f"the source has changed since {folder} was begun: {len(changed)} finished "
            f"chunks are made again, the first from {files[0].place} to "
            f"{files[-1].place}",
            stacklevel=4,
        )


def _make_files(chunks: Sequence[Chunk], folder: Path) -> None:
    """Make the folder and its pixel files, at their final lengths."""
    folder.mkdir(parents=True, exist_ok=True)
    for rest in folder.glob(f"{MANIFEST}*"):  # of an attempt killed at its end
        rest.unlink()
    for modality, name in PIXEL_FILES.items():
        length = sum(one.length for one in chunks if one.modality == modality)
        with open(folder / name, "ab") as file:
            file.truncate(length)
