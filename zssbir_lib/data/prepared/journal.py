"""The journal of finished chunks: what an interrupted preparation need not do again."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from zssbir_lib.data.prepared.checksums import stored_checksum
from zssbir_lib.data.prepared.chunks import Chunk, FinishedChunk
from zssbir_lib.data.prepared.manifest import PIXEL_FILES
from zssbir_lib.jobs import available_cores, in_threads

JOURNAL = "finished.jsonl"

Place = tuple[int, int]  # modality, number of the chunk


def record(chunk: FinishedChunk, folder: Path) -> None:
    """Add a finished chunk to the journal; it is on disk when this returns.

    Args:
        chunk: A chunk whose bytes are on disk.
        folder: The unfinished store.
    """
    # begins a line of its own, for a kill may have left half of one
    line = f"\n{json.dumps(asdict(chunk))}\n"
    with open(folder / JOURNAL, "a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def recorded(folder: Path) -> dict[Place, FinishedChunk]:
    """Read the journal; a line that a kill has cut is passed over.

    Args:
        folder: The unfinished store, which need not exist.

    Returns:
        The last record of every chunk.
    """
    path = folder / JOURNAL
    if not path.is_file():
        return {}
    found = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if chunk := _parsed(line):
            found[chunk.modality, chunk.number] = chunk
    return found


def _parsed(line: str) -> FinishedChunk | None:
    """Read one line; None where it is not whole."""
    try:
        chunk = FinishedChunk(**json.loads(line))
        unreadable = {int(number): why for number, why in chunk.unreadable.items()}
    except (ValueError, TypeError, AttributeError):
        return None
    return FinishedChunk(**asdict(chunk) | {"unreadable": unreadable})


def still_valid(
    chunks: Sequence[Chunk], folder: Path, keep_unreadable: bool
) -> dict[Place, FinishedChunk]:
    """Find the chunks that an earlier attempt has finished and that still hold.

    A chunk holds if its originals have not changed and its stored bytes have their
    checksum. Unreadable images are tried again unless they are to be left out.

    Args:
        chunks: All chunks of the store.
        folder: The unfinished store, which need not exist.
        keep_unreadable: Whether a chunk with unreadable images holds.

    Returns:
        The records of those chunks.

    Raises:
        ValueError: If the earlier attempt had another image size.
    """
    journal = recorded(folder)
    _check_size(journal, chunks, folder)

    def holds(chunk: Chunk) -> bool:
        was = journal.get((chunk.modality, chunk.number))
        if was is None or was.key != chunk.key:
            return False
        path = folder / PIXEL_FILES[chunk.modality]
        if not path.is_file() or (was.unreadable and not keep_unreadable):
            return False
        return was.checksum == stored_checksum(path, chunk.start, chunk.length)

    if not journal:
        return {}
    answers = in_threads(holds, chunks, available_cores())
    bar = tqdm(answers, "checking what is there", len(chunks), unit="chunk")
    places = [(chunk.modality, chunk.number) for chunk in chunks]
    return {
        place: journal[place] for place, good in zip(places, bar, strict=True) if good
    }


def _check_size(
    journal: dict[Place, FinishedChunk], chunks: Sequence[Chunk], folder: Path
) -> None:
    """Check that an earlier attempt was made at the size of the chunks."""
    for was in journal.values():
        if chunks and was.image_size != chunks[0].image_size:
            raise ValueError(
                f"{folder} was begun at {was.image_size} pixels, not "
                f"{chunks[0].image_size}: finish it with --size {was.image_size}, "
                "delete it, or choose another name"
            )
