"""Mammals: faces of pets and whole animals from the side, and the human face."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import beside


def _two_eyes(draw: Drawing, apart: float, y: float, detail: int = 1) -> None:
    """Draw two eyes, each `apart` from the middle line."""
    for side in (-1, 1):
        draw.eye(0.5 + side * apart, y, 0.032, detail)


def cat(draw: Drawing) -> None:
    """A cat's face: two pointed ears, a small nose and whiskers."""
    fur = draw.colour("fur")
    radius, ear = draw.uniform(0.26, 0.31), draw.uniform(0.20, 0.27)
    ear_tip = 0.5 - radius - ear * 0.5
    for side in (-1, 1):
        ear_base = [(radius * 1.02, 0.46), (radius, ear_tip), (radius * 0.2, 0.28)]
        draw.polygon(beside(side, ear_base), fur)
    draw.ellipse(0.5, 0.52, radius * 1.1, radius, fur)
    _two_eyes(draw, radius * 0.4, 0.5 - radius * 0.1)
    draw.polygon([(0.46, 0.57), (0.54, 0.57), (0.5, 0.62)], "pink", detail=1)
    for side in (-1, 1):
        for droop in (-0.05, 0.01, 0.07):
            whisker = [(0.12, 0.61 + droop * 0.5), (0.44, 0.58 + droop * 1.6)]
            draw.line(beside(side, whisker), 0.01, detail=1)


def dog(draw: Drawing) -> None:
    """A dog's face: hanging ears, a light muzzle with a big nose, often a tongue."""
    fur, ear_fur = draw.colour("fur"), draw.colour(draw.pick("fur", "brown", "black"))
    width, height = draw.uniform(0.22, 0.26), draw.uniform(0.30, 0.34)
    ear_length, ear_out = draw.uniform(0.58, 0.76), draw.uniform(0.12, 0.18)
    if draw.chance(0.6):
        draw.rounded(0.44, 0.74, 0.56, 0.96, 0.06, "pink", detail=1)
    draw.ellipse(0.5, 0.48, width, height, fur)
    draw.ellipse(0.5, 0.68, width * 0.95, 0.17, draw.pick("white", "tan", fur))
    draw.ellipse(0.5, 0.60, 0.085, 0.055, "black")
    draw.curve([(0.38, 0.74), (0.5, 0.77), (0.62, 0.74)], 0.014, detail=1)
    _two_eyes(draw, width * 0.45, 0.43)
    for side in (-1, 1):
        outer, tip = width + ear_out, width + ear_out * 0.7
        ear = [(width * 0.5, 0.19), (outer * 0.9, 0.24), (outer, 0.45)]
        ear += [(tip, ear_length), (width * 0.98, ear_length - 0.06), (width, 0.4)]
        draw.blob(beside(side, ear), ear_fur)


def rabbit(draw: Drawing) -> None:
    """A rabbit's face with two long ears and front teeth."""
    fur = draw.colour("fur")
    radius, ear = draw.uniform(0.22, 0.26), draw.uniform(0.20, 0.26)
    lean = draw.uniform(0.1, 0.3)
    for side in (-1, 1):
        x, tilt = 0.5 + side * (0.12 + lean * 0.2), side * lean
        draw.ellipse(x, 0.3, 0.065, ear, fur, tilt=tilt)
        draw.ellipse(x, 0.3, 0.03, ear * 0.7, "pink", detail=1, tilt=tilt)
    draw.ellipse(0.5, 0.66, radius, radius, fur)
    _two_eyes(draw, radius * 0.4, 0.62)
    draw.ellipse(0.5, 0.7, 0.028, 0.02, "pink", detail=1)
    draw.rectangle(0.47, 0.76, 0.53, 0.82, "white", detail=1)


def pig(draw: Drawing) -> None:
    """A pink pig seen from the side: round body, snout, curly tail."""
    skin = draw.colour("pink")
    for x in (0.34, 0.44, 0.64, 0.75):
        draw.rectangle(x - 0.038, 0.62, x + 0.038, 0.84, skin)
    draw.arc(0.89, 0.46, 0.05, 0.05, 0.3, 1.15, 0.018, skin)
    draw.ellipse(0.56, 0.52, draw.uniform(0.28, 0.32), draw.uniform(0.18, 0.22), skin)
    draw.ellipse(0.26, 0.46, 0.165, 0.155, skin)
    draw.polygon([(0.2, 0.36), (0.26, 0.2), (0.35, 0.34)], skin)
    draw.ellipse(0.13, 0.5, 0.06, 0.08, skin)
    for x in (0.115, 0.148):
        draw.ellipse(x, 0.5, 0.012, 0.018, "black", detail=1)
    draw.eye(0.24, 0.42, 0.018)


