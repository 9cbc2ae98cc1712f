"""Animals of the sea and the pond."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import beside, polar


def fish(draw: Drawing) -> None:
    """A fish seen from the side: oval body, forked tail, fins."""
    scales = draw.colour("any")
    length, height = draw.uniform(0.27, 0.33), draw.uniform(0.15, 0.22)
    tail, nose = draw.uniform(0.16, 0.22), 0.45 - length
    fork = [(0.95, 0.5 - tail), (0.87, 0.5), (0.95, 0.5 + tail)]
    draw.polygon([(0.62, 0.5), *fork], scales)
    fin_top = 0.5 - height - draw.uniform(0.06, 0.14)
    draw.blob([(0.4, 0.5 - height * 0.9), (0.5, fin_top), (0.62, 0.46)], scales)
    draw.ellipse(0.45, 0.5, length, height, scales)
    draw.blob([(0.5, 0.53), (0.61, 0.6), (0.52, 0.66)], scales, detail=1)
    gill = nose + length * 0.6
    draw.arc(gill, 0.5, 0.05, height * 0.75, -0.22, 0.22, 0.014, detail=1)
    draw.eye(nose + length * 0.35, 0.46, 0.022)


def whale(draw: Drawing) -> None:
    """A whale: a huge round head, a raised tail fluke and a spout of water."""
    skin = draw.colour(draw.pick("blue", "grey", "blue", "black"))
    head, fluke = draw.uniform(0.36, 0.42), draw.uniform(0.12, 0.17)
    x, y = 0.82, draw.uniform(0.3, 0.36)
    for side in (-1, 1):
        spout = [(0.3, 0.36), (0.3, 0.22), (0.3 + side * 0.06, 0.12)]
        draw.curve([*spout, (0.3 + side * 0.14, 0.16)], 0.022, "sky", detail=1)
        lobe = [(x, y + 0.05), (x + side * 0.1, y - 0.06), (x + side * fluke, y - 0.12)]
        draw.blob([*lobe, (x + side * 0.03, y - 0.08)], skin)
    draw.limb([(0.62, 0.68), (0.8, 0.58), (x, y)], 0.2, 0.06, skin)
    back = [(0.05, 0.62), (0.1, head + 0.04), (0.3, head - 0.03), (0.55, head + 0.05)]
    draw.blob([*back, (0.76, 0.58), (0.7, 0.74), (0.42, 0.83), (0.15, 0.79)], skin)
    draw.curve([(0.07, 0.66), (0.2, 0.69), (0.3, 0.63)], 0.018, "white", detail=1)
    draw.blob([(0.4, 0.7), (0.5, 0.72), (0.54, 0.9), (0.44, 0.84)], skin)
    draw.eye(0.25, 0.55, 0.02)


def starfish(draw: Drawing) -> None:
    """A starfish: five plump, rounded, slightly bent arms with dots."""
    skin = draw.colour(draw.pick("orange", "red", "pink", "purple"))
    first, waist = draw.uniform(0.7, 0.8), draw.uniform(0.15, 0.19)
    outline = []
    for arm in range(5):
        turn = first + arm / 5 + draw.uniform(-0.012, 0.012)
        reach, bend = draw.uniform(0.4, 0.46), draw.uniform(-0.02, 0.02)
        outline.append(polar(0.5, 0.52, reach * 0.93, turn + bend - 0.022))
        outline.append(polar(0.5, 0.52, reach * 0.93, turn + bend + 0.022))
        outline.append(polar(0.5, 0.52, waist, turn + 0.1))
    draw.blob(outline, skin)
    for arm in range(5):
        for distance in (0.12, 0.22, 0.31):
            x, y = polar(0.5, 0.52, distance, first + arm / 5)
            draw.ellipse(x, y, 0.018, colour="tan", detail=1 if distance < 0.3 else 2)


def octopus(draw: Drawing) -> None:
    """An octopus: a big round head over six or eight curling arms."""
    skin = draw.colour(draw.pick("red", "purple", "orange", "pink"))
    arms = draw.pick(6, 6, 8)
    for arm in range(arms):
        across, curl = (arm + 0.5) / arms - 0.5, draw.uniform(-0.05, 0.05)
        root, foot = 0.5 + 0.5 * across, 0.5 + 0.92 * across
        knee = root + (foot - root) * 0.4 + curl
        tip = foot + (0.06 if across > 0 else -0.06)
        points = [(root, 0.5), (knee, 0.7), (foot - curl, 0.8), (tip, 0.92)]
        draw.limb(points, 0.08, 0.035, skin)
    draw.ellipse(0.5, 0.36, draw.uniform(0.22, 0.26), draw.uniform(0.24, 0.28), skin)
    draw.eye(0.42, 0.4, 0.032)
    draw.eye(0.58, 0.4, 0.032)


def crab(draw: Drawing) -> None:
    """A crab from the front: two raised claws, six legs, eyes on stalks."""
    shell, claw = draw.colour(draw.pick("red", "orange")), draw.uniform(-0.03, 0.03)
    for side in (-1, 1):
        for leg in range(3):
            hip, knee = (0.2, 0.58 + leg * 0.05), (0.38, 0.6 + leg * 0.08)
            foot = (draw.uniform(0.4, 0.44), 0.72 + leg * 0.08)
            draw.line(beside(side, [hip, knee, foot]), 0.024, shell)
        draw.line(beside(side, [(0.2, 0.52), (0.36, 0.42), (0.36, 0.3)]), 0.04, shell)
        lower = [(0.32, 0.33), (0.27, 0.2 + claw), (0.3, 0.09), (0.35, 0.22)]
        upper = [(0.41, 0.08), (0.48, 0.2 + claw), (0.43, 0.33)]
        draw.blob(beside(side, lower + upper), shell)
        draw.line(beside(side, [(0.07, 0.48), (0.08, 0.38)]), 0.018, shell)
        draw.ellipse(0.5 + side * 0.08, 0.37, 0.03, colour="black")
    draw.ellipse(0.5, 0.58, draw.uniform(0.22, 0.26), draw.uniform(0.13, 0.17), shell)
    if draw.chance(0.5):
        draw.curve([(0.42, 0.62), (0.5, 0.65), (0.58, 0.62)], 0.016, detail=1)


def jellyfish(draw: Drawing) -> None:
    """A jellyfish: a half-round bell trailing wavy threads."""
    skin, threads = draw.colour(draw.pick("pink", "purple", "sky")), draw.pick(4, 5, 6)
    width, height = draw.uniform(0.28, 0.34), draw.uniform(0.28, 0.36)
    for thread in range(threads):
        x = 0.5 + width * 1.4 * (thread / (threads - 1) - 0.5)
        wave, end = draw.uniform(0.03, 0.05), draw.uniform(0.84, 0.96)
        points = [(x, 0.45), (x + wave, 0.57), (x - wave, 0.69), (x + wave, 0.8)]
        draw.curve([*points, (x - wave * 0.5, end)], 0.024, skin)
    draw.ellipse(0.5, 0.47, width, height, skin, start=0.5, stop=1.0)
    for side in (-1, 1):
        rib = [(width * 0.4, 0.45), (width * 0.3, 0.3)]
        draw.line(beside(side, rib), 0.014, "white", detail=2)


def turtle(draw: Drawing) -> None:
    """A turtle: a domed shell with plates, short legs, head stretched out."""
    skin = draw.colour("green")
    shell = draw.colour(draw.pick("brown", "dark_green", "any"))
    draw.polygon([(0.78, 0.6), (0.94, 0.68), (0.78, 0.66)], skin)
    for x in (0.31, 0.67):
        draw.rounded(x - 0.06, 0.56, x + 0.06, 0.78, 0.05, skin)
    neck = draw.uniform(0.42, 0.5)
    draw.limb([(0.26, 0.6), (0.12, neck + 0.02)], 0.1, 0.1, skin)
    draw.ellipse(0.12, neck, 0.09, 0.075, skin)
    width, height = draw.uniform(0.3, 0.33), draw.uniform(0.28, 0.36)
    draw.ellipse(0.51, 0.63, width, height, shell, start=0.5, stop=1.0)
    draw.line([(0.27, 0.53), (0.4, 0.44), (0.62, 0.44), (0.75, 0.53)], 0.014, detail=1)
    draw.line([(0.4, 0.44), (0.4, 0.62)], 0.014, detail=1)
    draw.line([(0.62, 0.44), (0.62, 0.62)], 0.014, detail=1)
    draw.eye(0.1, neck - 0.02, 0.015)


def frog(draw: Drawing) -> None:
    """A sitting frog from the front: bulging eyes, a wide mouth, folded legs."""
    skin = draw.colour(draw.pick("green", "green", "dark_green"))
    width, thigh = draw.uniform(0.25, 0.29), draw.uniform(0.13, 0.16)
    for side in (-1, 1):
        draw.ellipse(0.5 + side * 0.29, 0.7, thigh, 0.19, skin, tilt=side * 0.4)
        foot = [(0.2, 0.87), (0.34, 0.84), (0.46, 0.9), (0.44, 0.95), (0.22, 0.95)]
        draw.blob(beside(side, foot), skin)
    draw.ellipse(0.5, 0.69, width * 0.9, 0.24, skin)
    draw.ellipse(0.5, 0.76, width * 0.55, 0.14, draw.pick("yellow", "white"), detail=1)
    for side in (-1, 1):
        draw.limb(beside(side, [(0.14, 0.68), (0.12, 0.93)]), 0.07, 0.09, skin)
        draw.ellipse(0.5 + side * width * 0.62, 0.22, 0.105, colour=skin)
        draw.ellipse(0.5 + side * width * 0.62, 0.21, 0.06, colour="white")
        draw.ellipse(0.5 + side * width * 0.62, 0.21, 0.03, colour="black", detail=1)
    draw.ellipse(0.5, 0.4, width + 0.04, 0.18, skin)
    smile = draw.uniform(0.48, 0.53)
    draw.curve([(0.29, 0.42), (0.5, smile), (0.71, 0.42)], 0.02)
