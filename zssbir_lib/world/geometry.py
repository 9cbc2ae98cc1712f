"""Point functions: every shape of the drawn world becomes an array of points.

All coordinates live in the unit square, x to the right and y down. A function here
takes numbers or points and returns an array (N, 2) of float64; nothing is random.
"""

import math
from collections.abc import Sequence

import numpy as np

Points = Sequence[tuple[float, float]] | np.ndarray

SPACING = 0.09  # longest distance between neighbouring points of a subdivided line
CURVE_STEPS = 6  # points that a smooth curve gets per piece
CIRCLE_STEPS = 28  # points on a full, large ellipse


def _curve_weights(steps: int) -> np.ndarray:
    """Return the (steps, 4) Catmull-Rom weights of the four points around a piece."""
    t = np.arange(steps) / steps
    return 0.5 * np.stack(
        [
            -t + 2 * t**2 - t**3,
            2 - 5 * t**2 + 3 * t**3,
            t + 4 * t**2 - 3 * t**3,
            -(t**2) + t**3,
        ],
        axis=1,
    )


_WEIGHTS = _curve_weights(CURVE_STEPS)

# four points on each quarter of the unit circle, from the top clockwise
_QUARTERS = [
    [
        (math.cos(angle), math.sin(angle))
        for angle in (math.radians(start + step) for step in (0, 30, 60, 90))
    ]
    for start in (-90, 0, 90, 180)
]


def subdivide(points: Points, closed: bool, spacing: float = SPACING) -> np.ndarray:
    """Add points along straight edges, so that a later warp can bend them; (M, 2).

    A closed outline does not repeat its first point.
    """
    corners = [*points, points[0]] if closed else points
    flat: list[float] = []  # x, y, x, y, ...: a flat list is the fast way to an array
    x, y = corners[0]
    for next_x, next_y in corners[1:]:
        flat += (x, y)
        length = math.hypot(next_x - x, next_y - y)
        if length > spacing:
            pieces = math.ceil(length / spacing - 1e-9)
            step_x, step_y = (next_x - x) / pieces, (next_y - y) / pieces
            for i in range(1, pieces):
                flat += (x + step_x * i, y + step_y * i)
        x, y = next_x, next_y
    if not closed:
        flat += (x, y)
    return np.array(flat, dtype=float).reshape(-1, 2)


def smooth_curve(points: Points, closed: bool) -> np.ndarray:
    """Lay a Catmull-Rom curve through points (N, 2), `CURVE_STEPS` points a piece.

    Source: E. Catmull and R. Rom, "A class of local interpolating splines", 1974.
    """
    knots = np.asarray(points, dtype=float)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        before, after = 2 * knots[:1] - knots[1:2], 2 * knots[-1:] - knots[-2:-1]
        padded = np.concatenate([before, knots, after])
    pieces = len(padded) - 3
    neighbours = np.concatenate(
        [padded[shift : shift + pieces, None] for shift in range(4)], axis=1
    )
    curve = (_WEIGHTS @ neighbours).reshape(-1, 2)
    return curve if closed else np.concatenate([curve, knots[-1:]])


def ellipse_points(
    x: float,
    y: float,
    rx: float,
    ry: float,
    tilt: float = 0.0,
    start: float = 0.0,
    stop: float = 1.0,
    count: int | None = None,
) -> np.ndarray:
    """Return points (count, 2) on an ellipse, or on a piece of one; arguments of `arc`.

    A full turn does not repeat its first point; larger pieces get more points.
    """
    if count is None:
        density = min(1.0, 0.3 + 2.2 * max(rx, ry))
        count = max(10, int(CIRCLE_STEPS * abs(stop - start) * density))
    full = abs(stop - start) >= 0.999
    step = (stop - start) / (count if full else count - 1)
    angles = 2 * math.pi * (start + step * np.arange(count))
    points = np.empty((count, 2))
    across, down = rx * np.cos(angles), ry * np.sin(angles)
    if tilt:
        cosine, sine = math.cos(tilt), math.sin(tilt)
        across, down = cosine * across - sine * down, sine * across + cosine * down
    points[:, 0], points[:, 1] = x + across, y + down
    return points


def rounded_rectangle(
    x0: float, y0: float, x1: float, y1: float, radius: float
) -> np.ndarray:
    """Return the outline (N, 2) of a rectangle; too large a radius is shortened."""
    radius = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    left, right, upper, lower = x0 + radius, x1 - radius, y0 + radius, y1 - radius
    centres = ((right, upper), (right, lower), (left, lower), (left, upper))
    outline = [
        (x + radius * across, y + radius * down)
        for (x, y), quarter in zip(centres, _QUARTERS, strict=True)
        for across, down in quarter
    ]
    return subdivide(outline, closed=True)


def unit_normals(points: np.ndarray) -> np.ndarray:
    """Return the unit vectors (N, 2) at right angles to an open line (N, 2)."""
    normals = np.empty_like(points)
    along = points[2:] - points[:-2]
    normals[1:-1, 0], normals[1:-1, 1] = -along[:, 1], along[:, 0]
    for end, (start_point, stop_point) in ((0, points[:2]), (-1, points[-2:])):
        x, y = (stop_point - start_point).tolist()
        normals[end] = -y, x
    normals /= np.hypot(normals[:, 0], normals[:, 1])[:, None] + 1e-12
    return normals


def limb_outline(
    points: Points, width: float, end_width: float, smooth: bool = True
) -> np.ndarray:
    """Return the outline (2 M, 2) of a tube that follows a line and may taper."""
    if smooth and len(points) > 2:
        middle = smooth_curve(points, closed=False)
    else:
        middle = subdivide(points, closed=False)
    progress = np.arange(len(middle)) / (len(middle) - 1)
    half_widths = 0.5 * (width + (end_width - width) * progress)
    offsets = unit_normals(middle) * half_widths[:, None]
    return np.concatenate([middle + offsets, (middle - offsets)[::-1]])
