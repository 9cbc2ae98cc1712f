"""Paint a photo by numbers: every pixel gets the number of the shape it shows.

Numbers: 0 is the bare background, then come the clutter shapes behind the object, the
parts of the object, and the occluders before it. Colours are chosen afterwards, when
it is known how much of the object is visible.
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
MOST_PARTS = 230  # a label map has 255 numbers, for clutter and occluders, too


@dataclass(frozen=True)
class Scene:
    """A label map and what its numbers mean.

    Attributes:
        labels: Number of the shape at every pixel, (H, H) uint8, H = size x 2.
        clutter: How many clutter shapes there are (numbers 1 to `clutter`).
        colours: Colours of the object's parts, in the order of their numbers.
        occluders: How many shapes lie before the object.
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
    """
    share = (1.0, 0.85, 0.6)
    draws = rng.random(len(parts)).tolist()
    return [p for p, draw in zip(parts, draws, strict=True) if draw < share[p.detail]]


def random_polygons(
    rng: np.random.Generator, count: int, radii: tuple[float, float], margin: float
) -> list[list[tuple[float, float]]]:
    """Draw irregular polygons of 3 to 7 corners around random points.

    Args:
        rng: The image's generator.
        count: How many polygons.
        radii: Smallest and largest radius, in units of the image.
        margin: How far the centres keep from the image's edges, 0 to 0.5.

    Returns:
        One list of corners (x, y) per polygon, in the unit square.
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
    """Paint clutter, object and occluders into a label map.

    Args:
        parts: All parts of a drawing.
        rng: The image's generator.
        size: Size of the photo in pixels; the label map is twice as large.
        options: The difficulty knobs.

    Returns:
        The scene.

    Raises:
        ValueError: If the drawing has no parts, or more than a label map can number.
    """
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
