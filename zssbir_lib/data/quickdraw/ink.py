"""Lines of a given width as anti-aliased ink, from the distance of each pixel."""

from collections.abc import Iterator, Sequence

import numpy as np

PIECE = 6.0  # pixels; long lines are cut into pieces, each with a small window
PAIRS = 2**20  # pieces times pixels of a window looked at together
SEGMENTS = 4096  # straight lines cut into pieces together


def draw_ink(strokes: Sequence[np.ndarray], size: int, width: float) -> np.ndarray:
    """Draw lines with a round pen.

    A pixel is as dark as the pen covers it, judged by the distance from its centre to
    the nearest point of a line: exact for lines along the axes, close for others.
    Ends and corners are round. Where lines meet, the darker one counts, so adding a
    line never makes a pixel lighter.

    Args:
        strokes: Lines (N, 2) in pixels, x to the right and y down; the centre of the
            first pixel is (0.5, 0.5). All points lie within 0 to `size`.
        size: S, the side of the image.
        width: Width of the pen in pixels, above 0.

    Returns:
        (S, S) float32, 0 for paper and 1 for ink.
    """
    longest = max(PIECE, width)
    border = int(np.ceil((longest + width) / 2 + 1))
    span = size + 2 * border + 1  # so that every window lies on the canvas
    at_once = max(1, PAIRS // (2 * border + 1) ** 2)
    nearest = np.full(span * span, np.inf, dtype=np.float32)  # squared distances
    for some_lines in _in_parts(_straight_lines(strokes), SEGMENTS):
        for pieces in _in_parts(_cut(some_lines, longest), at_once):
            pixels, squares = _window(pieces, border, span)
            np.minimum.at(nearest, pixels.ravel(), squares.ravel())  # fast when flat
    image = slice(border, border + size)
    inside = nearest.reshape(span, span)[image, image]
    return coverage(np.sqrt(inside), width)


def coverage(distances: np.ndarray, width: float) -> np.ndarray:
    """Say how much of a pixel a straight line of some width covers.

    Args:
        distances: From the pixel's centre to the middle of the line, in pixels, any
            shape.
        width: Width of the line in pixels.

    Returns:
        Shares from 0 to 1, same shape.
    """
    far = np.minimum(distances + 0.5, width / 2)
    near = np.maximum(distances - 0.5, -width / 2)
    return np.clip(far - near, 0, 1)


def _in_parts(lines: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Yield so many lines at a time, so that memory does not grow with the drawing."""
    for first in range(0, len(lines), count):
        yield lines[first : first + count]


def _straight_lines(strokes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the start of every straight line and the way to its end, (P, 2, 2)."""
    lines = [stroke if len(stroke) > 1 else stroke[[0, 0]] for stroke in strokes]
    starts = np.concatenate([line[:-1] for line in lines]).astype(np.float64)
    ends = np.concatenate([line[1:] for line in lines])
    return np.stack([starts, ends - starts], axis=1)


def _cut(lines: np.ndarray, longest: float) -> np.ndarray:
    """Cut straight lines into equal pieces, (P, 2, 2) -> (Q, 2, 2), Q >= P."""
    lengths = np.hypot(lines[:, 1, 0], lines[:, 1, 1])
    counts = np.maximum(np.ceil(lengths / longest).astype(int), 1)  # a dot stays one
    pieces = np.repeat(lines, counts, axis=0)
    pieces[:, 1] /= np.repeat(counts, counts)[:, None]
    numbers = np.arange(len(pieces)) - np.repeat(counts.cumsum() - counts, counts)
    pieces[:, 0] += numbers[:, None] * pieces[:, 1]
    return pieces


def _window(
    pieces: np.ndarray, border: int, span: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels around each piece and their squared distances from it."""
    offsets = np.arange(-border, border + 1)
    middles = np.floor(pieces[:, 0] + pieces[:, 1] / 2)  # (P, 2)
    corners = middles.astype(int) + border
    columns = corners[:, :1] + offsets  # (P, W)
    rows = corners[:, 1:] + offsets
    squares = _squared_distances(
        (pieces[:, 0] - middles - 0.5).astype(np.float32),
        pieces[:, 1].astype(np.float32),
        offsets.astype(np.float32),
    )
    return rows[:, :, None] * span + columns[:, None, :], squares


def _squared_distances(
    starts: np.ndarray, ways: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """Return squared distances (P, W, W) from the points of a grid to straight lines.

    Args:
        starts: Where lines start, seen from the middle of the grid, (P, 2).
        ways: From start to end, (P, 2).
        offsets: Rows and columns of the grid, (W,).
    """
    x = offsets[None, None, :] - starts[:, 0, None, None]  # (P, 1, W)
    y = offsets[None, :, None] - starts[:, 1, None, None]  # (P, W, 1)
    way_x, way_y = ways[:, 0, None, None], ways[:, 1, None, None]
    squared = np.maximum(way_x**2 + way_y**2, 1e-12)
    along = np.clip((x * way_x + y * way_y) / squared, 0, 1)  # (P, W, W)
    return (x - along * way_x) ** 2 + (y - along * way_y) ** 2
