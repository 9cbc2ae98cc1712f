"""Lines as a hand draws them: shaky, with gaps, one stroke after the other."""

import math
from typing import NamedTuple

import numpy as np
from PIL import ImageDraw

from zssbir_lib.world.geometry import unit_normals
from zssbir_lib.world.pose import PosedParts

CELLS = 7  # line density is measured on a grid of this many cells per side
NOISE_STEP = 5  # the hand's tremor changes direction every so many points


def shaky(
    posed: PosedParts, rng: np.random.Generator, tremor: float, drift: float
) -> np.ndarray:
    """Move points (N, 2) as an unsteady hand does.

    `tremor` and `drift` are standard deviations: of the smooth displacement along a
    line, and of that of a whole part, whose size changes by three times this share.
    """
    count, parts = len(posed.points), len(posed.counts)
    knots = rng.standard_normal((count // NOISE_STEP + 2, 2)) * tremor
    places = np.arange(count) / NOISE_STEP
    index = places.astype(int)
    share = (places - index)[:, None]
    shift, growth = rng.standard_normal((2, parts, 2)) * drift
    factors = np.repeat(1 + 3 * growth, posed.counts, axis=0)
    points = posed.points * factors + np.repeat(shift, posed.counts, axis=0)
    return points + knots[index] * (1 - share) + knots[index + 1] * share


def narrowest_gap(posed: PosedParts, outlines: np.ndarray) -> float:
    """Estimate the distance between neighbouring lines where they are densest.

    Lines at a distance g fill an area with a length of 1 / g per unit of area. So the
    gap is read from the densest cells of a coarse grid. `outlines` (P,) holds the
    length of every part's line, 0 for one not drawn.
    """
    weights = np.repeat(outlines / posed.counts, posed.counts)
    cells = np.clip(((posed.points + 0.5) * CELLS).astype(int), 0, CELLS - 1)
    lengths = np.bincount(
        cells[:, 0] * CELLS + cells[:, 1], weights, minlength=CELLS * CELLS
    )
    dense = float(np.sort(lengths)[-5:].mean())
    return 1 / (CELLS * CELLS * max(dense, 1e-6))


def both_sides(points: np.ndarray, width: float) -> list[np.ndarray]:
    """Return the two edges, (N, 2) each, of a thick stroke."""
    offsets = unit_normals(points) * (width / 2)
    return [points + offsets, points - offsets]


def cut_outline(points: np.ndarray, start: float, gap: float) -> np.ndarray:
    """Open an outline (N, 2), its last point the first, perhaps leaving a gap; (M, 2).

    `start`, where the pen is set down, and `gap` are shares of the outline, 0 to 1.
    """
    first = int(start * (len(points) - 1))
    opened = np.concatenate([points[first:-1], points[: first + 1]])
    return opened[: max(2, len(opened) - int(gap * len(opened)))]


def pieces(points: np.ndarray, count: int) -> list[np.ndarray]:
    """Cut a line into strokes of about equal length that share their end points."""
    last = len(points) - 1
    count = max(1, min(count, last))
    ends = [round(last * index / count) for index in range(count + 1)]
    return [points[a : b + 1] for a, b in zip(ends[:-1], ends[1:], strict=True)]


def sharp_corners(points: np.ndarray) -> np.ndarray:
    """Find the places where a line turns by more than 40 degrees, without its ends."""
    steps = points[1:] - points[:-1]
    lengths = np.hypot(steps[:, 0], steps[:, 1]) + 1e-9
    cosines = (steps[1:] * steps[:-1]).sum(axis=1) / (lengths[1:] * lengths[:-1])
    return points[1:-1][cosines < math.cos(math.radians(40))]


# The strokes in the order they are drawn, so that a sketch can stop half-way


PAPER = 255


class Stroke(NamedTuple):
    """One movement of the pen."""

    points: np.ndarray  # where it goes, (N, 2), pixels of the canvas
    ink: int  # grey value, 0 to 255
    width: int  # pixels


class Erasure(NamedTuple):
    """An area that becomes paper again, for an opaque part covers what was there."""

    points: np.ndarray  # its outline, or the middle line of a thick stroke, (N, 2)
    width: int  # pixels of the thick stroke; 0 for an outline


def draw_actions(
    canvas: ImageDraw.ImageDraw, actions: list[Stroke | Erasure], share: float = 1.0
) -> None:
    """Draw and erase in order until a share of the pen's whole way is done.

    The stroke in which the share ends is cut there.
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
    """Return the length of a line (N, 2), in the unit of its points."""
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
