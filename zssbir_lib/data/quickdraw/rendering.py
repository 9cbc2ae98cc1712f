"""Render a drawing, or the beginning of one, as an image: black ink on white paper."""

from dataclasses import replace

import numpy as np

from zssbir_lib.data.quickdraw.drawing import Drawing
from zssbir_lib.data.quickdraw.ink import draw_ink
from zssbir_lib.data.quickdraw.partial import check_share, partial_drawing
from zssbir_lib.data.quickdraw.smoothing import (
    SMOOTHING,
    check_smoothing,
    smooth_drawing,
)

SMALLEST_SIZE, LARGEST_SIZE = 8, 4096
WIDTH = 0.015
PADDING = 0.05


def render_drawing(
    drawing: Drawing,
    size: int = 224,
    width: float = WIDTH,
    padding: float = PADDING,
    smoothing: float = SMOOTHING,
    share: float = 1.0,
) -> np.ndarray:
    """Render a drawing into the middle of a square, its aspect ratio kept.

    Lengths are shares of the image's side, so that one drawing looks the same at every
    size. A part of a drawing stays at its place: `share` cuts after the whole was
    smoothed and placed, and the ink of a smaller share is ink of a larger one.

    Args:
        drawing: The whole drawing.
        size: S, the side in pixels, 8 to 4096.
        width: Width of the pen, above 0; 0.015 is 3.4 of 224 pixels.
        padding: Empty paper on each side that the ink never touches, 0 or more.
        smoothing: How far curves may leave the straight line between two points, as a
            share of the drawing's longer side, see `smooth_drawing`; 0 for none.
        share: How much of the length of all strokes is drawn, above 0 to 1, see
            `partial_drawing`.

    Returns:
        (S, S) uint8, anti-aliased: 255 is paper, 0 is ink.

    Raises:
        ValueError: If an argument is out of range, or width and padding leave no
            room to draw.
    """
    check_rendering(size, width, padding, smoothing, share)
    room = size * (1 - 2 * padding - width)
    whole = place_drawing(smooth_drawing(drawing, smoothing), size, room)
    part = partial_drawing(whole, share)
    ink = draw_ink(part.strokes, size, width * size)
    return 255 - np.rint(255 * ink).astype(np.uint8)


def check_rendering(
    size: int, width: float, padding: float, smoothing: float, share: float
) -> None:
    """Check the arguments of `render_drawing`.

    Args:
        size: The side in pixels.
        width: Width of the pen.
        padding: Empty paper on each side.
        smoothing: How far curves may leave the straight line.
        share: How much is drawn.

    Raises:
        ValueError: Naming the argument that is out of range.
    """
    if not isinstance(size, int) or not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        raise ValueError(
            f"size is {size!r}, expected a whole number of pixels from "
            f"{SMALLEST_SIZE} to {LARGEST_SIZE}"
        )
    if not 0 < width <= 0.25:
        raise ValueError(
            f"width is {width}, expected above 0 and at most 0.25 of the image's side"
        )
    if not 0 <= padding or not 2 * padding + width < 0.9:
        raise ValueError(
            f"padding is {padding}, expected 0 or more; with a pen of width {width} "
            f"it must stay below {(0.9 - width) / 2:g} of the image's side"
        )
    check_smoothing(smoothing)
    check_share(share)


def place_drawing(drawing: Drawing, size: int, room: float) -> Drawing:
    """Move and scale a drawing into the middle of an image.

    Args:
        drawing: A drawing in any unit.
        size: The side of the image in pixels.
        room: What the longer side of the drawing is to measure, in pixels.

    Returns:
        The drawing in pixels. One dot, or several in the same place, go to the centre.
    """
    points = np.concatenate(drawing.strokes).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    side = (high - low).max()
    scale = room / side if side > 0 else 0.0
    middle = (low + high) / 2
    return replace(
        drawing,
        strokes=tuple(
            ((stroke - middle) * scale + size / 2).astype(np.float32)
            for stroke in drawing.strokes
        ),
    )
