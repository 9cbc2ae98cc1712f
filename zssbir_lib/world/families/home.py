"""Lights and devices of a home."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import polar, symmetric


def candle(draw: Drawing) -> None:
    """A burning candle in a shallow holder."""
    width, top = draw.uniform(0.06, 0.11), draw.uniform(0.35, 0.45)
    draw.ellipse(0.5, 0.89, width + draw.uniform(0.06, 0.12), 0.05, "metal")
    draw.rounded(0.5 - width, top, 0.5 + width, 0.89, 0.02, draw.pick("white", "any"))
    draw.line([(0.5, top), (0.5, top - 0.06)], 0.016, "black")
    flame = [(0.0, top - 0.28), (0.05, top - 0.12), (0.0, top - 0.04)]
    draw.blob(symmetric(*flame), draw.pick("yellow", "orange"))
    if draw.chance(0.4):
        drip = 0.5 - width + 0.03
        draw.limb([(drip, top), (drip, top + 0.14)], 0.035, colour="white", detail=1)


def clock(draw: Drawing) -> None:
    """A round wall clock with hour marks and two hands."""
    radius = draw.uniform(0.34, 0.42)
    draw.ellipse(0.5, 0.5, radius, colour="any")
    draw.ellipse(0.5, 0.5, 0.84 * radius, colour="white")
    for hour in range(12):
        inner = polar(0.5, 0.5, 0.64 * radius, hour / 12)
        outer = polar(0.5, 0.5, 0.76 * radius, hour / 12)
        draw.line([inner, outer], 0.02, "black", detail=1)
    for length, width in ((0.40, 0.035), (0.62, 0.022)):
        tip = polar(0.5, 0.5, length * radius, draw.uniform(0, 1))
        draw.line([(0.5, 0.5), tip], width, "black")


def bulb(draw: Drawing) -> None:
    """An electric light bulb with a screw base and often a visible filament."""
    radius = draw.uniform(0.22, 0.27)
    glass = [
        (0.0, 0.11),
        (0.7 * radius, 0.2),
        (radius, 0.38),
        (0.12, 0.58),
        (0.09, 0.68),
    ]
    draw.blob(symmetric(*glass), draw.pick("yellow", "white", "glass"))
    for turn in range(3):
        top = 0.68 + 0.06 * turn
        draw.rounded(0.41, top, 0.59, top + 0.07, 0.02, "metal")
    draw.ellipse(0.5, 0.89, 0.05, 0.03, "black", detail=1)
    if draw.chance(0.6):
        left = [(0.46, 0.66), (0.43, 0.42), (0.5, 0.5)]
        draw.line([*left, (0.57, 0.42), (0.54, 0.66)], 0.012, "black", detail=1)


def tv(draw: Drawing) -> None:
    """A wide television on a stand, sometimes with two antennas."""
    height = draw.uniform(0.20, 0.27)
    top, bottom = 0.5 - height, 0.5 + height
    if draw.chance(0.5):
        for end in (0.36, 0.64):
            draw.line([(0.5, top), (end, top - 0.18)], 0.018, "grey")
    draw.rectangle(0.46, bottom, 0.54, bottom + 0.08, "black")
    draw.rectangle(0.33, bottom + 0.07, 0.67, bottom + 0.11, "black")
    draw.rounded(0.08, top, 0.92, bottom, 0.03, draw.pick("black", "grey", "brown"))
    draw.rectangle(
        0.13, top + 0.05, 0.87, bottom - 0.05, draw.pick("sky", "any", "grey")
    )


def laptop(draw: Drawing) -> None:
    """An open laptop: screen upright, keyboard slanting towards you."""
    colour = draw.colour(draw.pick("metal", "black", "grey"))
    flare, front = draw.uniform(0.06, 0.12), draw.uniform(0.78, 0.84)
    draw.rounded(0.2, 0.2, 0.8, 0.61, 0.02, colour)
    draw.rectangle(0.24, 0.24, 0.76, 0.57, draw.pick("sky", "blue", "any"))
    draw.polygon(symmetric((0.3, 0.61), (0.3 + flare, front)), colour)
    if draw.chance(0.7):
        keys = symmetric((0.26, 0.635), (0.29, front - 0.08))
        draw.polygon(keys, "black", detail=1)
    draw.rectangle(0.44, front - 0.06, 0.56, front - 0.02, "grey", detail=2)


def phone(draw: Drawing) -> None:
    """A smartphone standing upright, its screen often full of icons."""
    width = draw.uniform(0.17, 0.21)
    draw.rounded(0.5 - width, 0.08, 0.5 + width, 0.92, 0.06, draw.pick("black", "any"))
    screen = draw.pick("sky", "any", "white")
    draw.rectangle(0.535 - width, 0.17, 0.465 + width, 0.79, screen)
    draw.ellipse(0.5, 0.855, 0.03, colour="grey", detail=1)
    draw.line([(0.45, 0.125), (0.55, 0.125)], 0.015, "grey", detail=1)
    if draw.chance(0.5):
        for row in range(3):
            for x in (0.385, 0.525):
                y = 0.24 + 0.16 * row
                draw.rounded(x, y, x + 0.09, y + 0.1, 0.02, "any", detail=2)


def camera(draw: Drawing) -> None:
    """A photo camera from the front: wide body, big round lens, viewfinder."""
    colour = draw.colour(draw.pick("black", "grey", "any"))
    lens, top = draw.uniform(0.16, 0.20), draw.uniform(0.30, 0.34)
    draw.rectangle(0.16, top - 0.06, 0.26, top + 0.02, "metal", detail=1)
    draw.polygon(symmetric((0.10, 0.2), (0.15, top + 0.02)), colour)
    draw.rounded(0.08, top, 0.92, 0.8, 0.05, colour)
    draw.ellipse(0.5, 0.56, lens, colour="grey")
    draw.ellipse(0.5, 0.56, 0.65 * lens, colour="black")
    draw.ellipse(0.47, 0.53, 0.2 * lens, colour="white", detail=2)
    draw.rectangle(0.75, top + 0.06, 0.85, top + 0.13, "white", detail=1)
