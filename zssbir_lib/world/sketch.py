"""A class definition as a sketch: shaky, incomplete pen lines on paper."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from zssbir_lib.world.drawing import Definition, Drawing, Part
from zssbir_lib.world.options import SketchOptions, check_size
from zssbir_lib.world.pose import PosedParts, outline_sizes, pose_parts
from zssbir_lib.world.strokes import (
    PAPER,
    Erasure,
    Stroke,
    both_sides,
    cut_outline,
    draw_actions,
    narrowest_gap,
    pieces,
    shaky,
)

# The hand: how skilled it is, and which pen it takes


PEN_PER_GAP = 0.9  # the pen may cover this share of the distance between lines
THINNEST_PEN = 1.1  # pixels of a 64-pixel image


@dataclass(frozen=True)
class Hand:
    """How one sketch is drawn, decided once per image."""

    detail: int  # highest level of detail that is drawn, 0 to 2
    tremor: float  # unsteadiness along a line, in units of the object's longer side
    missing: float  # probability that a line lacks a piece
    overshoots: bool  # whether strokes run past their ends
    gap: float  # largest share of an outline that stays open
    opaque: bool  # whether nearer parts hide those behind them
    ink: int  # grey level of the pen, 0 (black) to 70
    pen: float  # wished width of the pen, in pixels of a 64-pixel image


def pick_hand(options: SketchOptions, rng: np.random.Generator) -> Hand:
    """Decide how a sketch is drawn: if abstract, less detail and shakier lines."""
    spread, tremor, missing, over, gap, solid, ink, pen = rng.random(8).tolist()
    abstraction = options.abstraction + 0.8 * (spread - 0.5)
    clumsy = min(1.0, max(0.0, options.abstraction + 0.4 * (spread - 0.5)))
    thin, thick = options.pen
    return Hand(
        detail=2 if abstraction < 0.3 else 1 if abstraction < 0.7 else 0,
        tremor=(0.3 + 1.4 * clumsy) * (0.003 + 0.009 * tremor),
        missing=0.5 * clumsy * missing,
        overshoots=over < 0.8 * clumsy,
        gap=0.16 * clumsy * gap,
        opaque=solid < 0.85,
        ink=int(70 * ink),
        pen=thin + (thick - thin) * pen,
    )


def fitting_pen(
    wished: float, posed: PosedParts, closed: np.ndarray, scale: float
) -> float:
    """Return the width of pen, a share of the image, that keeps lines apart.

    At most the wished one (pixels of a 64-pixel image). `closed` (P,) tells outlines
    from strokes; `scale` is the object's size as a share of the image.
    """
    lengths, _ = outline_sizes(posed)
    lengths = np.where(closed, lengths, lengths / 2)  # there and back again
    widest = PEN_PER_GAP * narrowest_gap(posed, lengths) * scale
    return min(wished / 64, max(THINNEST_PEN / 64, widest))


# The sketch


SUPERSAMPLING = 3  # pixels of the canvas per image pixel and direction
HOLLOW = 2.5  # strokes thicker than this many pens are drawn with two edges


def _prepare(
    actions: list[Stroke | Erasure],
    part: Part,
    points: np.ndarray,
    thickness: float,
    hand: Hand,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Erase what an opaque part hides; return the lines to draw for it.

    A thickness of 0 stands for a stroke that the pen draws in one go.
    """
    if part.closed:
        if hand.opaque:
            actions.append(Erasure(points, 0))
        start, gap = rng.random(2).tolist()
        outline = np.concatenate([points, points[:1]])
        return [cut_outline(outline, start, gap * hand.gap)]
    if thickness == 0:
        return [points]
    if hand.opaque:
        actions.append(Erasure(points, max(1, round(thickness))))
    return both_sides(points, thickness)


def _strokes_of(
    line: np.ndarray,
    pen: float,
    hand: Hand,
    essential: bool,
    rng: np.random.Generator,
) -> list[Stroke]:
    """Draw a line as one to three strokes, one of which may be missing.

    Essential lines lose at most a piece, details may be missing altogether.
    """
    count = 1 if len(line) < 14 else 1 + int(3 * rng.random() ** 2)
    lines, strokes = pieces(line, count), []
    if (count > 1 or not essential) and rng.random() < hand.missing:
        lines.pop(int(len(lines) * rng.random()))
    for points in lines:
        pressure, reach = rng.random(2).tolist()
        if hand.overshoots:
            end = points[-1] + (points[-1] - points[-2]) * (0.6 * reach)
            points = np.concatenate([points, end[None]])
        width = max(1, round(pen * (0.85 + 0.3 * pressure)))
        strokes.append(Stroke(points, hand.ink, width))
    return strokes


def _plan_parts(
    parts: Sequence[Part],
    outlines: list[np.ndarray],
    stretch: float,
    pen: float,
    hand: Hand,
    rng: np.random.Generator,
) -> list[Stroke | Erasure]:
    """Plan all parts in order; an opaque part first erases what lies behind it."""
    actions: list[Stroke | Erasure] = []
    for part, points in zip(parts, outlines, strict=True):
        if part.detail > 0 and np.ptp(points, axis=0).max() < 1.5 * pen:
            continue  # smaller than the pen: it would only be a blot
        thickness = part.width * stretch
        hollow = thickness if thickness > HOLLOW * pen else 0.0
        for line in _prepare(actions, part, points, hollow, hand, rng):
            actions += _strokes_of(line, pen, hand, part.detail == 0, rng)
    return actions


def render_sketch(
    definition: Definition,
    rng: np.random.Generator,
    size: int = 32,
    options: SketchOptions | None = None,
) -> np.ndarray:
    """Render one sketch of an object, (S, S) uint8, 255 is paper.

    Args:
        definition: a class of the world: a function that draws one object.
        rng: the image's generator (`image_rng`).
        size: S in pixels, 16 to 512.
        options: how difficult the sketch is; None for `SketchOptions()`.

    Raises:
        ValueError: the size is out of range, or the definition draws nothing.
    """
    check_size(size)
    options = options or SketchOptions()
    draw = Drawing(rng)
    definition(draw)
    hand = pick_hand(options, rng)
    kept = rng.random(len(draw.parts)).tolist()
    parts = [
        part
        for part, draw_it in zip(draw.parts, kept, strict=True)
        if part.detail == 0 or (part.detail <= hand.detail and draw_it < 0.85)
    ]
    posed = pose_parts(parts, rng, options.pose)
    place, right, down = rng.random(3).tolist()
    scale = options.scale[0] + (options.scale[1] - options.scale[0]) * place
    margin = 0.25 * (1 - scale)
    centre = np.array([0.5 + margin * (2 * right - 1), 0.5 + margin * (2 * down - 1)])
    closed = np.array([part.closed for part in parts])
    width = size * SUPERSAMPLING
    pen = fitting_pen(hand.pen, posed, closed, scale) * width
    points = shaky(posed, rng, hand.tremor, 0.6 * hand.tremor)
    outlines = posed.split((points * scale + centre) * width)
    image = Image.new("L", (width, width), PAPER)
    stretch = posed.stretch * scale * width
    actions = _plan_parts(parts, outlines, stretch, pen, hand, rng)
    draw_actions(ImageDraw.Draw(image), actions, options.drawn)
    return np.asarray(image.reduce(SUPERSAMPLING))
