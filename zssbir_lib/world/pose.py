"""Pose: every object is bent, turned, flipped and seen from a slightly new angle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zssbir_lib.world.drawing import Part

WARP = 0.035  # size of each bend, in units of the unit square
STRETCH = 0.16  # logarithm of the largest stretch
SHEAR = 0.16
TURN = 0.22  # radians
PERSPECTIVE = 0.25


@dataclass(frozen=True)
class PosedParts:
    """The points of all parts after posing, in one array."""

    points: np.ndarray  # (N, 2), centred on (0, 0), the longer side is 1
    starts: np.ndarray  # where each part begins in `points`, (P,) int
    counts: np.ndarray  # how many points each part has, (P,) int
    stretch: float  # what lengths of the definition (stroke widths) are multiplied by

    def split(self, points: np.ndarray) -> list[np.ndarray]:
        """Cut an array that is aligned with `points` into one array per part."""
        ends = (self.starts + self.counts).tolist()
        starts = self.starts.tolist()
        return [points[a:b] for a, b in zip(starts, ends, strict=True)]

    def split_flat(self, points: np.ndarray) -> list[list[float]]:
        """Cut as `split` does, into lists x, y, x, y, ... (what Pillow draws)."""
        flat = points.ravel().tolist()
        ends = (2 * (self.starts + self.counts)).tolist()
        starts = (2 * self.starts).tolist()
        return [flat[a:b] for a, b in zip(starts, ends, strict=True)]


def warp(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """Bend points around 0 with two slow waves each way; strength 1 is usual."""
    amount = 2 * WARP * strength
    for wave, size_x, size_y, phase_x, phase_y in rng.random((2, 5)).tolist():
        speed = 2 * math.pi * (0.4 + 0.7 * wave)
        bend_x = amount * (size_x - 0.5) * np.sin(speed * y + 2 * math.pi * phase_x)
        bend_y = amount * (size_y - 0.5) * np.sin(speed * x + 2 * math.pi * phase_y)
        x, y = x + bend_x, y + bend_y
    return x, y


def affine_matrix(rng: np.random.Generator, strength: float) -> np.ndarray:
    """Draw a matrix (2, 2) that stretches, shears, turns and sometimes mirrors."""
    stretch, shear, turn, mirror = rng.random(4).tolist()
    factor = math.exp(STRETCH * strength * (2 * stretch - 1))
    skew = SHEAR * strength * (2 * shear - 1)
    angle = TURN * strength * (2 * turn - 1)
    cosine, sine = math.cos(angle), math.sin(angle)
    sign = -1.0 if mirror < 0.5 else 1.0
    rotation = np.array([[cosine, -sine], [sine, cosine]])
    return rotation @ np.array([[sign * factor, skew], [0.0, 1 / factor]])


def pose_parts(
    parts: Sequence[Part], rng: np.random.Generator, strength: float
) -> PosedParts:
    """Give an object a random pose: strength 0 only mirrors, 1 is usual, 2 most."""
    if not parts:
        raise ValueError(
            "a class definition must draw at least one essential part (detail 0)"
        )
    counts = np.array([len(part.points) for part in parts])
    points = np.concatenate([part.points for part in parts])
    x, y = warp(points[:, 0] - 0.5, points[:, 1] - 0.5, rng, strength)
    (xx, xy), (yx, yy) = affine_matrix(rng, strength).tolist()
    x, y = xx * x + xy * y, yx * x + yy * y
    tilt_x, tilt_y = rng.random(2).tolist()
    depth = 1 + (2 * PERSPECTIVE * strength) * ((tilt_x - 0.5) * x + (tilt_y - 0.5) * y)
    x, y = x / depth, y / depth
    left, right, upper, lower = x.min(), x.max(), y.min(), y.max()
    stretch = 1 / float(max(right - left, lower - upper))
    points[:, 0] = (x - (left + right) / 2) * stretch
    points[:, 1] = (y - (upper + lower) / 2) * stretch
    return PosedParts(points, np.cumsum(counts) - counts, counts, stretch)


def outline_sizes(posed: PosedParts) -> tuple[np.ndarray, np.ndarray]:
    """Measure every part (P,): length of its closed outline, and mean thickness.

    The thickness is 2 x area / length, which for a tube is its width.
    """
    following = np.arange(1, len(posed.points) + 1)
    following[posed.starts + posed.counts - 1] = posed.starts
    x, y = posed.points[:, 0], posed.points[:, 1]
    next_x, next_y = x[following], y[following]
    lengths = np.add.reduceat(np.hypot(next_x - x, next_y - y), posed.starts)
    areas = 0.5 * np.abs(np.add.reduceat(x * next_y - next_x * y, posed.starts))
    return lengths, 2 * areas / np.maximum(lengths, 1e-9)
