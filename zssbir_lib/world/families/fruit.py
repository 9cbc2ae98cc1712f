"""Fruit and vegetables."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import polar, symmetric


def banana(draw: Drawing) -> None:
    """A single banana, bent upwards at both ends."""
    belly = draw.uniform(0.30, 0.40)
    upper = [(0.08, 0.34), (0.14, 0.33), (0.3, 0.5), (0.55, 0.56), (0.8, 0.42)]
    stalk = [(0.88, 0.26), (0.93, 0.27), (0.9, 0.5)]
    lower = [(0.75, 0.5 + 0.6 * belly), (0.5, 0.45 + 0.9 * belly)]
    start = [(0.25, 0.42 + 0.6 * belly), (0.12, 0.46)]
    draw.blob([*upper, *stalk, *lower, *start], "yellow")
    ridge = [(0.14, 0.40), (0.3, 0.58), (0.52, 0.66), (0.78, 0.54), (0.89, 0.34)]
    draw.curve(ridge, 0.014, "brown", detail=1)
    draw.ellipse(0.905, 0.27, 0.025, colour="brown", detail=1)


def apple(draw: Drawing) -> None:
    """An apple with a dent at the top, a stem and a leaf."""
    width = draw.uniform(0.30, 0.35)
    draw.curve([(0.5, 0.32), (0.51, 0.2), (0.56, 0.1)], 0.03, "brown")
    _small_leaf(draw, 0.53, 0.2)
    shoulder = [(0.0, 0.31), (0.55 * width, 0.24), (width, 0.45)]
    base = [(0.75 * width, 0.78), (0.3 * width, 0.9), (0.0, 0.87)]
    draw.blob(symmetric(*shoulder, *base), draw.pick("red", "green", "yellow"))


def pear(draw: Drawing) -> None:
    """A pear: a narrow top on a round belly, with a stem and sometimes a leaf."""
    width, waist = draw.uniform(0.24, 0.30), draw.uniform(0.09, 0.12)
    draw.curve([(0.5, 0.18), (0.51, 0.1), (0.55, 0.04)], 0.03, "brown")
    top = [(0.0, 0.14), (0.09, 0.2), (waist, 0.38)]
    belly = [(width, 0.62), (0.8 * width, 0.84), (0.0, 0.92)]
    draw.blob(symmetric(*top, *belly), draw.pick("green", "yellow"))
    if draw.chance(0.4):
        _small_leaf(draw, 0.53, 0.14)


def _small_leaf(draw: Drawing, x: float, y: float) -> None:
    """A green leaf that grows to the upper right from (x, y)."""
    shape = [(x, y), (x + 0.11, y - 0.10), (x + 0.22, y - 0.08), (x + 0.13, y + 0.01)]
    draw.blob(shape, "green")


def cherry(draw: Drawing) -> None:
    """A pair of cherries on two long stems, often with a leaf."""
    red, radius = draw.colour("red"), draw.uniform(0.14, 0.17)
    knot = (0.6, 0.1)
    draw.curve([(0.3, 0.66), (0.38, 0.36), knot], 0.028, "green")
    draw.curve([(0.7, 0.7), (0.68, 0.4), knot], 0.028, "green")
    if draw.chance(0.7):
        draw.blob([(0.6, 0.12), (0.74, 0.06), (0.9, 0.14), (0.74, 0.2)], "green")
    for x, y in ((0.3, 0.72), (0.7, 0.76)):
        draw.ellipse(x, y, radius, colour=red)
        draw.ellipse(x - 0.05, y - 0.05, 0.025, colour="white", detail=2)


def strawberry(draw: Drawing) -> None:
    """A strawberry: heart-shaped, dotted with seeds, under a green star of leaves."""
    width = draw.uniform(0.27, 0.33)
    top = [(0.0, 0.24), (0.7 * width, 0.26), (width, 0.42)]
    draw.blob(symmetric(*top, (0.55 * width, 0.75), (0.0, 0.94)), "red")
    upper = [(0.0, 0.14), (0.08, 0.24), (0.22, 0.20), (0.14, 0.30)]
    lower = [(0.16, 0.39), (0.05, 0.33), (0.0, 0.43)]
    draw.polygon(symmetric(*upper, *lower), "green")
    seeds = ((0.37, 0.50), (0.52, 0.53), (0.63, 0.49), (0.44, 0.66), (0.57, 0.66))
    for x, y in (*seeds, (0.5, 0.79)):
        draw.ellipse(x, y, 0.014, 0.02, "yellow", detail=1)


def pineapple(draw: Drawing) -> None:
    """A pineapple: a criss-crossed oval under a tuft of pointed leaves."""
    width, height = draw.uniform(0.19, 0.23), draw.uniform(0.27, 0.30)
    green = draw.colour("green")
    for lean in (-0.9, 0.9, -0.45, 0.45, 0.0):
        middle, tip = 0.5 + 0.22 * lean, (0.5 + 0.34 * lean, 0.05 + 0.08 * abs(lean))
        sides = (middle - 0.035, 0.2), (middle + 0.04, 0.2)
        draw.blob([(0.44, 0.38), sides[0], tip, sides[1], (0.56, 0.38)], green)
    draw.ellipse(0.5, 0.64, width, height, draw.pick("orange", "yellow"))
    for shift in (-0.35, 0.35):
        for slope in (-0.56, 0.56):
            start = (0.5 + (1.4 * shift - slope) * width, 0.64 - 0.55 * height)
            end = (0.5 + (1.4 * shift + slope) * width, 0.64 + 0.55 * height)
            draw.line([start, end], 0.012, "brown", detail=1)


def watermelon_slice(draw: Drawing) -> None:
    """A half-round slice of watermelon: green rind, red flesh, dark seeds."""
    width, height = draw.uniform(0.40, 0.45), draw.uniform(0.44, 0.54)
    rind, edge = draw.uniform(0.80, 0.87), 0.26
    half = {"start": 0.0, "stop": 0.5}
    draw.ellipse(0.5, edge, width, height, "dark_green", **half)
    pale = (1 + rind) / 2
    draw.ellipse(0.5, edge, pale * width, pale * height, "white", detail=1, **half)
    draw.ellipse(0.5, edge, rind * width, rind * height, "red", **half)
    for seed in range(draw.pick(5, 6, 7)):
        row, turn = (0.60, 0.30)[seed % 2], 0.05 + 0.067 * seed
        x, y = polar(0.0, 0.0, row, min(turn, 0.45))
        draw.ellipse(
            0.5 + x * width, edge + 0.03 + y * height, 0.018, 0.028, "black", detail=1
        )


def carrot(draw: Drawing) -> None:
    """A carrot: a long orange root with rings under a tuft of green leaves."""
    width = draw.uniform(0.12, 0.17)
    green = draw.colour("green")
    for lean in (-1, 1, 0):
        middle, tip = 0.5 + 0.11 * lean, (0.5 + 0.22 * lean, 0.04 + 0.04 * abs(lean))
        draw.blob(
            [(0.5, 0.3), (middle - 0.05, 0.14), tip, (middle + 0.05, 0.17)], green
        )
    top = [(0.0, 0.27), (width, 0.32), (0.7 * width, 0.55)]
    draw.blob(symmetric(*top, (0.25 * width, 0.85), (0.0, 0.96)), "orange")
    for y, side in ((0.42, 1), (0.54, -1), (0.66, 1)):
        start = 0.5 + side * width * (1.2 - y)
        draw.line([(start, y), (0.5, y + 0.02)], 0.014, "brown", detail=1)


def corn(draw: Drawing) -> None:
    """An ear of corn: a yellow cob with a grid of kernels, half in its husk."""
    width, husk = draw.uniform(0.14, 0.18), draw.colour("green")
    flare = draw.uniform(0.06, 0.14)
    cob = [(0.0, 0.04), (0.75 * width, 0.16), (width, 0.45), (0.8 * width, 0.8)]
    draw.blob(symmetric(*cob), draw.pick("yellow", "yellow", "orange"))
    for x in (-0.33, 0.33):
        column = [(0.5 + 0.8 * x * width, 0.14), (0.5 + x * width, 0.78)]
        draw.line(column, 0.012, "brown", detail=2)
    for y, share in ((0.17, 0.75), (0.29, 0.9), (0.41, 0.98), (0.53, 1.0)):
        reach = share * width
        draw.line([(0.5 - reach, y), (0.5 + reach, y)], 0.012, "brown", detail=1)
    for side in (-1, 1):
        tip = (width + flare, draw.uniform(0.30, 0.42))
        edge = [(0.0, 0.96), (width + 0.03, 0.72), tip, (0.45 * width, 0.62)]
        draw.blob([(0.5 + side * x, y) for x, y in edge], husk)
