"""Things of every kind that belong to no other family."""

import numpy as np

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import beside, polar, symmetric


def anchor(draw: Drawing) -> None:
    """A ship's anchor: a ring, a shaft with a cross-bar, two curved flukes."""
    iron = draw.colour(draw.pick("black", "grey", "blue"))
    radius = draw.uniform(0.28, 0.34)
    draw.ring(0.5, 0.13, 0.065, 0.04, iron)
    bar = draw.uniform(0.16, 0.22)
    draw.limb([(0.5 - bar, 0.32), (0.5 + bar, 0.32)], 0.065, 0.065, iron)
    draw.limb([(0.5, 0.2), (0.5, 0.9)], 0.07, 0.08, iron)
    arms = [polar(0.5, 0.58, radius, turn) for turn in np.linspace(0.025, 0.475, 9)]
    draw.limb(arms, 0.07, 0.07, iron)
    for side in (-1, 1):
        tip = [(radius - 0.11, 0.61), (radius + 0.02, 0.45), (radius + 0.11, 0.65)]
        draw.polygon(beside(side, tip), iron)


def sword(draw: Drawing) -> None:
    """A sword: a long pointed blade, a cross-guard, a grip and a pommel."""
    width, guard = draw.uniform(0.045, 0.065), draw.uniform(0.15, 0.21)
    gold = draw.colour(draw.pick("yellow", "brown", "metal"))
    draw.polygon(symmetric((0.0, 0.03), (width, 0.13), (width, 0.66)), "metal")
    draw.line([(0.5, 0.1), (0.5, 0.64)], 0.012, "grey", detail=1)
    draw.rectangle(0.465, 0.7, 0.535, 0.9, draw.pick("brown", "black"))
    draw.rounded(0.5 - guard, 0.64, 0.5 + guard, 0.71, 0.03, gold)
    draw.ellipse(0.5, 0.92, 0.05, colour=gold)


def envelope(draw: Drawing) -> None:
    """A closed envelope with a triangular flap, sometimes sealed."""
    paper = draw.colour(draw.pick("white", "tan", "any"))
    half = draw.uniform(0.22, 0.28)
    top, bottom, flap = 0.5 - half, 0.5 + half, draw.uniform(0.52, 0.58)
    draw.rectangle(0.08, top, 0.92, bottom, paper)
    draw.line([(0.08, bottom), (0.42, 0.5)], 0.014, "grey", detail=1)
    draw.line([(0.92, bottom), (0.58, 0.5)], 0.014, "grey", detail=1)
    draw.polygon([(0.08, top), (0.92, top), (0.5, flap)], paper)
    draw.line([(0.08, top), (0.5, flap), (0.92, top)], 0.018, "brown")
    if draw.chance(0.3):
        draw.ellipse(0.5, flap - 0.02, 0.055, colour="red", detail=2)


def book(draw: Drawing) -> None:
    """An open book: a coloured cover and two white pages with lines."""
    fold, cover = draw.uniform(0.04, 0.1), draw.colour("any")
    edge = [(0.06, 0.28), (0.5, 0.28 + fold), (0.94, 0.28), (0.94, 0.8)]
    draw.polygon([*edge, (0.5, 0.8 + fold), (0.06, 0.8)], cover)
    page = [(0.0, 0.26 + fold), (0.2, 0.21), (0.4, 0.25), (0.4, 0.5), (0.4, 0.75)]
    for side in (-1, 1):
        draw.blob(beside(side, [*page, (0.2, 0.72), (0.0, 0.77 + fold)]), "white")
        for row in range(4):
            y = 0.36 + 0.09 * row
            text = [(0.07, y + 0.03), (draw.uniform(0.24, 0.33), y)]
            draw.line(beside(side, text), 0.014, "grey", detail=1)


