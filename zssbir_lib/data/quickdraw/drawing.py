"""One QuickDraw drawing: strokes of points, and what the game knew about them."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

LARGEST_KEY = 2**64 - 1
MOST_POINTS = 100_000  # that a file may give one drawing; real ones have some thousand


@dataclass(frozen=True, eq=False, repr=False)
class Drawing:
    """Hold the strokes of one drawing in the order in which they were drawn.

    Args:
        word: What the player was asked to draw.
        strokes: One float32 array (N, 2) a stroke: x to the right, y down, in any
            unit. A stroke of one point is a dot.
        times: When each point was drawn: one float64 array (N,) a stroke, in
            milliseconds since the first point; None where the format has no times.
        recognised: Whether the game guessed the word; None if unknown.
        key_id: The drawing's number in the data set, 0 to 2**64 - 1.
        country: Two-letter code of the player's country.
        timestamp: When the drawing was made, in UTC.

    Raises:
        ValueError: If there is no stroke, a stroke has no point, a shape or type is
            wrong, or a number is not finite.

    Example:
        >>> line = np.array([[0, 0], [3, 4]], dtype=np.float32)
        >>> Drawing("line", (line,))
        Drawing('line': 1 stroke, 2 points)
    """

    word: str
    strokes: tuple[np.ndarray, ...]
    times: tuple[np.ndarray, ...] | None = None
    recognised: bool | None = None
    key_id: int | None = None
    country: str | None = None
    timestamp: datetime | None = None

    def __post_init__(self) -> None:
        if not self.strokes:
            raise ValueError("the drawing has no strokes, expected at least one")
        for number, stroke in enumerate(self.strokes, start=1):
            _check_stroke(stroke, number)
        if self.times is not None:
            _check_times(self.times, self.strokes)
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


def _check_times(
    times: tuple[np.ndarray, ...], strokes: tuple[np.ndarray, ...]
) -> None:
    """Check that every point has a finite time."""
    if len(times) != len(strokes):
        raise ValueError(f"{len(strokes)} strokes but times of {len(times)}")
    pairs = enumerate(zip(times, strokes, strict=True), start=1)
    for number, (moments, stroke) in pairs:
        if moments.shape != (len(stroke),):
            raise ValueError(
                f"stroke {number} has {len(stroke)} points but times of shape "
                f"{moments.shape}, expected one time a point"
            )
        if not np.isfinite(moments).all():
            raise ValueError(f"stroke {number} holds a time that is not finite")
