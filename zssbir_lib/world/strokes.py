"""How a hand moves: shaky lines, gaps, several strokes to an outline."""

import math

import numpy as np

from zssbir_lib.world.geometry import unit_normals
from zssbir_lib.world.pose import PosedParts

CELLS = 7  # line density is measured on a grid of this many cells per side
NOISE_STEP = 5  # the hand's tremor changes direction every so many points


def shaky(
    posed: PosedParts, rng: np.random.Generator, tremor: float, drift: float
) -> np.ndarray:
    """Move points as an unsteady hand does.

    Args:
        posed: The posed parts.
        rng: The image's generator.
        tremor: Standard deviation of the smooth displacement along a line.
        drift: Standard deviation of the displacement of a part as a whole; its size
            changes by three times this share.

    Returns:
        Points, (N, 2).
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

    Lines at a distance g fill an area with a length of 1 / g per unit of area. So
    the gap is read from the densest cells of a coarse grid.

    Args:
        posed: The posed parts; their longer side is 1.
        outlines: Length of the line of every part, (P,); 0 for one not drawn.

    Returns:
        The gap, in units of the object's longer side.
    """
    weights = np.repeat(outlines / posed.counts, posed.counts)
    cells = np.clip(((posed.points + 0.5) * CELLS).astype(int), 0, CELLS - 1)
    lengths = np.bincount(
        cells[:, 0] * CELLS + cells[:, 1], weights, minlength=CELLS * CELLS
    )
    dense = float(np.sort(lengths)[-5:].mean())
    return 1 / (CELLS * CELLS * max(dense, 1e-6))


def both_sides(points: np.ndarray, width: float) -> list[np.ndarray]:
    """Return the two edges of a thick stroke.

    Args:
        points: The middle line, (N, 2).
        width: Thickness, in the unit of the points.

    Returns:
        Two lines, (N, 2) each.
    """
    offsets = unit_normals(points) * (width / 2)
    return [points + offsets, points - offsets]


def cut_outline(points: np.ndarray, start: float, gap: float) -> np.ndarray:
    """Open a closed outline at a random place, perhaps leaving a gap.

    Args:
        points: Outline whose last point repeats the first, (N, 2).
        start: Where the pen is set down, a share of the outline, 0 to 1.
        gap: Share of the outline left open, 0 to 1.

    Returns:
        Open line, (M, 2), 2 <= M <= N.
    """
    first = int(start * (len(points) - 1))
    opened = np.concatenate([points[first:-1], points[: first + 1]])
    return opened[: max(2, len(opened) - int(gap * len(opened)))]


def pieces(points: np.ndarray, count: int) -> list[np.ndarray]:
    """Cut a line into strokes of about equal length that share their end points.

    Args:
        points: The line, (N, 2), N >= 2.
        count: Number of strokes, at least 1.

    Returns:
        `count` lines, of two points or more each.
    """
    last = len(points) - 1
    count = max(1, min(count, last))
    ends = [round(last * index / count) for index in range(count + 1)]
    return [points[a : b + 1] for a, b in zip(ends[:-1], ends[1:], strict=True)]


def sharp_corners(points: np.ndarray) -> np.ndarray:
    """Find the places where a line turns by more than 40 degrees.

    Args:
        points: The line, (N, 2).

    Returns:
        Those points, (M, 2), without the line's ends.
    """
    steps = points[1:] - points[:-1]
    lengths = np.hypot(steps[:, 0], steps[:, 1]) + 1e-9
    cosines = (steps[1:] * steps[:-1]).sum(axis=1) / (lengths[1:] * lengths[:-1])
    return points[1:-1][cosines < math.cos(math.radians(40))]
