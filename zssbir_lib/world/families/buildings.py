"""Buildings and other things that people put up outdoors."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import between, polar, symmetric


def house(draw: Drawing) -> None:
    """A house with a gable roof, a door and usually two windows and a chimney."""
    width, eaves = draw.uniform(0.28, 0.36), draw.uniform(0.42, 0.50)
    ridge, shift = draw.uniform(0.12, 0.22), draw.uniform(-0.12, 0.12)
    if draw.chance(0.5):
        draw.rectangle(0.66, ridge + 0.02, 0.75, eaves, "brown", detail=1)
    draw.rectangle(
        0.5 - width, eaves, 0.5 + width, 0.9, draw.pick("tan", "white", "any")
    )
    roof = symmetric((0.0, ridge), (width + 0.07, eaves))
    draw.polygon(roof, draw.pick("red", "brown", "grey"))
    draw.rectangle(0.44 + shift, 0.66, 0.56 + shift, 0.9, "brown")
    if draw.chance(0.8):
        for x in (0.55 - width, 0.34 + width):
            draw.rectangle(x, 0.54, x + 0.11, 0.65, "sky", detail=1)


def castle(draw: Drawing) -> None:
    """A castle wall with a gate between two towers, pointed or crenellated."""
    stone = draw.colour("stone")
    width, top = draw.uniform(0.14, 0.19), draw.uniform(0.22, 0.34)
    _battlements(draw, 0.2, 0.8, 0.5, 5, stone)
    draw.rectangle(0.15, 0.5, 0.85, 0.92, stone)
    for left in (0.08, 0.92 - width):
        right, middle = left + width, left + width / 2
        if draw.chance(0.5):
            _battlements(draw, left, right, top, 3, stone)
        else:
            roof = [(left - 0.02, top), (middle, top - 0.17), (right + 0.02, top)]
            draw.polygon(roof, draw.pick("red", "blue", "grey"))
        draw.rectangle(left, top, right, 0.92, stone)
        draw.rectangle(
            middle - 0.02, top + 0.1, middle + 0.02, top + 0.2, "black", detail=1
        )
    draw.polygon(symmetric((0.04, 0.64), (0.08, 0.71), (0.08, 0.92)), "brown")


def _battlements(
    draw: Drawing, left: float, right: float, top: float, count: int, colour: tuple
) -> None:
    """A row of merlons that stand on the top edge of a wall."""
    width = (right - left) / (2 * count - 1)
    for merlon in range(count):
        x = left + 2 * merlon * width
        draw.rectangle(x, top - 0.06, x + width, top + 0.01, colour)


def lighthouse(draw: Drawing) -> None:
    """A tapering striped tower with a gallery, a lit lantern and a pointed cap."""
    top, bottom = draw.uniform(0.07, 0.10), draw.uniform(0.14, 0.19)
    paint = draw.colour(draw.pick("red", "black", "blue"))
    upper, lower = (top, 0.3), (bottom, 0.92)
    draw.polygon(symmetric(upper, lower), "white")
    for start in (0.15, 0.65):
        stripe = between(upper, lower, start), between(upper, lower, start + 0.25)
        draw.polygon(symmetric(*stripe), paint)
    draw.rectangle(0.46 - top, 0.27, 0.54 + top, 0.31, paint)
    draw.rectangle(0.5 - 0.7 * top, 0.16, 0.5 + 0.7 * top, 0.27, "yellow")
    draw.polygon(symmetric((0.0, 0.05), (top, 0.16)), paint)
    if draw.chance(0.4):
        for y in (0.12, 0.30):
            draw.line([(0.6, 0.21), (0.86, y)], 0.016, "yellow", detail=2)


def windmill(draw: Drawing) -> None:
    """A tapering mill with a cap and four latticed sails, turned at any angle."""
    body = symmetric((0.09, 0.40), (draw.uniform(0.16, 0.21), 0.95))
    draw.polygon(body, draw.pick("stone", "white", "brown"))
    draw.polygon(symmetric((0.0, 0.26), (0.11, 0.42)), draw.pick("red", "brown"))
    draw.rectangle(0.45, 0.78, 0.55, 0.95, "brown", detail=1)
    turn, length = draw.uniform(0, 0.25), draw.uniform(0.35, 0.42)
    cloth = draw.colour(draw.pick("white", "wood"))
    for arm in range(4):
        direction = turn + arm / 4
        inner = polar(0.5, 0.42, 0.08, direction)
        tip = polar(0.5, 0.42, length, direction)
        edge = [polar(*point, 0.10, direction + 0.25) for point in (tip, inner)]
        draw.polygon([inner, tip, *edge], cloth)
        draw.line([(0.5, 0.42), tip], 0.022, "brown")
    draw.ellipse(0.5, 0.42, 0.03, colour="brown", detail=1)


def tent(draw: Drawing) -> None:
    """A ridge tent with an open dark entrance; often its side is visible too."""
    colour = draw.colour("any")
    top, ridge = draw.uniform(0.20, 0.30), draw.uniform(0.0, 0.24)
    if ridge > 0.08:
        side = [(0.45, top), (0.45 + ridge, top - 0.03), (0.97, 0.76), (0.83, 0.86)]
        draw.polygon(side, colour)
    draw.polygon([(0.45, top), (0.05, 0.86), (0.83, 0.86)], colour)
    draw.polygon([(0.45, top + 0.13), (0.33, 0.86), (0.56, 0.86)], "black")
    if draw.chance(0.4):
        draw.line([(0.12, 0.75), (0.02, 0.90)], 0.014, "brown", detail=2)


def bridge(draw: Drawing) -> None:
    """A suspension bridge: a long deck, two towers and a hanging main cable."""
    colour = draw.colour(draw.pick("red", "grey", "stone", "any"))
    deck, top = draw.uniform(0.58, 0.64), draw.uniform(0.12, 0.20)
    left, right, sag = 0.25, 0.75, deck - draw.uniform(0.04, 0.09)
    halfway, outer = top + 0.72 * (sag - top), top + 0.55 * (deck - top)
    cable = [(left, top), (0.37, halfway), (0.5, sag), (0.63, halfway), (right, top)]
    draw.curve([(0.02, deck), (0.14, outer), (left, top)], 0.048, colour)
    draw.curve(cable, 0.048, colour)
    draw.curve([(right, top), (0.86, outer), (0.98, deck)], 0.048, colour)
    for x, y in ((0.15, outer), (0.37, halfway), (0.63, halfway), (0.85, outer)):
        draw.line([(x, y), (x, deck)], 0.026, colour, detail=1)
    for x in (left, right):
        draw.rectangle(x - 0.05, top - 0.04, x + 0.05, 0.92, colour)
    draw.rectangle(0.01, deck, 0.99, deck + 0.12, colour)
    if draw.chance(0.6):
        waves = [(0.05 + 0.15 * i, 0.91 - 0.04 * (i % 2)) for i in range(7)]
        draw.curve(waves, 0.04, "blue", detail=1)


def church(draw: Drawing) -> None:
    """A church: a nave with arched windows and a spire with a cross."""
    wall = draw.colour(draw.pick("white", "stone", "tan"))
    roof = draw.colour(draw.pick("red", "grey", "brown"))
    eaves, spire = draw.uniform(0.52, 0.60), draw.uniform(0.16, 0.22)
    draw.rectangle(0.35, eaves, 0.92, 0.9, wall)
    nave_roof = [(0.33, eaves), (0.42, eaves - 0.14), (0.87, eaves - 0.14)]
    draw.polygon([*nave_roof, (0.95, eaves)], roof)
    draw.line([(0.26, spire + 0.02), (0.26, 0.03)], 0.024, "black")
    draw.line([(0.20, 0.08), (0.32, 0.08)], 0.024, "black")
    draw.rectangle(0.14, 0.42, 0.38, 0.9, wall)
    draw.polygon([(0.11, 0.42), (0.26, spire), (0.41, 0.42)], roof)
    door = [(0.0, 0.69), (0.055, 0.75), (0.055, 0.9)]
    draw.polygon(symmetric(*door, centre=0.26), "brown")
    for x in (0.48, 0.62, 0.76):
        draw.rounded(x, eaves + 0.1, x + 0.08, eaves + 0.23, 0.04, "sky", detail=1)
    if draw.chance(0.4):
        draw.ellipse(0.26, 0.54, 0.045, colour="sky", detail=2)


def skyscraper(draw: Drawing) -> None:
    """A tall office tower with a set-back top, an antenna and a grid of windows."""
    colour = draw.colour(draw.pick("grey", "sky", "blue", "tan"))
    width, top = draw.uniform(0.15, 0.21), draw.uniform(0.12, 0.20)
    setback, columns = draw.uniform(0.5, 0.7), draw.pick(2, 3)
    draw.line([(0.5, top), (0.5, 0.03)], 0.02, "grey")
    draw.rectangle(0.5 - setback * width, top, 0.5 + setback * width, 0.3, colour)
    draw.rectangle(0.5 - width, top + 0.12, 0.5 + width, 0.95, colour)
    pane = 2 * width / (1.5 * columns + 0.5)
    lit = draw.pick("yellow", "black", "sky")
    for row in range(5):
        y = top + 0.17 + 0.12 * row
        for column in range(columns):
            x = 0.5 - width + pane * (0.5 + 1.5 * column)
            draw.rectangle(x, y, x + pane, y + 0.07, lit, detail=1)
