"""A drawing: read from a record, cut short, its lines made into curves."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from typing import Any

import numpy as np

LARGEST_KEY = 2**64 - 1
MOST_POINTS = 100_000  # that a file may give one drawing; real ones have some thousand
LARGEST_SIMPLIFIED = 255
LARGEST_RAW = 100_000  # pixels: no screen is that wide
JSON_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
JSON_KINDS |= {int: "a number", float: "a number", type(None): "null"}
SMOOTHING = 1 / 255  # half of what the simplification allowed: nearest to raw lines
STEPS = 4  # points that a curve gets for each point it passes through
SHARP = 0.5  # cosine of a turn of 60 degrees: a sharper one is a corner, not a curve


@dataclass(frozen=True, eq=False, repr=False)
class Drawing:
    """The strokes of one drawing, in the order in which they were drawn.

    Args:
        word: what the player was asked to draw.
        strokes: one float32 array (N, 2) a stroke: x to the right, y down, in any unit.
            A stroke of one point is a dot.
        recognised: whether the game guessed the word; None if unknown.
        key_id: the drawing's number in the data set, 0 to 2**64 - 1.
        country: two-letter code of the player's country.
        timestamp: when the drawing was made, in UTC.

    Example:
        >>> line = np.array([[0, 0], [3, 4]], dtype=np.float32)
        >>> Drawing("line", (line,))
        Drawing('line': 1 stroke, 2 points)
    """

    word: str
    strokes: tuple[np.ndarray, ...]
    recognised: bool | None = None
    key_id: int | None = None
    country: str | None = None
    timestamp: datetime | None = None

    def __post_init__(self) -> None:
        if not self.strokes:
            raise ValueError("the drawing has no strokes, expected at least one")
        for number, stroke in enumerate(self.strokes, start=1):
            _check_stroke(stroke, number)
        if self.key_id is not None and not 0 <= self.key_id <= LARGEST_KEY:
            raise ValueError(f"key_id is {self.key_id}, expected 0 to {LARGEST_KEY}")

    def __repr__(self) -> str:
        strokes, points = len(self.strokes), sum(map(len, self.strokes))
        return (
            f"Drawing({self.word!r}: {strokes} stroke{'s' * (strokes > 1)}, "
            f"{points} point{'s' * (points > 1)})"
        )


def _check_stroke(stroke: np.ndarray, number: int) -> None:
    """Check that a stroke is a float32 array (N, 2) of finite numbers."""
    if not isinstance(stroke, np.ndarray) or stroke.dtype != np.float32:
        kind = getattr(stroke, "dtype", type(stroke).__name__)
        raise ValueError(f"stroke {number} is {kind}, expected an array of float32")
    if stroke.ndim != 2 or stroke.shape[1] != 2:
        raise ValueError(f"stroke {number} has shape {stroke.shape}, expected (N, 2)")
    if not len(stroke):
        raise ValueError(f"stroke {number} has no points, expected at least one")
    if not np.isfinite(stroke).all():
        raise ValueError(f"stroke {number} holds a number that is not finite")


# a line of a file, parsed as JSON, becomes a drawing or an error


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
    simplified = len(points) == 2
    low = 0 if simplified else -LARGEST_RAW
    high = LARGEST_SIMPLIFIED if simplified else LARGEST_RAW
    points = points.astype(np.float64)
    smallest, largest = points[:2].min(), points[:2].max()
    if not (smallest >= low and largest <= high):  # NaN fails both
        form = "simplified" if simplified else "raw"
        raise ValueError(
            f"stroke {number} has coordinates from {smallest:g} to {largest:g}, "
            f"expected {low} to {high} in the {form} format"
        )
    return points


# a part of a drawing


def partial_drawing(drawing: Drawing, share: float) -> Drawing:
    """Keep the first part of a drawing: a share of the length of its strokes, 0 to 1.

    Length, not the number of strokes: one stroke may be half the drawing, and a
    quarter of three strokes is no number of strokes. The way of the lifted pen does
    not count. The stroke that goes past the share is cut there, so a smaller share
    is always the beginning of a larger one. Dots have no length: each is kept once
    the pen has come to it, and a drawing of nothing but dots keeps that share of
    their number, rounded up.

    Example:
        >>> line = np.array([[0, 0], [0, 8]], dtype=np.float32)
        >>> partial_drawing(Drawing("line", (line,)), 0.25).strokes[0].tolist()
        [[0.0, 0.0], [0.0, 2.0]]
    """
    check_share(share)
    if share == 1:
        return drawing
    lengths = [_distances(stroke)[-1] for stroke in drawing.strokes]
    ends = np.cumsum(lengths)
    if not ends[-1]:
        return _first_strokes(drawing, ceil(share * len(lengths)))
    target = share * ends[-1]
    whole = int(np.searchsorted(ends, target, side="right"))
    part = _first_strokes(drawing, whole + 1)
    rest = min(target - (ends[whole] - lengths[whole]), lengths[whole])
    return _with_last_cut(part, rest) if rest > 0 else _first_strokes(part, whole)


def check_share(share: float) -> None:
    """Raise unless a share is above 0 and at most 1."""
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}, expected above 0 and at most 1")


def _distances(stroke: np.ndarray) -> np.ndarray:
    """Return how far along the stroke each point is, (N,) float64."""
    steps = np.diff(stroke.astype(np.float64), axis=0)
    return np.concatenate([[0.0], np.hypot(steps[:, 0], steps[:, 1]).cumsum()])


def _first_strokes(drawing: Drawing, count: int) -> Drawing:
    """Keep the first strokes."""
    return replace(drawing, strokes=drawing.strokes[:count])


def _with_last_cut(drawing: Drawing, length: float) -> Drawing:
    """Cut the last stroke of a drawing after so much of its length."""
    *before, last = drawing.strokes
    along = _distances(last)
    after = int(np.searchsorted(along, length, side="left"))  # 1 or more
    weight = (length - along[after - 1]) / (along[after] - along[after - 1])
    there = last[after - 1] + weight * (last[after] - last[after - 1])
    cut = np.concatenate([last[:after], there[None]]).astype(np.float32)
    return replace(drawing, strokes=(*before, cut))


# curves


def smooth_drawing(drawing: Drawing, smoothing: float = SMOOTHING) -> Drawing:
    """Replace straight lines between points by curves that pass through the points.

    QuickDraw's simplified files keep only the points needed to stay within 2 units,
    of the 255 that a drawing is wide or high, of the line the player drew. So the line
    may have been a curve, but one that left the straight line by no more than that;
    such a curve is put back, by default at most 1 unit from the straight line: of the
    limits we tried, that one comes nearest to the raw lines of the same drawings. No
    point of the drawing moves, its ends least of all, and corners of more than 60
    degrees stay corners. Raw files have a point every few pixels and hardly change.

    `smoothing` is how far a curve may leave the straight line, a share of the longer
    side of the drawing, 0 (nothing changes) to 0.1. A stroke gets `STEPS` points for
    each one but its last; those of one or two points stay as they are.
    """
    check_smoothing(smoothing)
    if smoothing == 0:
        return drawing
    points = np.concatenate(drawing.strokes).astype(np.float64)
    tolerance = smoothing * float(np.ptp(points, axis=0).max())
    strokes = tuple(_curve(stroke, tolerance) for stroke in drawing.strokes)
    return replace(drawing, strokes=strokes)


def check_smoothing(smoothing: float) -> None:
    """Raise unless smoothing is from 0 to 0.1."""
    if not 0 <= smoothing <= 0.1:
        raise ValueError(
            f"smoothing is {smoothing}, expected 0 (none) to 0.1 of the drawing's side"
        )


def _curve(stroke: np.ndarray, tolerance: float) -> np.ndarray:
    """Lay cubic curves through the points of a stroke, (N, 2) -> (4 N - 3, 2)."""
    if len(stroke) < 3:
        return stroke
    points = stroke.astype(np.float64)
    chords = np.diff(points, axis=0)  # (N - 1, 2)
    lengths = np.hypot(chords[:, 0], chords[:, 1])
    leaving, arriving = _directions(points, chords)
    t = (np.arange(STEPS) / STEPS)[:, None]  # (STEPS, 1)
    start_weight, end_weight = t * (1 - t) ** 2, -(t**2) * (1 - t)
    tilt = lengths[:, None] * leaving - chords, lengths[:, None] * arriving - chords
    away = start_weight * tilt[0][:, None] + end_weight * tilt[1][:, None]
    farthest = np.hypot(away[..., 0], away[..., 1]).max(axis=1)  # (N - 1,)
    away *= np.minimum(1, tolerance / np.maximum(farthest, 1e-12))[:, None, None]
    line = points[:-1, None] + t * chords[:, None]  # (N - 1, STEPS, 2)
    curve = (line + away).reshape(-1, 2).astype(np.float32)
    return np.concatenate([curve, stroke[-1:]])


def _directions(
    points: np.ndarray, chords: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit directions in which curves leave and reach points, (N - 1, 2).

    At a point the line runs parallel to the way from the point before to the one
    after; at corners and ends, along the straight line.
    """
    straight = _unit(chords)
    through = _unit(points[2:] - points[:-2])  # (N - 2, 2), at inner points
    turns = (straight[:-1] * straight[1:]).sum(axis=1, keepdims=True)  # cosines
    leaving, arriving = straight.copy(), straight.copy()
    leaving[1:] = np.where(turns < SHARP, straight[1:], through)
    arriving[:-1] = np.where(turns < SHARP, straight[:-1], through)
    return leaving, arriving


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors (N, 2) to length 1; one of length 0 stays."""
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])[:, None]
    return vectors / np.where(lengths == 0, 1, lengths)
