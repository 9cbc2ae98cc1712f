"""Things to eat from the baker, the kitchen and the ice cream parlour."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import symmetric


def icecream(draw: Drawing) -> None:
    """A cone with one, two or three scoops of ice cream."""
    scoops, radius = draw.pick(1, 2, 3), draw.uniform(0.15, 0.18)
    draw.polygon(symmetric((1.05 * radius, 0.5), (0.0, 0.97)), "wood")
    for side in (-1, 1):
        draw.line(
            [(0.5 + 0.08 * side, 0.52), (0.5 - 0.05 * side, 0.8)],
            0.012,
            "brown",
            detail=1,
        )
    if scoops == 3:
        draw.ellipse(0.5, 0.2, radius, colour="any")
    if scoops == 1:
        flavour = draw.pick("pink", "white", "brown", "any")
        draw.ellipse(0.5, 0.38, 1.25 * radius, colour=flavour)
        return
    for x in (0.39, 0.61):
        draw.ellipse(x, 0.38, radius, colour="any")


def pizza(draw: Drawing) -> None:
    """A pointed slice of pizza with a bulging crust and slices of salami."""
    width, crust = draw.uniform(0.30, 0.38), draw.uniform(0.09, 0.13)
    draw.polygon(symmetric((0.0, 0.18), (width, 0.24), (0.0, 0.95)), "yellow")
    edge = [(0.5 - width - 0.02, 0.23), (0.5, 0.16), (0.5 + width + 0.02, 0.23)]
    draw.limb(edge, crust, colour="wood")
    salami, size = draw.colour("red"), draw.uniform(0.05, 0.065)
    for x, y in ((0.40, 0.37), (0.61, 0.39), (0.5, 0.56)):
        x += draw.uniform(-0.02, 0.02)
        draw.ellipse(x, y, size, colour=salami)
    if draw.chance(0.7):
        draw.ellipse(0.51, 0.73, 0.6 * size, colour=salami, detail=1)


def burger(draw: Drawing) -> None:
    """A hamburger: a domed bun, lettuce, a patty and the lower bun."""
    bun, width = draw.colour("wood"), draw.uniform(0.34, 0.40)
    draw.rounded(0.5 - width, 0.69, 0.5 + width, 0.86, 0.06, bun)
    draw.rounded(0.48 - width, 0.59, 0.52 + width, 0.71, 0.05, "brown")
    if draw.chance(0.4):
        draw.polygon(symmetric((0.8 * width, 0.58), (0.0, 0.70)), "yellow", detail=1)
    waves = [(0.7, 0.62), (0.3, 0.56), (-0.1, 0.63), (-0.6, 0.57)]
    hem = [(0.5 + x * width, y) for x, y in waves]
    lettuce = [(0.47 - width, 0.54), (0.5, 0.5), (0.53 + width, 0.54), *hem]
    draw.blob(lettuce, "green")
    draw.ellipse(0.5, 0.53, width, draw.uniform(0.28, 0.36), bun, start=0.5, stop=1.0)
    for x, y in ((0.36, 0.39), (0.5, 0.32), (0.63, 0.39)):
        draw.ellipse(x, y, 0.022, 0.016, "white", detail=2)


def cake(draw: Drawing) -> None:
    """A two-tier birthday cake with icing and one to five burning candles."""
    colour = draw.colour(draw.pick("pink", "brown", "white", "any"))
    top, candles = draw.uniform(0.40, 0.46), draw.pick(1, 3, 4, 5)
    for candle in range(candles):
        x = 0.5 + 0.13 * (candle - (candles - 1) / 2)
        draw.rectangle(x - 0.02, top - 0.18, x + 0.02, top, draw.pick("any", "white"))
        draw.ellipse(x, top - 0.235, 0.024, 0.042, "orange")
    draw.ellipse(0.5, 0.88, 0.45, 0.04, "metal", detail=1)
    draw.rounded(0.12, 0.63, 0.88, 0.87, 0.03, colour)
    draw.rounded(0.24, top, 0.76, 0.65, 0.03, colour)
    icing = [(0.12 + 0.127 * i, 0.70 + 0.05 * (i % 2)) for i in range(7)]
    draw.curve(icing, 0.022, "white", detail=1)


def bread(draw: Drawing) -> None:
    """A loaf of bread from the side, cut at one end so that the crumb shows."""
    crust = draw.colour(draw.pick("brown", "brown", "orange"))
    top, bottom = draw.uniform(0.26, 0.34), draw.uniform(0.70, 0.76)
    bulge, length = 0.05, draw.uniform(0.88, 0.95)
    upper = [(0.30, top), (0.62, top - bulge), (length - 0.04, top + 0.04)]
    draw.blob(
        [*upper, (length, top + 0.2), (length - 0.04, bottom), (0.3, bottom)], crust
    )
    for x in (0.56, 0.68, 0.80):
        cut = [(x + 0.04, top - 0.02), (x - 0.02, top + 0.12)]
        draw.line(cut, 0.025, "tan", detail=1)
    for inset, colour in ((0.0, crust), (0.055, draw.colour("tan"))):
        cheek = [(0.17 - inset, top + inset), (0.22 - inset, top + 0.10)]
        side = [(0.18 - inset, top + 0.20), (0.18 - inset, bottom + 0.02 - inset)]
        draw.blob(symmetric(*cheek, *side, centre=0.27), colour)
