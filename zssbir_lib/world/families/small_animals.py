"""Birds, insects and other small animals."""

import math

import numpy as np

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import beside


def bird(draw: Drawing) -> None:
    """A small standing bird: round head, beak, one folded wing, thin legs."""
    feathers = draw.colour("any")
    tail, radius = draw.uniform(0.44, 0.58), draw.uniform(0.1, 0.13)
    fan = [(0.96, tail), (0.94, tail + 0.13)]
    draw.polygon([(0.66, 0.5), *fan, (0.66, 0.62)], feathers)
    draw.line([(0.48, 0.7), (0.46, 0.9), (0.4, 0.91)], 0.02, "orange")
    draw.line([(0.55, 0.7), (0.55, 0.9), (0.49, 0.91)], 0.02, "orange")
    width, height = draw.uniform(0.22, 0.26), draw.uniform(0.14, 0.18)
    draw.ellipse(0.5, 0.56, width, height, feathers, tilt=0.15)
    beak = 0.29 - radius * 0.8
    draw.polygon([(beak, 0.33), (0.08, 0.39), (beak, 0.44)], "orange")
    draw.ellipse(0.29, 0.39, radius, colour=feathers)
    wing = [(0.42, 0.5), (0.6, 0.48), (0.76, 0.58), (0.58, 0.66), (0.46, 0.6)]
    draw.blob(wing, draw.pick(feathers, "any"))
    draw.eye(0.26, 0.37, 0.02)


def duck(draw: Drawing) -> None:
    """A swimming duck: short neck, broad beak, upturned tail."""
    feathers = draw.colour(draw.pick("yellow", "white", "brown"))
    radius, head = draw.uniform(0.115, 0.14), draw.uniform(0.28, 0.33)
    body = [(0.18, 0.58), (0.35, 0.6), (0.55, 0.55), (0.78, 0.54), (0.95, 0.4)]
    draw.blob([*body, (0.9, 0.68), (0.62, 0.82), (0.32, 0.79)], feathers)
    draw.blob([(0.22, 0.62), (0.2, 0.42), (0.34, 0.38), (0.42, 0.6)], feathers)
    beak = [(0.22, head - 0.04), (0.06, head - 0.01), (0.03, head + 0.04)]
    draw.blob([*beak, (0.22, head + 0.07)], "orange")
    draw.ellipse(0.29, head, radius, colour=feathers)
    draw.blob([(0.45, 0.6), (0.68, 0.57), (0.8, 0.62), (0.6, 0.72)], feathers, detail=1)
    draw.eye(0.26, head - 0.03, 0.018)


def swan(draw: Drawing) -> None:
    """A swimming swan: a long S-shaped neck and a raised wing."""
    feathers = draw.colour(draw.pick("white", "white", "white", "black"))
    head, bend = draw.uniform(0.1, 0.16), draw.uniform(0.34, 0.4)
    draw.polygon([(0.22, head), (0.07, head + 0.1), (0.2, head + 0.1)], "orange")
    body = [(0.2, 0.7), (0.38, 0.62), (0.6, 0.64), (0.95, 0.5)]
    draw.blob([*body, (0.88, 0.76), (0.64, 0.89), (0.36, 0.87)], feathers)
    neck = [(0.23, head + 0.02), (0.36, head + 0.02), (bend, head + 0.16)]
    draw.limb([*neck, (0.24, 0.52), (0.22, 0.68), (0.36, 0.76)], 0.08, 0.14, feathers)
    draw.ellipse(0.25, head + 0.03, 0.085, 0.065, feathers, tilt=-0.4)
    wing = [(0.4, 0.7), (0.52, 0.52), (0.84, 0.44), (0.8, 0.64), (0.62, 0.77)]
    draw.blob(wing, feathers)
    draw.eye(0.22, head + 0.02, 0.014)


