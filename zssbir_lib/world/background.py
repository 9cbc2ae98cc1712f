"""What lies behind the object: colours that let it show, in slow or steep gradients."""

import math

import numpy as np

from zssbir_lib.world.palette import Colour, luminance
from zssbir_lib.world.textures import ramps

LUMINANCES = np.linspace(0.12, 0.94, 24)  # what a background may be
LEAST_SEPARATION = 0.2  # between object and background luminance, on average
FULL_SEPARATION = 0.3  # a part cannot count for more than this
CLUTTER_IN_OBJECT_TONES = 0.25  # share of clutter shapes that may hide the object


def separated_luminances(colours: tuple[Colour, ...], areas: np.ndarray) -> np.ndarray:
    """Tell which background luminances let an object be seen.

    The distance of every part's luminance to the background's counts by the part's
    visible area, and up to `FULL_SEPARATION` only: one glaring part does not make up
    for a body that vanishes.

    Args:
        colours: Colours of the parts, (P,) tuples of floats 0 to 1.
        areas: Visible area of each part, (P,), any unit.

    Returns:
        True for every entry of `LUMINANCES` that is far enough away, (24,) bool; if
        none is, the farthest one.
    """
    parts = luminance(np.array(colours).T)
    distances = np.abs(LUMINANCES[:, None] - parts[None, :])
    weights = areas / max(1e-9, float(areas.sum()))
    separations = np.minimum(distances, FULL_SEPARATION) @ weights
    allowed = separations >= LEAST_SEPARATION
    return allowed if allowed.any() else separations == separations.max()


def muted_colours(rng: np.random.Generator, brightness: np.ndarray) -> np.ndarray:
    """Draw colours of given luminance: mostly greyish, often warm or cool.

    Args:
        rng: The image's generator.
        brightness: Wanted luminances, (N,), 0 to 1.

    Returns:
        Colours, (3, N) float64, 0 to 1: rows red, green, blue.
    """
    warmth, tint, saturation = rng.random((3, len(brightness)))
    strength = 0.7 * saturation * saturation
    warm, pink = strength * (2 * warmth - 1), 0.4 * strength * (2 * tint - 1)
    red, green, blue = 0.5 * warm + 0.4 * pink, -0.4 * pink, 0.4 * pink - 0.6 * warm
    shift = brightness - luminance((red, green, blue))
    colours = np.stack([red + shift, green + shift, blue + shift])
    return np.minimum(np.maximum(colours, 0.0), 1.0)


def surrounding_luminances(
    allowed: np.ndarray, clutter: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw the luminances of the background's two ends and of the clutter shapes.

    Everything between the two ends is allowed, too, so that the object does not vanish
    somewhere along a gradient. Few clutter shapes have the object's own tones.

    Args:
        allowed: Which of `LUMINANCES` let the object be seen, (24,) bool.
        clutter: Number of clutter shapes.
        rng: The image's generator.

    Returns:
        Luminances, (2 + clutter,): first end, second end, clutter shapes.
    """
    choices = np.flatnonzero(allowed)
    first = int(choices[int(len(choices) * rng.random())])
    blocked = np.flatnonzero(~allowed).tolist()
    low = max((place + 1 for place in blocked if place < first), default=0)
    high = min((place - 1 for place in blocked if place > first), default=23)
    second = low + int((high - low + 1) * rng.random())
    free, position = rng.random((2, clutter))
    hidden = (position * len(LUMINANCES)).astype(int)
    seen = choices[(position * len(choices)).astype(int)]
    shapes = np.where(free < CLUTTER_IN_OBJECT_TONES, hidden, seen)
    return LUMINANCES[np.concatenate([[first, second], shapes]).astype(int)]


def gradient(
    first: np.ndarray, second: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Paint a background that changes from one colour to another.

    Four in ten have a horizon (a steep change), the others a slow gradient.

    Args:
        first: Colour on one side, (3,).
        second: Colour on the other side, (3,).
        size: Size of the image in pixels.
        rng: The image's generator.

    Returns:
        (3, size, size) float32.
    """
    turn, horizon, level = rng.random(3).tolist()
    right, down = ramps(size)
    angle = 2 * math.pi * turn
    blend = (math.cos(angle) * 0.35) * right + (math.sin(angle) * 0.35) * down + 0.5
    if horizon < 0.4:
        blend = np.clip((blend - (0.3 + 0.4 * level)) * 12 + 0.5, 0, 1)
    start = first.astype(np.float32)[:, None, None]
    return start + (second - first).astype(np.float32)[:, None, None] * blend