def parachute(draw: Drawing) -> None:
    """A parachute: a half-round canopy, cords and a person hanging below."""
    cloth, radius = draw.colour("any"), draw.uniform(0.36, 0.42)
    for across in (-1.0, -0.4, 0.4, 1.0):
        draw.line([(0.5 + across * radius, 0.42), (0.5, 0.8)], 0.012, "brown")
    draw.limb([(0.5, 0.82), (0.5, 0.93)], 0.09, 0.06, "any")
    draw.ellipse(0.5, 0.77, 0.05, colour="skin")
    height = draw.uniform(0.3, 0.36)
    draw.ellipse(0.5, 0.43, radius, height, cloth, start=0.5, stop=1.0)
    for side in (-1, 1):
        seam = [(radius * 0.4, 0.43), (radius * 0.3, 0.25), (0.0, 0.43 - height)]
        draw.curve(beside(side, seam), 0.014, detail=1)


def gift(draw: Drawing) -> None:
    """A wrapped present with a ribbon and a bow."""
    paper, ribbon = draw.colour("any"), draw.colour("any")
    lid, loop = draw.uniform(0.34, 0.42), draw.uniform(0.22, 0.3)
    for side in (-1, 1):
        bow = [(0.0, lid), (loop * 0.6, lid - 0.2), (loop, lid - 0.1)]
        draw.blob(beside(side, bow), ribbon)
    draw.rectangle(0.18, lid + 0.08, 0.82, 0.92, paper)
    draw.rectangle(0.14, lid - 0.02, 0.86, lid + 0.14, paper)
    width = draw.uniform(0.045, 0.065)
    draw.rectangle(0.5 - width, lid - 0.02, 0.5 + width, 0.92, ribbon)


def dumbbell(draw: Drawing) -> None:
    """A dumbbell: a bar with a small and a large weight at each end."""
    iron = draw.colour(draw.pick("black", "grey", "any"))
    large = draw.uniform(0.17, 0.24)
    small = large * draw.uniform(0.6, 0.8)
    draw.rectangle(0.28, 0.46, 0.72, 0.54, "metal")
    for x in (0.09, 0.91):
        draw.rounded(x - 0.05, 0.5 - small, x + 0.05, 0.5 + small, 0.02, iron)
    for x in (0.21, 0.79):
        draw.rounded(x - 0.065, 0.5 - large, x + 0.065, 0.5 + large, 0.03, iron)


def skull(draw: Drawing) -> None:
    """A skull from the front: dark eye sockets, a nose hole and teeth."""
    bone, radius = draw.colour(draw.pick("white", "tan")), draw.uniform(0.28, 0.32)
    jaw = draw.uniform(0.15, 0.18)
    draw.rounded(0.5 - jaw, 0.6, 0.5 + jaw, 0.9, 0.05, bone)
    draw.ellipse(0.5, 0.42, radius, draw.uniform(0.28, 0.32), bone)
    for side in (-1, 1):
        draw.ellipse(0.5 + side * 0.125, 0.45, 0.085, 0.09, "black")
    draw.polygon([(0.5, 0.55), (0.455, 0.65), (0.545, 0.65)], "black")
    for x in (0.42, 0.5, 0.58):
        draw.line([(x, 0.75), (x, 0.89)], 0.018, detail=1)


def kite(draw: Drawing) -> None:
    """A diamond kite with crossed sticks and a tail of bows."""
    cloth, width = draw.colour("any"), draw.uniform(0.24, 0.3)
    draw.curve([(0.45, 0.66), (0.53, 0.76), (0.42, 0.85), (0.56, 0.96)], 0.018)
    diamond = [(0.45, 0.03), (0.45 + width, 0.3), (0.45, 0.68), (0.45 - width, 0.3)]
    draw.polygon(diamond, cloth)
    draw.line([(0.45, 0.03), (0.45, 0.68)], 0.016)
    draw.line([(0.45 - width, 0.3), (0.45 + width, 0.3)], 0.016)
    bow_colour = draw.colour("any")
    for x, y in ((0.52, 0.77), (0.44, 0.87)):
        left, right = x - 0.065, x + 0.065
        bow = [(left, y - 0.04), (right, y + 0.04), (right, y - 0.04), (left, y + 0.04)]
        draw.polygon(bow, bow_colour, detail=1)


