"""Read QuickDraw's binary files: a simplified drawing in a few hundred bytes."""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import numpy as np

from zssbir_lib.data.quickdraw.choosing import check_file, choose
from zssbir_lib.data.quickdraw.drawing import MOST_POINTS, Drawing
from zssbir_lib.data.quickdraw.malformed import MalformedLog

# key_id, country, recognised, timestamp (seconds since 1970), number of strokes
_HEADER = struct.Struct("<Q2sbIH")
_COUNT = struct.Struct("<H")  # points of a stroke; x then y follow, a byte each


class _FileEnds(Exception):
    """The file ends in the middle of a record."""


def read_binary(
    path: str | Path,
    word: str | None = None,
    first: int | None = None,
    recognised_only: bool = False,
    on_malformed: str = "raise",
) -> Iterator[Drawing]:
    """Read the drawings of a .bin file one by one.

    Never more than one drawing is in memory. A last record that is cut (a request for
    the first bytes of a file ends anywhere) is left out with a warning when the
    reader comes to it.

    Args:
        path: The file.
        word: What was drawn, which the format does not say; None takes it from the
            file's name: `cat.bin` and `full_binary_cat.bin` hold cats.
        first: Stop after this many drawings; None reads to the end.
        recognised_only: Leave out drawings that the game did not recognise; `first`
            counts those that are left.
        on_malformed: "raise": a malformed record is an error. "skip": reading ends
            there with a warning, for nothing marks where the next record begins.

    Returns:
        An iterator over the drawings, in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an argument is not allowed.
        MalformedDrawing: While reading, naming file, record, byte and reason.

    Source: the layout of the data set's own parsers,
    https://github.com/googlecreativelab/quickdraw-dataset/tree/master/examples
    """
    path = check_file(path)
    if word is None:
        word = path.stem.removeprefix("full_binary_")
    log = MalformedLog(path, on_malformed)
    return choose(_drawings(path, word, log), log, first, recognised_only)


def _drawings(path: Path, word: str, log: MalformedLog) -> Iterator[Drawing]:
    """Read record after record, to the first that is no drawing."""
    number = 0
    with open(path, "rb") as file:
        while file.peek(1):
            number += 1
            place = f"record {number} (byte {file.tell()})"
            try:
                drawing = _read_drawing(file, word)
            except _FileEnds:
                log.add_cut(place)
                return
            except ValueError as error:
                log.add(place, f"{error}; nothing from there on can be read")
                return
            yield drawing


def _read_drawing(file: BinaryIO, word: str) -> Drawing:
    """Read the record that starts here."""
    key_id, country, flag, seconds, count = _HEADER.unpack(_take(file, _HEADER.size))
    if flag not in (0, 1):
        raise ValueError(f"the recognised flag is {flag}, expected 0 or 1")
    if not country.isascii():
        raise ValueError(f"the country is {country!r}, expected two letters")
    return Drawing(
        word=word,
        strokes=_read_strokes(file, count),
        recognised=bool(flag),
        key_id=key_id,
        country=country.decode("ascii"),
        timestamp=datetime.fromtimestamp(seconds, UTC),
    )


def _read_strokes(file: BinaryIO, count: int) -> tuple[np.ndarray, ...]:
    """Read strokes as float32 arrays (N, 2); no more points than a drawing may have."""
    strokes, total = [], 0
    for number in range(1, count + 1):
        (points,) = _COUNT.unpack(_take(file, _COUNT.size))
        total += points
        if total > MOST_POINTS:
            raise ValueError(
                f"strokes 1 to {number} of {count} have {total} points, "
                f"expected at most {MOST_POINTS} in a drawing"
            )
        rows = np.frombuffer(_take(file, 2 * points), dtype=np.uint8)
        strokes.append(np.ascontiguousarray(rows.reshape(2, points).T, np.float32))
    return tuple(strokes)


def _take(file: BinaryIO, size: int) -> bytes:
    """Read exactly so many bytes."""
    taken = file.read(size)
    if len(taken) < size:
        raise _FileEnds
    return taken
