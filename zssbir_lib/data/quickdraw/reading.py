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

from zssbir_lib.data.quickdraw.drawing import Drawing

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
    kept = (one for one in drawings if not recognised_only or _recognised(one))

    def read() -> Iterator[Drawing]:
        yield from islice(kept, first)
        log.warn()

    return read()


def _recognised(drawing: Drawing) -> bool:
    """Say whether the game recognised a drawing; not knowing is an error."""
    if drawing.recognised is None:
        raise ValueError(
            f"a drawing of {drawing.word!r} does not say whether it was recognised; "
            "read the file with recognised_only=False"
        )
    return drawing.recognised


# records that are no drawings


class MalformedDrawing(ValueError):
    """A record of a file that is no drawing: which file, which record, and why."""

    def __init__(self, path: Path, place: str, reason: str) -> None:
        super().__init__(path, place, reason)
        self.path = path
        self.place = place
        self.reason = reason

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
            end = f"the file ends in the middle of {self.cut}, which is left out"
            parts.append(end)
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
        what = error.msg.removesuffix(" at")
        reason = f"{what} at character {error.pos + 1}"
    except (ValueError, RecursionError) as error:  # bytes that are no text; too deep
        reason = str(error)
    raise ValueError(f"is not JSON ({reason})")


# binary


class _FileEnds(Exception):
    """The file ends in the middle of a record."""


def _binary_drawings(log: _Log, word: str) -> Iterator[Drawing]:
    """Read record after record, to the first that is no drawing."""
    number = 0
    with open(log.path, "rb") as file:
        while file.peek(1):
            number += 1
            place = f"record {number} (byte {file.tell()})"
            try:
                drawing = _read_record(file, word)
            except _FileEnds:
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
        raise _FileEnds
    return taken


# One line, parsed as JSON, becomes a drawing or an error


MOST_POINTS = 100_000  # that a file may give one drawing; real ones have some thousand
LARGEST_SIMPLIFIED = 255
LARGEST_RAW = 100_000  # pixels: no screen is that wide
JSON_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
JSON_KINDS |= {int: "a number", float: "a number", type(None): "null"}


def drawing_from(record: Any) -> Drawing:
    """Turn the JSON object of one line into a drawing.

    Source: the QuickDraw data set's own description of its files,
    https://github.com/googlecreativelab/quickdraw-dataset
    """
    if not isinstance(record, dict):
        kind = JSON_KINDS[type(record)]
        raise ValueError(f"holds {kind}, expected an object {{...}}")
    if missing := [key for key in ("word", "drawing") if key not in record]:
        raise ValueError(f"lacks {' and '.join(map(repr, missing))}")
    points = _points_by_stroke(record["drawing"])
    strokes = tuple(np.ascontiguousarray(rows[:2].T, np.float32) for rows in points)
    return Drawing(
        word=_field(record, "word", str),
        strokes=strokes,
        recognised=_field(record, "recognized", bool),
        key_id=_key(_field(record, "key_id", str | int)),
        country=_field(record, "countrycode", str),
        timestamp=_moment(_field(record, "timestamp", str)),
    )


def _field(record: dict[str, Any], key: str, kind: Any) -> Any:
    """Return a value of the expected type, or None if the key is missing."""
    if key not in record:
        return None
    value = record[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        names = {str: "a text", bool: "true or false"}
        expected = names.get(kind, "a number or its digits as a text")
        raise ValueError(f"{key!r} is {JSON_KINDS[type(value)]}, expected {expected}")
    return value


def _key(value: str | int | None) -> int | None:
    """Read a drawing's number, which the files hold as text."""
    if not isinstance(value, str):
        return value
    if not (value.isascii() and value.isdigit() and len(value) <= 20):
        raise ValueError(f"'key_id' is {value[:40]!r}, expected at most 20 digits")
    return int(value)


def _moment(text: str | None) -> datetime | None:
    """Read "2017-03-01 20:41:36.70725 UTC"."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        raise ValueError(
            f"'timestamp' is {text[:40]!r}, expected the like of "
            "'2017-03-01 20:41:36.70725 UTC'"
        ) from None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _points_by_stroke(strokes: Any) -> list[np.ndarray]:
    """Return an array (2, N) or (3, N) of float64 a stroke."""
    if not isinstance(strokes, list):
        kind = JSON_KINDS[type(strokes)]
        raise ValueError(f"'drawing' is {kind}, expected a list of strokes")
    if not strokes:
        raise ValueError("the drawing has no strokes, expected at least one")
    points = [_stroke_points(one, number) for number, one in enumerate(strokes, 1)]
    if len({len(rows) for rows in points}) > 1:
        raise ValueError("some strokes have times and others have none")
    if (total := sum(rows.shape[1] for rows in points)) > MOST_POINTS:
        raise ValueError(f"the drawing has {total} points, expected <= {MOST_POINTS}")
    return points


def _stroke_points(stroke: Any, number: int) -> np.ndarray:
    """Return the rows of one stroke as an array (2, N) or (3, N) of float64."""
    rows = stroke if isinstance(stroke, list) else []
    if len(rows) not in (2, 3) or not all(isinstance(row, list) for row in rows):
        raise ValueError(f"stroke {number} is no list of 2 or 3 rows")
    lengths = [len(row) for row in rows]
    if len(set(lengths)) > 1:
        raise ValueError(f"stroke {number} has rows of unequal lengths {lengths}")
    if not lengths[0]:
        raise ValueError(f"stroke {number} has no points, expected at least one")
    try:
        points = np.array(rows)
    except ValueError:  # a list among the numbers
        points = np.array(None)
    if points.dtype.kind not in "iuf" or points.ndim != 2:
        raise ValueError(
            f"stroke {number} holds something that is no number, or far too large"
        )
    points = points.astype(np.float64)
    _check_range(points, number)
    return points


def _check_range(points: np.ndarray, number: int) -> None:
    """Check that coordinates are finite and within what the format allows."""
    simplified = len(points) == 2
    low = 0 if simplified else -LARGEST_RAW
    high = LARGEST_SIMPLIFIED if simplified else LARGEST_RAW
    smallest, largest = points[:2].min(), points[:2].max()
    if not (smallest >= low and largest <= high):  # NaN fails both
        form = "simplified" if simplified else "raw"
        raise ValueError(
            f"stroke {number} has coordinates from {smallest:g} to {largest:g}, "
            f"expected {low} to {high} in the {form} format"
        )