def owl(draw: Drawing) -> None:
    """An owl from the front: ear tufts, two huge eyes, wings at the sides."""
    feathers = draw.colour(draw.pick("brown", "grey", "tan"))
    eye, tuft = draw.uniform(0.1, 0.125), draw.uniform(0.07, 0.13)
    crown = [(0.28, tuft), (0.4, 0.18), (0.6, 0.18), (0.72, tuft)]
    left = [(0.4, 0.9), (0.26, 0.7), (0.25, 0.4)]
    draw.blob([*crown, (0.75, 0.4), (0.74, 0.7), (0.6, 0.9), *left], feathers)
    draw.ellipse(0.5, 0.7, 0.13, 0.16, "tan", detail=1)
    for side in (-1, 1):
        draw.ellipse(0.5 + side * 0.12, 0.36, eye, colour="white")
        draw.ellipse(0.5 + side * 0.12, 0.36, eye * 0.5, colour="black")
        wing = [(0.25, 0.48), (0.31, 0.65), (0.2, 0.84), (0.15, 0.62)]
        draw.blob(beside(side, wing), feathers, detail=1)
    draw.polygon([(0.46, 0.43), (0.54, 0.43), (0.5, 0.54)], "orange")


def penguin(draw: Drawing) -> None:
    """A standing penguin: black back, white belly, flippers held out."""
    back, width = draw.colour("black"), draw.uniform(0.2, 0.25)
    flipper = width + draw.uniform(0.07, 0.14)
    for side in (-1, 1):
        draw.ellipse(0.5 + side * 0.1, 0.91, 0.085, 0.035, "orange")
        wing = [(width * 0.8, 0.36), (flipper, 0.58), (flipper - 0.04, 0.7)]
        draw.blob(beside(side, [*wing, (width * 0.7, 0.55)]), back)
    right = [(0.1, 0.14), (0.13, 0.28), (width, 0.55), (width * 0.8, 0.82)]
    left = beside(-1, right)[::-1]
    draw.blob([(0.5, 0.07), *beside(1, right), (0.5, 0.9), *left], back)
    draw.ellipse(0.5, 0.62, width * 0.7, 0.25, "white")
    draw.polygon([(0.45, 0.25), (0.55, 0.25), (0.5, 0.35)], "orange")
    for x in (0.45, 0.55):
        draw.ellipse(x, 0.19, 0.022, colour="white", detail=1)


def butterfly(draw: Drawing) -> None:
    """A butterfly from above: four wings with spots, feelers."""
    wings, spots = draw.colour("any"), draw.colour("any")
    upper, lower = draw.uniform(0.26, 0.34), draw.uniform(0.2, 0.26)
    for side in (-1, 1):
        top = [(0.0, 0.5), (0.1, 0.3), (upper, 0.14), (upper + 0.12, 0.25)]
        draw.blob(beside(side, [*top, (upper + 0.04, 0.45)]), wings)
        bottom = [(0.0, 0.52), (upper, 0.52), (lower + 0.08, 0.72), (0.14, 0.8)]
        draw.blob(beside(side, bottom), wings)
        draw.ellipse(0.5 + side * upper * 0.85, 0.31, 0.06, colour=spots, detail=1)
        draw.ellipse(0.5 + side * lower * 0.8, 0.64, 0.045, colour=spots, detail=1)
        draw.curve(beside(side, [(0.0, 0.3), (0.04, 0.2), (0.1, 0.12)]), 0.014)
    draw.ellipse(0.5, 0.52, 0.035, 0.24, "black")


def bee(draw: Drawing) -> None:
    """A bee: a striped yellow body under two clear wings, with a sting."""
    width, height = draw.uniform(0.27, 0.3), draw.uniform(0.16, 0.2)
    draw.ellipse(0.45, 0.32, 0.1, draw.uniform(0.16, 0.2), "white", tilt=-0.4)
    draw.ellipse(0.61, 0.32, 0.1, draw.uniform(0.16, 0.2), "white", tilt=0.4)
    draw.polygon([(0.78, 0.55), (0.94, 0.58), (0.78, 0.62)], "black", detail=1)
    draw.ellipse(0.54, 0.58, width, height, "yellow")
    for x, reach in ((0.46, 0.92), (0.58, 0.97), (0.69, 0.83)):
        stripe = [(x, 0.58 - height * reach), (x, 0.58 + height * reach)]
        draw.limb(stripe, 0.05, 0.05, "black")
    draw.ellipse(0.26, 0.54, 0.115, colour=draw.pick("black", "yellow"))
    draw.curve([(0.22, 0.45), (0.16, 0.36), (0.1, 0.34)], 0.014)
    draw.curve([(0.28, 0.44), (0.25, 0.34), (0.2, 0.28)], 0.014)
    draw.eye(0.22, 0.51, 0.018)


