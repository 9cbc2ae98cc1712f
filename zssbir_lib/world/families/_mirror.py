"""Points beside the middle line, for objects with two equal sides."""

from collections.abc import Sequence

from zssbir_lib.world.families._outlines import Point


def beside(side: int, points: Sequence[Point]) -> list[Point]:
    """Place (distance from the middle, y) pairs on the left (-1) or right (1)."""
    return [(0.5 + side * distance, y) for distance, y in points]
