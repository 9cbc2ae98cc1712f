"""One line of a QuickDraw file, parsed as JSON, becomes a drawing or an error."""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from zssbir_lib.data.quickdraw.drawing import Drawing

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
