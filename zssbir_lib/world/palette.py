"""Named colours of the drawn world: a name is a range, one draw is one colour."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

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


def hsv_to_rgb(hue: float, saturation: float, value: float) -> Colour:
    """Convert one colour from hue, saturation, value to red, green, blue.

    Args:
        hue: Hue in turns; only the fraction counts, so -0.25 is 0.75.
        saturation: Saturation, 0 (grey) to 1 (pure).
        value: Brightness of the strongest channel, 0 to 1.

    Returns:
        (red, green, blue), floats from 0 to 1.
    """
    sector = (hue % 1.0) * 6.0
    index = int(sector)
    fraction = sector - index
    low = value * (1 - saturation)
    falling = value * (1 - saturation * fraction)
    rising = value * (1 - saturation * (1 - fraction))
    return (
        (value, rising, low),
        (falling, value, low),
        (low, value, rising),
        (low, falling, value),
        (rising, low, value),
        (value, low, falling),
    )[index % 6]


def pick_colour(name: str, rng: np.random.Generator) -> Colour:
    """Draw one concrete colour from the range behind a palette name.

    Args:
        name: A key of `COLOURS`, for example "wood".
        rng: The image's generator; three numbers are taken from it.

    Returns:
        (red, green, blue), floats from 0 to 1.

    Raises:
        ValueError: If the palette has no such name.
    """
    ranges = COLOURS.get(name)
    if ranges is None:
        raise ValueError(f"unknown colour {name!r}; expected one of {sorted(COLOURS)}")
    hue_low, hue_high, saturation_low, saturation_high, value_low, value_high = ranges
    first, second, third = rng.random(3).tolist()
    return hsv_to_rgb(
        hue_low + (hue_high - hue_low) * first,
        saturation_low + (saturation_high - saturation_low) * second,
        value_low + (value_high - value_low) * third,
    )


def luminance(colour: Sequence[Channel]) -> Channel:
    """Return how bright colours look, from 0 (black) to 1 (white).

    Args:
        colour: (red, green, blue), each a number or an array, 0 to 1.

    Returns:
        The Rec. 601 luma, 0.299 red + 0.587 green + 0.114 blue, shaped as a channel.
    """
    red, green, blue = colour
    return 0.299 * red + 0.587 * green + 0.114 * blue
