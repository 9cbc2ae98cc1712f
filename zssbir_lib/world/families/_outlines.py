"""Point lists that several families share: no class is defined here."""

from collections.abc import Sequence
from math import cos, sin, tau

Point = tuple[float, float]


def polar(x: float, y: float, radius: float, turn: float) -> Point:
    """Return the point `radius` away from (x, y); turn 0 is right, 0.25 is down."""
    return x + radius * cos(tau * turn), y + radius * sin(tau * turn)


def between(start: Point, end: Point, fraction: float) -> Point:
    """Return the point that lies `fraction` of the way from start to end."""
    x = start[0] + fraction * (end[0] - start[0])
    y = start[1] + fraction * (end[1] - start[1])
    return x, y


def symmetric(*profile: Point, centre: float = 0.5) -> list[Point]:
    """Return a closed outline from (half width, y) pairs, mirrored about x = centre."""
    right = [(centre + half_width, y) for half_width, y in profile]
    left = [(centre - half_width, y) for half_width, y in profile if half_width > 0]
    return right + left[::-1]


def beside(side: int, points: Sequence[Point]) -> list[Point]:
    """Place (distance from the middle, y) pairs on the left (-1) or right (1)."""
    return [(0.5 + side * distance, y) for distance, y in points]
