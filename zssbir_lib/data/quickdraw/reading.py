"""Read QuickDraw's files: one JSON object a line (simplified or raw), or binary."""

import json
import struct
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from zssbir_lib.data.quickdraw.drawing import MOST_POINTS, Drawing, drawing_from

ON_MALFORMED = ("raise", "skip")
LONGEST_LINE = 4 * 2**20  # bytes; a raw drawing has some ten thousand

# key_id, country, recognised, timestamp (seconds since 1970), number of strokes
_HEADER = struct.Struct("<Q2sbIH")
_COUNT = struct.Struct("<H")  # points of a stroke; x then y follow, a byte each


def read_drawings(
    path: str | Path,
    first: int | None = None,
    recognised_only: bool = False,
    on_malformed: str = "raise",
) -> Iterator[Drawing]:
    """Read a file of drawings by its ending: `read_ndjson` or `read_binary`.

    Args:
        path: a file that ends in .ndjson or .bin.
        first: as for `read_ndjson`, and so the others.
        recognised_only: leave out drawings that the game did not recognise.
        on_malformed: "raise" or "skip", for records that are no drawings.
    """
    readers = {".ndjson": read_ndjson, ".bin": read_binary}
    ending = Path(path).suffix.lower()
    if ending not in readers:
        raise ValueError(
            f"{path} ends in {ending!r}, expected .ndjson or .bin (a .npy file holds "
            "bitmaps, not strokes)"
        )
    chosen = {"first": first, "recognised_only": recognised_only}
    return readers[ending](path, **chosen, on_malformed=on_malformed)


def read_ndjson(
    path: str | Path,
    first: int | None = None,
    recognised_only: bool = False,
    on_malformed: str = "raise",
) -> Iterator[Drawing]:
    """Read an .ndjson file one by one: a stroke has two rows (simplified) or three.

    Never more than one line is in memory. Empty lines are passed over. A last line
    that is cut (a request for the first bytes of a file ends anywhere) is left out
    with a warning when the reader comes to it.

    Args:
        path: the file.
        first: stop after this many drawings; None reads to the end.
        recognised_only: leave out drawings that the game did not recognise; `first`
            counts those that are left.
        on_malformed: "raise": the first malformed line is an error. "skip": such
            lines are left out, and one warning at the end says how many.

    Raises:
        FileNotFoundError: there is no such file.
        MalformedDrawing: while reading, naming file, line and reason.

    Example:
        >>> for drawing in read_ndjson("cat.ndjson", first=3):  # doctest: +SKIP
        ...     print(drawing)
        Drawing('cat': 9 strokes, 74 points)
    """
    log = _Log(path, on_malformed)
    return _choose(_text_drawings(log), log, first, recognised_only)


def read_binary(
    path: str | Path,
    word: str | None = None,
    first: int | None = None,
    recognised_only: bool = False,
    on_malformed: str = "raise",
) -> Iterator[Drawing]:
    """Read the drawings of a .bin file one by one, as `read_ndjson` does.

    Args:
        path: the file.
        word: what was drawn, which the format does not say; None takes it from the
            file's name: `cat.bin` and `full_binary_cat.bin` hold cats.
        first: as for `read_ndjson`, and so `recognised_only`.
        recognised_only: leave out drawings that the game did not recognise.
        on_malformed: "skip": reading ends at a malformed record with a warning, for
            nothing marks where the next one begins.

    Source: the layout of the data set's own parsers,
    https://github.com/googlecreativelab/quickdraw-dataset/tree/master/examples
    """
    log = _Log(path, on_malformed)
    if word is None:
        word = log.path.stem.removeprefix("full_binary_")
    return _choose(_binary_drawings(log, word), log, first, recognised_only)


def _choose(
    drawings: Iterator[Drawing], log: "_Log", first: int | None, recognised_only: bool
) -> Iterator[Drawing]:
    """Keep the first drawings, or only recognised ones, and warn at the end."""
    if first is not None and first < 0:
        raise ValueError(
            f"cannot read the first {first} drawings, expected 0 or more, or None"
        )

    def kept() -> Iterator[Drawing]:
        for one in drawings:
            if recognised_only and one.recognised is None:
                raise ValueError(
                    f"a drawing of {one.word!r} does not say whether it was "
                    "recognised; read the file with recognised_only=False"
                )
            if one.recognised or not recognised_only:
                yield one

    def read() -> Iterator[Drawing]:
        yield from islice(kept(), first)
        log.warn()

    return read()