def horse(draw: Drawing) -> None:
    """A horse seen from the side: long legs, a mane and a hanging tail."""
    fur, mane = draw.colour("fur"), draw.colour(draw.pick("brown", "black"))
    for x in (0.36, 0.44, 0.71, 0.79):
        knee, hoof = x + draw.uniform(-0.04, 0.04), x + draw.uniform(-0.02, 0.02)
        draw.limb([(x, 0.55), (knee, 0.75), (hoof, 0.95)], 0.07, 0.045, fur)
    draw.limb([(0.8, 0.46), (0.92, 0.54), (0.93, 0.78)], 0.04, 0.08, mane)
    draw.ellipse(0.58, 0.5, 0.25, draw.uniform(0.12, 0.15), fur)
    draw.limb([(0.41, 0.5), (0.31, 0.33), (0.27, 0.18)], 0.18, 0.12, fur)
    draw.limb([(0.29, 0.19), (0.18, 0.27), (0.1, 0.36)], 0.14, 0.08, fur)
    draw.polygon([(0.24, 0.16), (0.29, 0.06), (0.34, 0.16)], fur)
    draw.limb([(0.32, 0.12), (0.38, 0.27), (0.47, 0.43)], 0.06, 0.05, mane, detail=1)
    draw.eye(0.22, 0.21, 0.015)


def elephant(draw: Drawing) -> None:
    """An elephant seen from the side: heavy legs, a big ear and a long trunk."""
    skin = draw.colour("grey")
    for x in (0.44, 0.56, 0.75, 0.85):
        draw.rectangle(x - 0.05, 0.58, x + 0.045, 0.9, skin)
    draw.line([(0.91, 0.45), (0.97, 0.64)], 0.02, skin)
    draw.ellipse(0.65, 0.46, draw.uniform(0.27, 0.3), draw.uniform(0.19, 0.23), skin)
    trunk_end = draw.uniform(0.05, 0.15)
    trunk = [(0.26, 0.4), (0.15, 0.55), (0.13, 0.72), (trunk_end, 0.84)]
    draw.limb(trunk, 0.13, 0.055, skin)
    draw.ellipse(0.32, 0.37, 0.165, 0.155, skin)
    ear_width, ear_height = draw.uniform(0.1, 0.13), draw.uniform(0.15, 0.18)
    draw.ellipse(0.45, 0.38, ear_width, ear_height, draw.pick(skin, "grey"))
    draw.eye(0.24, 0.34, 0.018)
    if draw.chance(0.6):
        draw.limb([(0.26, 0.49), (0.23, 0.6), (0.31, 0.64)], 0.045, 0.015, "white", 1)


def giraffe(draw: Drawing) -> None:
    """A giraffe: a very long neck, thin legs and a few big spots."""
    fur, spot = draw.colour(draw.pick("yellow", "orange", "tan")), draw.colour("brown")
    x, y = draw.uniform(0.26, 0.36), draw.uniform(0.12, 0.18)
    for leg in (0.5, 0.58, 0.76, 0.83):
        hoof = leg + draw.uniform(-0.02, 0.02)
        draw.limb([(leg, 0.6), (hoof, 0.96)], 0.05, 0.04, fur)
    draw.line([(0.86, 0.56), (0.93, 0.7)], 0.018, "brown")
    draw.ellipse(0.67, 0.58, 0.22, 0.125, fur)
    draw.limb([(0.55, 0.6), ((x + 0.55) / 2, 0.38), (x + 0.03, y)], 0.16, 0.09, fur)
    for horn in (0.01, 0.06):
        draw.line([(x + horn, y), (x + horn + 0.02, y - 0.1)], 0.02, "brown")
    draw.ellipse(x - 0.03, y, 0.11, 0.055, fur, tilt=-0.3)
    draw.eye(x - 0.01, y - 0.015, 0.015)
    for spot_x, spot_y in ((0.56, 0.58), (0.67, 0.53), (0.68, 0.64), (0.78, 0.58)):
        width, height = draw.uniform(0.03, 0.045), draw.uniform(0.025, 0.035)
        draw.ellipse(spot_x, spot_y, width, height, spot, detail=1)
    for along in (0.15, 0.42, 0.7):
        spot_x = 0.52 + (x - 0.5) * along
        draw.ellipse(spot_x, 0.54 + (y - 0.54) * along, 0.028, 0.032, spot, detail=2)


def face(draw: Drawing) -> None:
    """A person's face with hair, ears, eyes, nose and mouth."""
    skin, hair = draw.colour("skin"), draw.colour(draw.pick("black", "brown", "yellow"))
    if draw.chance(0.35):
        draw.rounded(0.18, 0.36, 0.82, draw.uniform(0.75, 0.92), 0.12, hair)
    draw.ellipse(0.5, 0.42, 0.31, 0.34, hair)
    for x in (0.22, 0.78):
        draw.ellipse(x, 0.53, 0.05, 0.075, skin)
    draw.ellipse(0.5, 0.55, draw.uniform(0.26, 0.29), draw.uniform(0.32, 0.36), skin)
    _two_eyes(draw, 0.11, 0.48, detail=0)
    for side in (-1, 1):
        brow = [(0.06, 0.41), (0.11, 0.385), (0.17, 0.41)]
        draw.curve(beside(side, brow), 0.018, hair, detail=1)
    draw.line([(0.5, 0.51), (0.465, 0.61), (0.51, 0.62)], 0.014, "brown", detail=1)
    smile = draw.uniform(-0.02, 0.06)
    draw.curve([(0.38, 0.71), (0.5, 0.71 + smile), (0.62, 0.71)], 0.024, "red")
