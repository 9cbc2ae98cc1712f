"""Count the drawings at the beginning of a file that may be cut, one drawing a line."""

import json
from pathlib import Path
from typing import NamedTuple


class Lines(NamedTuple):
    """Say how many drawings the beginning of a file holds.

    Args:
        drawings: Those that count.
        end: Bytes up to the end of the last line.
    """

    drawings: int
    end: int


def count_drawings(
    path: Path, word: str, count: int, recognised_only: bool, whole: bool
) -> Lines:
    """Count the drawings at the beginning of a file; a cut last line is none.

    Args:
        path: The file, one drawing a line.
        word: The word that each must be of.
        count: Stop after this many.
        recognised_only: Count only those that the game recognised.
        whole: The file is not cut, so that a last line without a line break is whole.

    Returns:
        How many there are, and where the last of them ends.

    Raises:
        ValueError: If a line is no drawing of the word.
    """
    drawings, end = 0, 0
    with path.open("rb") as file:
        for line in file:
            if drawings == count or not (whole or line.endswith(b"\n")):
                break
            drawings += _is_recognised(line, word) or not recognised_only
            end += len(line)
    return Lines(drawings, end)


def _is_recognised(line: bytes, word: str) -> bool:
    """Tell whether the drawing of a line was recognised; raise if it is none."""
    try:
        drawing = json.loads(line)
        if drawing["word"] == word and drawing["drawing"]:
            return drawing["recognized"] is True
    except (ValueError, TypeError, KeyError):
        pass
    raise ValueError(f"a line is no drawing of {word!r}: {line[:60]!r}")