# records that are no drawings


class MalformedDrawing(ValueError):
    """A record of a file that is no drawing: which file, which record, and why."""

    def __init__(self, path: Path, place: str, reason: str) -> None:
        super().__init__(path, place, reason)
        self.path, self.place, self.reason = path, place, reason

    def __str__(self) -> str:
        return (
            f"{self.path}, {self.place}: {self.reason}; fetch the file again, or "
            'leave such records out with on_malformed="skip"'
        )


class _Log:
    """Raises at the first malformed record of a file, or counts them for one warning.

    A file may end in the middle of a record: this is what a request for its first
    bytes, or a download that broke off, leaves behind. All records before are whole,
    so a cut end never raises; it is warned of.
    """

    def __init__(self, path: str | Path, on_malformed: str) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"no file {path}; expected a file of QuickDraw's")
        if on_malformed not in ON_MALFORMED:
            raise ValueError(
                f"on_malformed is {on_malformed!r}, expected one of {ON_MALFORMED}"
            )
        self.on_malformed = on_malformed
        self.left_out: list[str] = []
        self.cut = ""

    def add(self, place: str, reason: str) -> None:
        """Note a malformed record, or raise."""
        if self.on_malformed == "raise":
            raise MalformedDrawing(self.path, place, reason)
        self.left_out.append(f"{place}: {reason}")

    def warn(self) -> None:
        """Give one warning that says all that was left out, if anything was."""
        parts = []
        if count := len(self.left_out):
            records = f"{count} malformed record{'s' * (count > 1)}"
            parts.append(f"left out {records}, the first is {self.left_out[0]}")
        if self.cut:
            parts.append(
                f"the file ends in the middle of {self.cut}, which is left out"
            )
        if parts:
            warnings.warn(f"{self.path}: {'; '.join(parts)}", stacklevel=3)


# text


def _text_drawings(log: _Log) -> Iterator[Drawing]:
    """Parse line after line; note in the log what is no drawing."""
    for number, text, ended in _lines(log.path):
        if text is not None and not text.strip():
            continue
        place = f"line {number}"
        try:
            record = _parse(text)
        except ValueError as error:
            if ended:
                log.add(place, str(error))
            else:
                log.cut = place
            continue
        try:
            drawing = drawing_from(record)
        except ValueError as error:
            log.add(place, str(error))
        else:
            yield drawing


def _lines(path: Path) -> Iterator[tuple[int, bytes | None, bool]]:
    """Yield number, text (None if too long), and whether a line break ends it."""
    number = 0
    with open(path, "rb") as file:
        while text := file.readline(LONGEST_LINE):
            number += 1
            rest = text
            while not rest.endswith(b"\n") and (piece := file.readline(LONGEST_LINE)):
                rest = piece
            yield number, text if rest is text else None, rest.endswith(b"\n")


def _parse(text: bytes | None) -> Any:
    """Parse one line as JSON."""
    if text is None:
        raise ValueError(f"is longer than {LONGEST_LINE} bytes")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"{error.msg.removesuffix(' at')} at character {error.pos + 1}"
    except (ValueError, RecursionError) as error:  # bytes that are no text; too deep
        reason = str(error)
    raise ValueError(f"is not JSON ({reason})")


# binary


def _binary_drawings(log: _Log, word: str) -> Iterator[Drawing]:
    """Read record after record, to the first that is no drawing."""
    number = 0
    with open(log.path, "rb") as file:
        while file.peek(1):
            number += 1
            place = f"record {number} (byte {file.tell()})"
            try:
                drawing = _read_record(file, word)
            except EOFError:
                log.cut = place
                return
            except ValueError as error:
                log.add(place, f"{error}; nothing from there on can be read")
                return
            yield drawing


def _read_record(file: BinaryIO, word: str) -> Drawing:
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
        raise EOFError
    return taken