def spider(draw: Drawing) -> None:
    """A spider from above: eight bent legs around a round body."""
    skin = draw.colour(draw.pick("black", "brown"))
    for side in (-1, 1):
        for hip, foot in ((-0.06, -0.36), (-0.02, -0.16), (0.02, 0.12), (0.06, 0.36)):
            knee = (draw.uniform(0.2, 0.26), 0.42 + hip + foot * 0.4)
            leg = [(0.0, 0.5 + hip), knee, (draw.uniform(0.36, 0.44), 0.52 + foot)]
            draw.line(beside(side, leg), 0.02, skin)
    draw.ellipse(0.5, 0.57, draw.uniform(0.12, 0.16), draw.uniform(0.15, 0.18), skin)
    draw.ellipse(0.5, 0.37, 0.085, 0.085, skin)
    for x in (0.465, 0.535):
        draw.ellipse(x, 0.34, 0.016, colour="white", detail=1)


def snail(draw: Drawing) -> None:
    """A snail: a spiral shell on a flat body with two feelers."""
    skin = draw.colour(draw.pick("tan", "grey", "brown"))
    shell = draw.colour(draw.pick("brown", "orange", "any"))
    body = [(0.08, 0.55), (0.2, 0.5), (0.28, 0.72), (0.6, 0.74), (0.95, 0.84)]
    draw.blob([*body, (0.55, 0.87), (0.16, 0.86), (0.11, 0.72)], skin)
    draw.line([(0.11, 0.56), (0.05, 0.38)], 0.018, skin)
    draw.line([(0.18, 0.54), (0.18, 0.36)], 0.018, skin)
    radius, turns = draw.uniform(0.22, 0.26), draw.uniform(1.6, 2.2)
    draw.ellipse(0.57, 0.55, radius, colour=shell)
    angle = np.linspace(0, 2 * math.pi * turns, 40)
    reach = radius * np.linspace(0.85, 0.05, 40)
    spiral = np.stack([0.57 + reach * np.cos(angle), 0.55 + reach * np.sin(angle)], 1)
    draw.stroke(spiral, 0.022)


def snake(draw: Drawing) -> None:
    """A thick winding snake, head up, with a forked tongue."""
    skin, bends = draw.colour(draw.pick("green", "any", "brown")), draw.pick(2, 2, 3)
    swing, tail = draw.uniform(0.24, 0.3), draw.uniform(0.86, 0.96)
    height, side = 0.56 / bends, -1
    body = [(tail, 0.84), (0.68, 0.92)]
    for bend in range(bends):
        y = 0.9 - height * (bend + 0.4)
        for out, up in ((0.7, -0.28), (1.0, 0.0), (0.7, 0.28)):
            body.append((0.45 + side * swing * out, y - height * up))
        side = -side
    x, y = 0.45 + side * 0.1, 0.22
    draw.limb([*body, (x - side * 0.06, 0.34), (x, y)], 0.03, 0.13, skin)
    fork, tip = x + side * 0.19, x + side * 0.26
    draw.line([(x, y), (fork, y - 0.02), (tip, y - 0.07)], 0.016, "red")
    draw.line([(fork, y - 0.02), (tip, y + 0.04)], 0.016, "red")
    draw.ellipse(x + side * 0.03, y - 0.01, 0.12, 0.078, skin)
    draw.eye(x + side * 0.05, y - 0.03, 0.018)
