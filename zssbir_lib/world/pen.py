"""The pen's strokes in the order they are drawn, so that a sketch can stop half-way."""

from typing import NamedTuple

import numpy as np
from PIL import ImageDraw

from zssbir_lib.world.strokes import sharp_corners

PAPER = 255


class Stroke(NamedTuple):
    """One movement of the pen.

    Attributes:
        points: Where it goes, (N, 2), pixels of the canvas.
        ink: Grey value, 0 to 255.
        width: Pixels.
    """

    points: np.ndarray
    ink: int
    width: int


class Erasure(NamedTuple):
    """An area that becomes paper again, for an opaque part covers what was there.

    Attributes:
        points: Its outline, or the middle line of a thick stroke, (N, 2).
        width: Pixels of the thick stroke; 0 for an outline.
    """

    points: np.ndarray
    width: int


def draw_actions(
    canvas: ImageDraw.ImageDraw, actions: list[Stroke | Erasure], share: float = 1.0
) -> None:
    """Draw and erase in order until a share of the pen's whole way is done.

    Args:
        canvas: What to draw on.
        actions: Strokes and erasures.
        share: 0 to 1; the stroke in which the share ends is cut there.
    """
    ways = [way(one.points) if isinstance(one, Stroke) else 0.0 for one in actions]
    left = share * sum(ways) if share < 1 else float("inf")
    for action, length in zip(actions, ways, strict=True):
        if left <= 0:
            return
        if isinstance(action, Erasure):
            _erase(canvas, action)
            continue
        cut = action if length <= left else action._replace(points=_cut(action, left))
        _draw(canvas, cut)
        left -= length


def way(points: np.ndarray) -> float:
    """Return the length of a line, (N, 2), in the unit of its points."""
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _cut(stroke: Stroke, length: float) -> np.ndarray:
    """Return the beginning of a stroke, of a given length, (M, 2)."""
    steps = np.hypot(*np.diff(stroke.points, axis=0).T)
    ends = np.cumsum(steps)
    last = int(np.searchsorted(ends, length))
    before = ends[last] - steps[last]
    part = (length - before) / steps[last]
    start, end = stroke.points[last : last + 2]
    tip = start + part * (end - start)
    return np.concatenate([stroke.points[: last + 1], tip[None]])


def _draw(canvas: ImageDraw.ImageDraw, stroke: Stroke) -> None:
    """Draw a stroke, with round joints where it turns sharply."""
    points, ink, width = stroke
    canvas.line(points.ravel().tolist(), fill=ink, width=width)
    if width > 2:
        radius = width / 2 - 0.5
        for x, y in sharp_corners(points).tolist():
            box = (x - radius, y - radius, x + radius, y + radius)
            canvas.ellipse(box, fill=ink)


def _erase(canvas: ImageDraw.ImageDraw, erasure: Erasure) -> None:
    """Make an area paper again."""
    flat = erasure.points.ravel().tolist()
    if erasure.width:
        canvas.line(flat, fill=PAPER, width=erasure.width)
    else:
        canvas.polygon(flat, fill=PAPER)
