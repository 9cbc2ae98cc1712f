"""The pencil case of a class definition: `Drawing` collects the parts of one object.

A class of the world is a short function that receives a `Drawing` and adds shapes to
it. Coordinates live in the unit square (x right, y down); the object should fill
about 0.05 to 0.95. Parts are painted in order, later ones on top.
"""

from typing import Any, NamedTuple

import numpy as np

from zssbir_lib.world.geometry import (
    Points,
    ellipse_points,
    limb_outline,
    rounded_rectangle,
    smooth_curve,
    subdivide,
)
from zssbir_lib.world.palette import Colour, pick_colour

ESSENTIAL, NORMAL, FINE = 0, 1, 2  # the levels of detail


class Part(NamedTuple):
    """One shape of a drawing.

    Attributes:
        points: Outline or line, (N, 2), in the unit square.
        closed: True for a filled shape, False for a stroke.
        colour: (red, green, blue), floats from 0 to 1.
        detail: 0 essential, 1 normal, 2 fine; higher levels may be left out.
        width: Thickness of a stroke in the photo; 0 for a filled shape.
    """

    points: np.ndarray
    closed: bool
    colour: Colour
    detail: int
    width: float


class Drawing:
    """Builds one object out of shapes; every choice comes from one generator.

    Args:
        rng: The generator of this image.

    Example:
        >>> draw = Drawing(np.random.default_rng(0))
        >>> draw.ellipse(0.5, 0.5, 0.4, colour="yellow")
        >>> len(draw.parts)
        1
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.parts: list[Part] = []
        self._rng = rng
        self._random = rng.random

    # ---------------------------------------------------------------- chance

    def uniform(self, low: float, high: float) -> float:
        """Return a number between low and high, every one equally likely."""
        return low + (high - low) * self._random()

    def chance(self, probability: float) -> bool:
        """Return True with the given probability (0 to 1)."""
        return self._random() < probability

    def pick(self, *options: Any) -> Any:
        """Return one of the options, every one equally likely."""
        return options[int(len(options) * self._random())]

    def colour(self, name: str | Colour) -> Colour:
        """Draw one concrete colour of a palette name, to share between parts.

        Args:
            name: A palette name ("wood"), or a colour already drawn, returned as is.

        Returns:
            (red, green, blue), floats from 0 to 1.

        Raises:
            ValueError: If the palette has no such name.
        """
        return name if isinstance(name, tuple) else pick_colour(name, self._rng)

    # --------------------------------------------------------- filled shapes

    def outline(
        self, points: Points, colour: str | Colour = "any", detail: int = 0
    ) -> None:
        """Fill a closed outline, its points used as they are (a dense array)."""
        self._add(np.asarray(points, dtype=float), True, colour, detail, 0.0)

    def polygon(
        self, points: Points, colour: str | Colour = "any", detail: int = 0
    ) -> None:
        """Fill a shape with straight edges between the given corners."""
        self._add(subdivide(points, closed=True), True, colour, detail, 0.0)

    def blob(
        self, points: Points, colour: str | Colour = "any", detail: int = 0
    ) -> None:
        """Fill a smooth closed curve that passes through the points."""
        self._add(smooth_curve(points, closed=True), True, colour, detail, 0.0)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float | None = None,
        colour: str | Colour = "any",
        detail: int = 0,
        tilt: float = 0.0,
        start: float = 0.0,
        stop: float = 1.0,
    ) -> None:
        """Fill an ellipse, or the piece of one between two angles and its chord.

        Args:
            x: Centre, to the right.
            y: Centre, down.
            rx: Radius along the ellipse's own x axis.
            ry: Radius along its own y axis; by default rx, which makes a circle.
            colour: A palette name or a colour from `colour`.
            detail: 0 essential, 1 normal, 2 fine.
            tilt: Rotation in radians, clockwise as seen.
            start: First angle in turns; 0 is right, 0.25 is down.
            stop: Last angle in turns.
        """
        ry = rx if ry is None else ry
        points = ellipse_points(x, y, rx, ry, tilt, start, stop)
        self._add(points, True, colour, detail, 0.0)

    def rectangle(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        colour: str | Colour = "any",
        detail: int = 0,
    ) -> None:
        """Fill the rectangle between two opposite corners."""
        self.polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, detail)

    def rounded(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        radius: float = 0.04,
        colour: str | Colour = "any",
        detail: int = 0,
    ) -> None:
        """Fill a rectangle with round corners."""
        points = rounded_rectangle(x0, y0, x1, y1, radius)
        self._add(points, True, colour, detail, 0.0)

    def limb(
        self,
        points: Points,
        width: float,
        end_width: float | None = None,
        colour: str | Colour = "any",
        detail: int = 0,
        smooth: bool = True,
    ) -> None:
        """Fill a tube along the points, from `width` to `end_width` thick."""
        end_width = width if end_width is None else end_width
        outline = limb_outline(points, width, end_width, smooth)
        self._add(outline, True, colour, detail, 0.0)

    # ---------------------------------------------------------------- strokes

    def stroke(
        self,
        points: Points,
        width: float = 0.015,
        colour: str | Colour = "black",
        detail: int = 0,
    ) -> None:
        """Draw an open stroke, its points used as they are (a dense array)."""
        self._add(np.asarray(points, dtype=float), False, colour, detail, width)

    def line(
        self,
        points: Points,
        width: float = 0.015,
        colour: str | Colour = "black",
        detail: int = 0,
    ) -> None:
        """Draw straight strokes from point to point."""
        self._add(subdivide(points, closed=False), False, colour, detail, width)

    def curve(
        self,
        points: Points,
        width: float = 0.015,
        colour: str | Colour = "black",
        detail: int = 0,
    ) -> None:
        """Draw a smooth stroke that passes through the points."""
        self._add(smooth_curve(points, closed=False), False, colour, detail, width)

    def arc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        start: float,
        stop: float,
        width: float = 0.015,
        colour: str | Colour = "black",
        detail: int = 0,
        tilt: float = 0.0,
    ) -> None:
        """Draw a piece of an ellipse as a stroke; angles in turns, 0 right, 0.25 down.

        Args:
            x: Centre, to the right.
            y: Centre, down.
            rx: Radius along the ellipse's own x axis.
            ry: Radius along its own y axis.
            start: First angle in turns.
            stop: Last angle in turns; start + 1 makes the whole ellipse.
            width: Thickness in the photo.
            colour: A palette name or a colour from `colour`.
            detail: 0 essential, 1 normal, 2 fine.
            tilt: Rotation in radians, clockwise as seen.
        """
        points = ellipse_points(x, y, rx, ry, tilt, start, stop)
        if abs(stop - start) >= 0.999:
            points = np.concatenate([points, points[:1]])
        self._add(points, False, colour, detail, width)

    def ring(
        self,
        x: float,
        y: float,
        radius: float,
        width: float,
        colour: str | Colour = "black",
        detail: int = 0,
    ) -> None:
        """Draw a circle as a stroke."""
        self.arc(x, y, radius, radius, 0.0, 1.0, width, colour, detail)

    # -------------------------------------------------------------- compounds

    def wheel(
        self, x: float, y: float, radius: float, colour: str | Colour = "black"
    ) -> None:
        """Draw a tyre with a hub (the hub is a normal detail)."""
        self.ellipse(x, y, radius, colour=colour)
        self.ellipse(x, y, radius * 0.45, colour="metal", detail=NORMAL)

    def eye(self, x: float, y: float, radius: float = 0.02, detail: int = 1) -> None:
        """Draw a black pupil, sometimes in a white eyeball."""
        if self.chance(0.4):
            self.ellipse(x, y, radius * 1.5, colour="white", detail=detail)
        self.ellipse(x, y, radius, colour="black", detail=detail)

    def _add(
        self,
        points: np.ndarray,
        closed: bool,
        colour: str | Colour,
        detail: int,
        width: float,
    ) -> None:
        """Append one part; the colour is drawn here."""
        self.parts.append(Part(points, closed, self.colour(colour), detail, width))
