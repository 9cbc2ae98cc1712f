"""The pencil case of a class definition: colours by name, `Drawing` with its shapes.

A class of the world is a short function that receives a `Drawing` and adds shapes to
it. Coordinates live in the unit square (x right, y down); the object should fill
about 0.05 to 0.95. Parts are painted in order, later ones on top.
"""

from collections.abc import Callable, Sequence
from colorsys import hsv_to_rgb
from typing import Any, NamedTuple, TypeVar

import numpy as np

from zssbir_lib.world.geometry import (
    Points,
    ellipse_points,
    limb_outline,
    rounded_rectangle,
    smooth_curve,
    subdivide,
)

# Colours: a name is a range, one draw is one colour


Colour = tuple[float, float, float]
Channel = TypeVar("Channel", float, np.ndarray)

# name: (hue low, hue high, saturation low, high, value low, high), all in turns or 0..1
COLOURS: dict[str, tuple[float, float, float, float, float, float]] = {
    "red": (-0.03, 0.03, 0.65, 0.95, 0.60, 0.95),
    "orange": (0.05, 0.10, 0.70, 1.00, 0.75, 1.00),
    "yellow": (0.12, 0.17, 0.60, 0.95, 0.80, 1.00),
    "green": (0.25, 0.40, 0.40, 0.90, 0.35, 0.80),
    "dark_green": (0.28, 0.40, 0.50, 0.90, 0.20, 0.50),
    "blue": (0.55, 0.68, 0.45, 0.90, 0.40, 0.95),
    "sky": (0.50, 0.60, 0.20, 0.50, 0.70, 1.00),
    "purple": (0.72, 0.85, 0.35, 0.80, 0.40, 0.85),
    "pink": (0.90, 0.97, 0.25, 0.60, 0.80, 1.00),
    "brown": (0.04, 0.09, 0.45, 0.80, 0.25, 0.60),
    "wood": (0.06, 0.11, 0.35, 0.70, 0.45, 0.80),
    "tan": (0.07, 0.12, 0.20, 0.45, 0.70, 0.95),
    "grey": (0.00, 1.00, 0.00, 0.08, 0.35, 0.75),
    "metal": (0.50, 0.65, 0.02, 0.15, 0.50, 0.90),
    "white": (0.00, 1.00, 0.00, 0.08, 0.85, 1.00),
    "black": (0.00, 1.00, 0.00, 0.20, 0.03, 0.22),
    "any": (0.00, 1.00, 0.30, 0.95, 0.35, 1.00),
    "glass": (0.40, 0.60, 0.10, 0.40, 0.60, 0.95),
    "skin": (0.04, 0.09, 0.25, 0.55, 0.60, 0.95),
    "stone": (0.05, 0.15, 0.05, 0.25, 0.40, 0.80),
    "fur": (0.03, 0.12, 0.10, 0.70, 0.15, 0.90),
}


def pick_colour(name: str, rng: np.random.Generator) -> Colour:
    """Draw a colour (red, green, blue), 0 to 1, from the range of a palette name."""
    ranges = COLOURS.get(name)
    if ranges is None:
        raise ValueError(f"unknown colour {name!r}; expected one of {sorted(COLOURS)}")
    hue_low, hue_high, saturation_low, saturation_high, value_low, value_high = ranges
    first, second, third = rng.random(3).tolist()
    return hsv_to_rgb(
        (hue_low + (hue_high - hue_low) * first) % 1.0,
        saturation_low + (saturation_high - saturation_low) * second,
        value_low + (value_high - value_low) * third,
    )


def luminance(colour: Sequence[Channel]) -> Channel:
    """Return how bright colours look, 0 to 1: Rec. 601 luma, shaped as a channel."""
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue


# The drawing board


ESSENTIAL, NORMAL, FINE = 0, 1, 2  # the levels of detail


class Part(NamedTuple):
    """One shape of a drawing.

    Attributes:
        points: outline or line, (N, 2), in the unit square.
        closed: True for a filled shape, False for a stroke.
        colour: (red, green, blue), floats from 0 to 1.
        detail: 0 essential, 1 normal, 2 fine; higher levels may be left out.
        width: thickness of a stroke in the photo; 0 for a filled shape.
    """

    points: np.ndarray
    closed: bool
    colour: Colour
    detail: int
    width: float


class Drawing:
    """Build one object out of shapes; every choice comes from the image's generator.

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

        A colour already drawn is returned as it is.
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
            x: centre, to the right.
            y: centre, down.
            rx: radius along the ellipse's own x axis.
            ry: radius along its own y axis; None for rx, which makes a circle.
            colour: a palette name, or a colour from `colour`.
            detail: 0 essential, 1 normal, 2 fine.
            tilt: rotation in radians, clockwise as seen.
            start: first angle in turns; 0 is right, 0.25 is down.
            stop: last angle in turns.
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
        """Draw a piece of an ellipse as a stroke, `width` thick in the photo.

        The other arguments are those of `ellipse`; start + 1 makes the whole ellipse.
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


Definition = Callable[[Drawing], None]  # what a class is: it draws one object
