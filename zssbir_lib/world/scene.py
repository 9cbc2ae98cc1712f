"""Paint a photo by numbers: every pixel gets the number of the shape it shows.

Numbers: 0 is the bare background, then come the clutter shapes behind the object, the
parts of the object, and the occluders before it. Colours are chosen afterwards, when
it is known how much of the object is visible.

Taught in: notebook 01.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from zssbir_lib.world.drawing import Part
from zssbir_lib.world.options import PhotoOptions
from zssbir_lib.world.palette import Colour
from zssbir_lib.world.pose import outline_sizes, pose_parts

SUPERSAMPLING = 2  # the label map has this many pixels per image pixel and direction
STROKE_BOOST = 1.25  # strokes are painted a little wider than defined
MOST_CLUTTER = 8  # shapes at clutter 1


@dataclass(frozen=True)
class Scene:
    """A label map and what its numbers mean.

    Attributes:
        labels: Number of the shape at every pixel, (H, H) uint8, H = size x 2.
        clutter: How many clutter shapes there are (numbers 1 to `clutter`).
        colours: Colours of the object's parts, in the order of their numbers.
        occluders: How many shapes lie before the object.

    Taught in: notebook 01.
    """

    labels: np.ndarray
    clutter: int
    colours: tuple[Colour, ...]
    occluders: int


def kept_parts(parts: Sequence[Part], rng: np.random.Generator) -> list[Part]:
    """Leave out some details: normal ones rarely (15 %), fine ones often (40 %).

    Args:
        parts: All parts of a drawing.
        rng: The image's generator.

    Returns:
        The parts that this photo shows, in order; essential parts always.

    Taught in: notebook 01.
    """
    share = (1.0, 0.85, 0.6)
    draws = rng.random(len(parts)).tolist()
    return [p for p, draw in zip(parts, draws, strict=True) if draw < share[p.detail]]


def _random_polygon(
    rng: np.random.Generator, small: float, large: float, margin: float
) -> list[tuple[float, float]]:
    """Return a polygon of 3 to 7 corners around a random point, in the unit square."""
    x, y, size, corners, turn, *reach = rng.random(12).tolist()
    x, y = margin + (1 - 2 * margin) * x, margin + (1 - 2 * margin) * y
    radius, count = small + (large - small) * size, 3 + int(5 * corners)
    points = []
    for index, share in enumerate(reach[:count]):
        angle = 2 * math.pi * (turn + index / count)
        far = radius * (0.5 + 0.5 * share)
        points.append((x + far * math.cos(angle), y + far * math.sin(angle)))
    return points


def _paint_clutter(
    canvas: ImageDraw.ImageDraw, width: int, count: int, rng: np.random.Generator
) -> None:
    """Paint `count` shapes, numbered from 1: polygons, some of them lines."""
    for label in range(1, count + 1):
        corners = _random_polygon(rng, 0.05, 0.35, 0.0)
        pixels = [(x * width, y * width) for x, y in corners]
        if rng.random() < 0.3:
            thickness = max(1, round(width * (0.01 + 0.04 * rng.random())))
            canvas.line(pixels[:3], fill=label, width=thickness)
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
    pixels = posed.split((posed.points * scale + centre) * width)
    thinnest = max(1.4 * SUPERSAMPLING, 0.03 * width)
    widths = outline_sizes(posed)[1] * (scale * width)
    for index, (part, points) in enumerate(zip(parts, pixels, strict=True)):
        flat, label = points.ravel().tolist(), first_label + index
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
    """Paint clutter, object and occluders into a label map.

    Args:
        parts: All parts of a drawing.
        rng: The image's generator.
        size: Size of the photo in pixels; the label map is twice as large.
        options: The difficulty knobs.

    Returns:
        The scene.

    Taught in: notebook 01.
    """
    width = size * SUPERSAMPLING
    image = Image.new("L", (width, width), 0)
    canvas = ImageDraw.Draw(image)
    clutter = round(options.clutter * MOST_CLUTTER * rng.random())
    _paint_clutter(canvas, width, clutter, rng)
    parts = kept_parts(parts, rng)
    _paint_object(canvas, width, parts, clutter + 1, rng, options)
    occluded, how_many = rng.random(2).tolist()
    occluders = (2 if how_many < 0.5 else 1) if occluded < options.occlusion else 0
    for index in range(occluders):
        corners = _random_polygon(rng, 0.08, 0.2, 0.1)
        label = clutter + len(parts) + 1 + index
        canvas.polygon([(x * width, y * width) for x, y in corners], fill=label)
    colours = tuple(part.colour for part in parts)
    return Scene(np.asarray(image), clutter, colours, occluders)
