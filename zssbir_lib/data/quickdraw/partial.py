"""A drawing stopped half-way: the share of its lines drawn so far."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from zssbir_lib.data.quickdraw.drawing import Drawing


def partial_drawing(drawing: Drawing, share: float) -> Drawing:
    """Keep the first part of a drawing: a share of the length of its strokes.

    Length, not the number of strokes: one stroke may be half the drawing, and a
    quarter of three strokes is no number of strokes. The way of the lifted pen does
    not count. The stroke that goes past the share is cut there, so a smaller share
    is always the beginning of a larger one. Dots have no length: each is kept once
    the pen has come to it, and a drawing of nothing but dots keeps that share of
    their number, rounded up.

    Args:
        drawing: The whole drawing.
        share: Above 0 and at most 1.

    Returns:
        The part, with at least one stroke; for a share of 1, the drawing itself.

    Raises:
        ValueError: If the share is out of range.

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
    """Check that a share is above 0 and at most 1.

    Args:
        share: How much of a drawing is wanted.

    Raises:
        ValueError: If it is out of range.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}, expected above 0 and at most 1")


def _distances(stroke: np.ndarray) -> np.ndarray:
    """Return how far along the stroke each point is, (N,) float64."""
    steps = np.diff(stroke.astype(np.float64), axis=0)
    return np.concatenate([[0.0], np.hypot(steps[:, 0], steps[:, 1]).cumsum()])


def _first_strokes(drawing: Drawing, count: int) -> Drawing:
    """Keep the first strokes and their times."""
    times = drawing.times and drawing.times[:count]
    return replace(drawing, strokes=drawing.strokes[:count], times=times)


def _with_last_cut(drawing: Drawing, length: float) -> Drawing:
    """Cut the last stroke of a drawing after so much of its length."""
    along = _distances(drawing.strokes[-1])
    last = _cut(drawing.strokes[-1], along, length).astype(np.float32)
    times = drawing.times and _replace_last(
        drawing.times, _cut(drawing.times[-1], along, length)
    )
    return replace(drawing, strokes=_replace_last(drawing.strokes, last), times=times)


def _cut(values: np.ndarray, along: np.ndarray, length: float) -> np.ndarray:
    """Keep the values of points up to a length, and the value there, in between."""
    after = int(np.searchsorted(along, length, side="left"))  # 1 or more
    weight = (length - along[after - 1]) / (along[after] - along[after - 1])
    there = values[after - 1] + weight * (values[after] - values[after - 1])
    return np.concatenate([values[:after], there[None]])


def _replace_last(
    arrays: Sequence[np.ndarray], last: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Exchange the last of several arrays."""
    return (*arrays[:-1], last)
