"""Curves through the points of a drawing, within what its simplification left out."""

from dataclasses import replace

import numpy as np

from zssbir_lib.data.quickdraw.drawing import Drawing

SMOOTHING = 1 / 255  # half of what the simplification allowed: nearest to raw lines
STEPS = 4  # points that a curve gets for each point it passes through
SHARP = 0.5  # cosine of a turn of 60 degrees: a sharper one is a corner, not a curve


def smooth_drawing(drawing: Drawing, smoothing: float = SMOOTHING) -> Drawing:
    """Replace straight lines between points by curves that pass through the points.

    QuickDraw's simplified files keep only the points needed to stay within 2 units,
    of the 255 that a drawing is wide or high, of the line the player drew. So the line
    may have been a curve, but one that left the straight line by no more than that;
    such a curve is put back, by default at most 1 unit from the straight line: of the
    limits we tried, that one comes nearest to the raw lines of the same drawings. No
    point of the drawing moves, its ends least of all, and corners of more than 60
    degrees stay corners. Raw files have a point every few pixels and hardly change.

    Args:
        drawing: A drawing.
        smoothing: How far the curve may leave the straight line, as a share of the
            longer side of the drawing; 0 changes nothing.

    Returns:
        The drawing with `STEPS` points for each one but the last of a stroke.
        Strokes of one or two points stay as they are.

    Raises:
        ValueError: If smoothing is not from 0 to 0.1.
    """
    check_smoothing(smoothing)
    if smoothing == 0:
        return drawing
    tolerance = smoothing * longer_side(drawing)
    strokes = tuple(_curve(stroke, tolerance) for stroke in drawing.strokes)
    return replace(
        drawing,
        strokes=strokes,
        times=drawing.times and tuple(map(_times_between, drawing.times)),
    )


def check_smoothing(smoothing: float) -> None:
    """Check that smoothing is from 0 to 0.1.

    Args:
        smoothing: How far a curve may leave the straight line.

    Raises:
        ValueError: If it is out of range.
    """
    if not 0 <= smoothing <= 0.1:
        raise ValueError(
            f"smoothing is {smoothing}, expected 0 (none) to 0.1 of the drawing's side"
        )


def longer_side(drawing: Drawing) -> float:
    """Measure the longer side of the box around a drawing.

    Args:
        drawing: A drawing.

    Returns:
        The width or the height, in the drawing's own unit; 0 for a single dot.
    """
    points = np.concatenate(drawing.strokes).astype(np.float64)
    return float(np.ptp(points, axis=0).max())


def _curve(stroke: np.ndarray, tolerance: float) -> np.ndarray:
    """Lay cubic curves through the points of a stroke, (N, 2) -> (4 N - 3, 2)."""
    if len(stroke) < 3:
        return stroke
    points = stroke.astype(np.float64)
    chords = np.diff(points, axis=0)  # (N - 1, 2)
    lengths = np.hypot(chords[:, 0], chords[:, 1])
    leaving, arriving = _directions(points, chords)
    t = (np.arange(STEPS) / STEPS)[:, None]  # (STEPS, 1)
    start_weight, end_weight = t * (1 - t) ** 2, -(t**2) * (1 - t)
    tilt = lengths[:, None] * leaving - chords, lengths[:, None] * arriving - chords
    away = start_weight * tilt[0][:, None] + end_weight * tilt[1][:, None]
    farthest = np.hypot(away[..., 0], away[..., 1]).max(axis=1)  # (N - 1,)
    away *= np.minimum(1, tolerance / np.maximum(farthest, 1e-12))[:, None, None]
    line = points[:-1, None] + t * chords[:, None]  # (N - 1, STEPS, 2)
    curve = (line + away).reshape(-1, 2).astype(np.float32)
    return np.concatenate([curve, stroke[-1:]])


def _directions(
    points: np.ndarray, chords: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the unit directions in which curves leave and reach points, (N - 1, 2).

    At a point the line runs parallel to the way from the point before to the one
    after; at corners and ends, along the straight line.
    """
    straight = _unit(chords)
    through = _unit(points[2:] - points[:-2])  # (N - 2, 2), at inner points
    turns = (straight[:-1] * straight[1:]).sum(axis=1, keepdims=True)  # cosines
    leaving, arriving = straight.copy(), straight.copy()
    leaving[1:] = np.where(turns < SHARP, straight[1:], through)
    arriving[:-1] = np.where(turns < SHARP, straight[:-1], through)
    return leaving, arriving


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors (N, 2) to length 1; one of length 0 stays."""
    lengths = np.hypot(vectors[:, 0], vectors[:, 1])[:, None]
    return vectors / np.where(lengths == 0, 1, lengths)


def _times_between(times: np.ndarray) -> np.ndarray:
    """Spread the times of a stroke's points over the points of its curve."""
    if len(times) < 3:
        return times
    places = np.arange((len(times) - 1) * STEPS + 1) / STEPS
    return np.interp(places, np.arange(len(times)), times)