def heart(draw: Drawing) -> None:
    """A heart: two round lobes above a point, sometimes with a shine."""
    width, notch = draw.uniform(0.34, 0.4), draw.uniform(0.26, 0.34)
    upper = [(0.0, notch), (width * 0.5, 0.17), (width, 0.32)]
    lower = [(width * 0.78, 0.56), (width * 0.32, 0.79), (0.0, 0.92)]
    draw.blob(symmetric(*upper, *lower), draw.pick("red", "red", "pink", "any"))
    if draw.chance(0.4):
        draw.arc(0.33, 0.37, 0.1, 0.1, 0.5, 0.75, 0.025, "white", detail=2)


def snowman(draw: Drawing) -> None:
    """A snowman: two or three snowballs, a carrot nose, stick arms, often a hat."""
    snow, middle = draw.colour("white"), draw.uniform(0.14, 0.17)
    for side in (-1, 1):
        arm = [(0.12, 0.5), (0.37, draw.uniform(0.3, 0.46))]
        draw.line(beside(side, arm), 0.022, "brown")
    draw.ellipse(0.5, 0.76, draw.uniform(0.2, 0.24), draw.uniform(0.18, 0.2), snow)
    draw.ellipse(0.5, 0.48, middle, colour=snow)
    draw.ellipse(0.5, 0.27, 0.12, colour=snow)
    if draw.chance(0.7):
        draw.rectangle(0.4, 0.03, 0.6, 0.17, "black")
        draw.rectangle(0.33, 0.15, 0.67, 0.2, "black")
    if draw.chance(0.5):
        draw.limb([(0.39, 0.37), (0.5, 0.4), (0.61, 0.37)], 0.06, 0.06, "any", detail=1)
    draw.polygon([(0.5, 0.26), (0.67, 0.295), (0.5, 0.31)], "orange")
    for x, y in ((0.45, 0.24), (0.55, 0.24), (0.5, 0.46), (0.5, 0.55)):
        draw.ellipse(x, y, 0.018, colour="black", detail=1)


def hourglass(draw: Drawing) -> None:
    """An hourglass: two glass cones with sand between wooden plates."""
    wood, width = draw.colour(draw.pick("wood", "brown")), draw.uniform(0.2, 0.26)
    level = draw.uniform(0.24, 0.34)
    glass = [(width, 0.13), (0.03, 0.5), (width, 0.87)]
    draw.polygon(symmetric(*glass), "glass")
    surface = width * (0.5 - level) / 0.37
    draw.polygon(symmetric((surface, level), (0.0, 0.5)), "yellow", detail=1)
    draw.polygon(symmetric((0.0, 0.68), (width * 0.85, 0.86)), "yellow", detail=1)
    for top in (0.06, 0.86):
        draw.rectangle(0.46 - width, top, 0.54 + width, top + 0.08, wood)


def tank(draw: Drawing) -> None:
    """An army tank: a turret with a long gun over tracks with wheels."""
    paint = draw.colour(draw.pick("dark_green", "brown", "grey"))
    aim = draw.uniform(0.26, 0.38)
    draw.limb([(0.45, 0.4), (0.97, aim)], 0.06, 0.05, paint)
    draw.polygon([(0.27, 0.3), (0.56, 0.3), (0.65, 0.5), (0.2, 0.5)], paint)
    draw.polygon([(0.09, 0.49), (0.86, 0.49), (0.95, 0.62), (0.04, 0.62)], paint)
    draw.rounded(0.05, 0.58, 0.94, 0.82, 0.12, "black")
    for wheel in range(5):
        draw.ellipse(0.165 + wheel * 0.165, 0.7, 0.07, colour="grey")
