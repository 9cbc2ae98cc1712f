"""A photo painted by numbers: every pixel has the number of the shape it shows.

Numbers: 0 is the bare background, then come the clutter shapes behind the object, the
parts of the object, and the occluders before it. Colours are chosen afterwards, when
it is known how much of the object is visible.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from zssbir_lib.world.drawing import Colour, Part, luminance
from zssbir_lib.world.options import PhotoOptions
from zssbir_lib.world.pose import outline_sizes, pose_parts

SUPERSAMPLING = 2  # the label map has this many pixels per image pixel and direction
STROKE_BOOST = 1.25  # strokes are painted a little wider than defined
MOST_CLUTTER = 8  # shapes at clutter 1
MOST_PARTS = 230  # a label map has 255 numbers, for clutter and occluders, too


@dataclass(frozen=True)
class Scene:
    """A label map and what its numbers mean."""

    labels: np.ndarray  # number of the shape at every pixel, (2 S, 2 S) uint8
    clutter: int  # how many clutter shapes there are: numbers 1 to `clutter`
    colours: tuple[Colour, ...]  # of the object's parts, in the order of their numbers
    occluders: int  # how many shapes lie before the object


def kept_parts(parts: Sequence[Part], rng: np.random.Generator) -> list[Part]:
    """Leave out some details: normal ones rarely (15 %), fine ones often (40 %)."""
    share = (1.0, 0.85, 0.6)
    draws = rng.random(len(parts)).tolist()
    return [p for p, draw in zip(parts, draws, strict=True) if draw < share[p.detail]]


def random_polygons(
    rng: np.random.Generator, count: int, radii: tuple[float, float], margin: float
) -> list[list[tuple[float, float]]]:
    """Draw irregular polygons of 3 to 7 corners in the unit square.

    Their centres keep a margin from the image's edges.
    """
    if count == 0:
        return []
    draws = rng.random((count, 12))
    corners = (3 + 5 * draws[:, 3:4]).astype(int)
    angles = 2 * math.pi * (draws[:, 4:5] + np.arange(7) / corners)
    reach = (0.5 + 0.5 * draws[:, 5:]) * (
        radii[0] + (radii[1] - radii[0]) * draws[:, 2:3]
    )
    centres = margin + (1 - 2 * margin) * draws[:, :2]
    points = np.stack([np.cos(angles), np.sin(angles)], axis=2) * reach[:, :, None]
    points += centres[:, None]
    shapes = zip(points.tolist(), corners[:, 0].tolist(), strict=True)
    return [[(x, y) for x, y in shape[:number]] for shape, number in shapes]


def _paint_clutter(
    canvas: ImageDraw.ImageDraw, width: int, count: int, rng: np.random.Generator
) -> None:
    """Paint `count` shapes, numbered from 1: polygons, some of them lines."""
    styles = rng.random((count, 2)).tolist()
    shapes = random_polygons(rng, count, (0.05, 0.35), 0.0)
    for label, (kind, thickness) in enumerate(styles, start=1):
        pixels = [(x * width, y * width) for x, y in shapes[label - 1]]
        if kind < 0.3:
            line_width = max(1, round(width * (0.01 + 0.04 * thickness)))
            canvas.line(pixels[:3], fill=label, width=line_width)
        else:
            canvas.polygon(pixels, fill=label)


def _paint_object(
    canvas: ImageDraw.ImageDraw,
    width: int,
    parts: Sequence[Part],
    first_label: int,
    rng: np.random.Generator,
    options: PhotoOptions,
) -> None:
    """Paint the posed parts; thin essential parts are widened until they show."""
    posed = pose_parts(parts, rng, options.pose)
    size, x, y = rng.random(3).tolist()
    scale = options.scale[0] + (options.scale[1] - options.scale[0]) * size
    margin = 0.45 * (1 - scale)
    centre = np.array([0.5 + margin * (2 * x - 1), 0.5 + margin * (2 * y - 1)])
    shapes = posed.split_flat((posed.points * scale + centre) * width)
    thinnest = max(1.4 * SUPERSAMPLING, 0.03 * width)
    widths = (outline_sizes(posed)[1] * (scale * width)).tolist()
    for index, (part, flat) in enumerate(zip(parts, shapes, strict=True)):
        label = first_label + index
        if part.closed:
            canvas.polygon(flat, fill=label)
            missing = round(thinnest - widths[index])
            if missing > 0 and part.detail == 0:
                canvas.line(flat + flat[:2], fill=label, width=missing + 1)
        else:
            stroke = part.width * STROKE_BOOST * posed.stretch * scale * width
            least = thinnest if part.detail == 0 else SUPERSAMPLING
            canvas.line(flat, fill=label, width=max(round(least), round(stroke)))


def paint_scene(
    parts: Sequence[Part], rng: np.random.Generator, size: int, options: PhotoOptions
) -> Scene:
    """Paint clutter, object and occluders into a label map."""
    if len(parts) > MOST_PARTS:
        raise ValueError(f"{len(parts)} parts in one drawing; at most {MOST_PARTS} fit")
    width = size * SUPERSAMPLING
    image = Image.new("L", (width, width), 0)
    canvas = ImageDraw.Draw(image)
    clutter = round(options.clutter * MOST_CLUTTER * rng.random())
    _paint_clutter(canvas, width, clutter, rng)
    parts = kept_parts(parts, rng)
    _paint_object(canvas, width, parts, clutter + 1, rng, options)
    occluded, how_many = rng.random(2).tolist()
    occluders = (2 if how_many < 0.5 else 1) if occluded < options.occlusion else 0
    first_occluder = clutter + len(parts) + 1
    shapes = random_polygons(rng, occluders, (0.08, 0.2), 0.1)
    for label, corners in enumerate(shapes, start=first_occluder):
        canvas.polygon([(x * width, y * width) for x, y in corners], fill=label)
    colours = tuple(part.colour for part in parts)
    return Scene(np.asarray(image), clutter, colours, occluders)


# What lies behind the object: colours that let it show


LUMINANCES = np.linspace(0.12, 0.94, 24)  # what a background may be
LEAST_SEPARATION = 0.2  # between object and background luminance, on average
FULL_SEPARATION = 0.3  # a part cannot count for more than this
CLUTTER_IN_OBJECT_TONES = 0.25  # share of clutter shapes that may hide the object


def separated_luminances(colours: tuple[Colour, ...], areas: np.ndarray) -> np.ndarray:
    """Tell which of `LUMINANCES` let an object be seen, (24,) bool, one at least.

    The distance of every part's luminance to the background's counts by the part's
    visible area, and up to `FULL_SEPARATION` only: one glaring part does not make up
    for a body that vanishes.
    """
    parts = luminance(np.array(colours).T)
    distances = np.abs(LUMINANCES[:, None] - parts[None, :])
    weights = areas / max(1e-9, float(areas.sum()))
    separations = np.minimum(distances, FULL_SEPARATION) @ weights
    allowed = separations >= LEAST_SEPARATION
    return allowed if allowed.any() else separations == separations.max()


def muted_colours(rng: np.random.Generator, brightness: np.ndarray) -> np.ndarray:
    """Draw colours (3, N) of luminances (N,): mostly greyish, often warm or cool."""
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
    """Draw the luminances of the background's two ends, then of the clutter shapes.

    Everything between the two ends is allowed, too, so that the object does not vanish
    somewhere along a gradient. Few clutter shapes have the object's own tones.
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
