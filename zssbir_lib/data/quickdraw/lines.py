"""Read QuickDraw's text files, simplified or raw: one JSON object a line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from zssbir_lib.data.quickdraw.choosing import check_file, choose
from zssbir_lib.data.quickdraw.drawing import Drawing
from zssbir_lib.data.quickdraw.malformed import MalformedLog
from zssbir_lib.data.quickdraw.record import FORMS, drawing_from_record

LONGEST_LINE = 4 * 2**20  # bytes; a raw drawing has some ten thousand


class _Line(NamedTuple):
    """A line of a file, of which no more than `LONGEST_LINE` bytes are kept."""

    number: int
    text: bytes
    ended: bool  # by a line break
    too_long: bool


def read_ndjson(
    path: str | Path,
    form: str = "auto",
    first: int | None = None,
    recognised_only: bool = False,
    on_malformed: str = "raise",
) -> Iterator[Drawing]:
    """Read the drawings of an .ndjson file one by one, simplified or raw.

    Never more than one line is in memory. Empty lines are passed over. A last line
    that is cut (a request for the first bytes of a file ends anywhere) is left out
    with a warning when the reader comes to it.

    Args:
        path: The file.
        form: "simplified" (x and y, 0 to 255), "raw" (x, y and times), or "auto" to
            tell by the two or three rows of a stroke.
        first: Stop after this many drawings; None reads to the end.
        recognised_only: Leave out drawings that the game did not recognise; `first`
            counts those that are left.
        on_malformed: "raise": the first malformed line is an error. "skip": such
            lines are left out, and one warning at the end says how many.

    Returns:
        An iterator over the drawings, in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If an argument is not allowed.
        MalformedDrawing: While reading, naming file, line and reason.

    Example:
        >>> for drawing in read_ndjson("cat.ndjson", first=3):  # doctest: +SKIP
        ...     print(drawing)
        Drawing('cat': 9 strokes, 74 points)
    """
    if form not in FORMS:
        raise ValueError(f"form is {form!r}, expected one of {', '.join(FORMS)}")
    path = check_file(path)
    log = MalformedLog(path, on_malformed)
    return choose(_drawings(path, form, log), log, first, recognised_only)


def _drawings(path: Path, form: str, log: MalformedLog) -> Iterator[Drawing]:
    """Parse line after line; note in the log what is no drawing."""
    for line in _numbered_lines(path):
        if not line.text.strip() and not line.too_long:
            continue
        place = f"line {line.number}"
        try:
            record = _parse(line)
        except ValueError as error:
            if line.ended:
                log.add(place, str(error))
            else:
                log.add_cut(place)
            continue
        try:
            drawing = drawing_from_record(record, form)
        except ValueError as error:
            log.add(place, str(error))
        else:
            yield drawing


def _parse(line: _Line) -> Any:
    """Parse one line as JSON."""
    if line.too_long:
        raise ValueError(f"is longer than {LONGEST_LINE} bytes")
    try:
        return json.loads(line.text)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")
        reason = f"{what} at character {error.pos + 1}"
    except (ValueError, RecursionError) as error:  # bytes that are no text; too deep
        reason = str(error)
    raise ValueError(f"is not JSON ({reason})")


def _numbered_lines(path: Path) -> Iterator[_Line]:
    """Read line after line; what a line has beyond the limit is passed over."""
    number = 0
    with open(path, "rb") as file:
        while text := file.readline(LONGEST_LINE):
            number += 1
            rest = text
            while not rest.endswith(b"\n") and (piece := file.readline(LONGEST_LINE)):
                rest = piece
            ended = rest.endswith(b"\n")
            yield _Line(number, text, ended, too_long=rest is not text)
