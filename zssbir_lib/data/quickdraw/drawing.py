"""A drawing: strokes of points, which may be cut short or made into curves."""

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

import numpy as np

LARGEST_KEY = 2**64 - 1
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
