"""The hand that draws a sketch: how skilled it is, and which pen it takes."""

from dataclasses import dataclass

import numpy as np

from zssbir_lib.world.options import SketchOptions
from zssbir_lib.world.pose import PosedParts, outline_sizes
from zssbir_lib.world.strokes import narrowest_gap

PEN_PER_GAP = 0.9  # the pen may cover this share of the distance between lines
THINNEST_PEN = 1.1  # pixels of a 64-pixel image


@dataclass(frozen=True)
class Hand:
    """How one sketch is drawn, decided once per image.

    Attributes:
        detail: Highest level of detail that is drawn, 0 to 2.
        tremor: Unsteadiness along a line, in units of the object's longer side.
        missing: Probability that a line lacks a piece.
        overshoots: Whether strokes run past their ends.
        gap: Largest share of an outline that stays open.
        opaque: Whether nearer parts hide those behind them.
        ink: Grey level of the pen, 0 (black) to 70.
        pen: Wished width of the pen, in pixels of a 64-pixel image.
    """

    detail: int
    tremor: float
    missing: float
    overshoots: bool
    gap: float
    opaque: bool
    ink: int
    pen: float


def pick_hand(options: SketchOptions, rng: np.random.Generator) -> Hand:
    """Decide how one sketch is drawn.

    Args:
        options: The difficulty knobs.
        rng: The image's generator.

    Returns:
        The hand; more abstract sketches have less detail and shakier, missing lines.
    """
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
    """Return the pen width that keeps neighbouring lines apart.

    Args:
        wished: Width the hand would like, in pixels of a 64-pixel image.
        posed: The posed parts.
        closed: Which parts are outlines rather than strokes, (P,) bool.
        scale: Size of the object as a share of the image.

    Returns:
        Pen width as a share of the image, at most the wished one.
    """
    lengths, _ = outline_sizes(posed)
    lengths = np.where(closed, lengths, lengths / 2)  # there and back again
    widest = PEN_PER_GAP * narrowest_gap(posed, lengths) * scale
    return min(wished / 64, max(THINNEST_PEN / 64, widest))
