"""Plants and a mushroom."""

from math import cos, pi, sin

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import Point, between, polar, symmetric


def tree(draw: Drawing) -> None:
    """A broad-leaved tree: a trunk under a round crown with a wavy edge."""
    radius, bumps = draw.uniform(0.26, 0.32), draw.pick(7, 8, 9)
    draw.polygon(symmetric((0.04, 0.5), (0.07, 0.94)), "brown")
    crown = []
    for step in range(2 * bumps):
        reach = radius * (0.9, 1.1)[step % 2] * draw.uniform(0.95, 1.05)
        x, y = polar(0.0, 0.0, reach, step / (2 * bumps))
        crown.append((0.5 + 1.1 * x, 0.36 + y))
    draw.blob(crown, "green")
    if draw.chance(0.3):
        for _ in range(5):
            x, y = draw.uniform(0.32, 0.68), draw.uniform(0.18, 0.54)
            draw.ellipse(x, y, 0.025, colour="red", detail=2)


def palm(draw: Drawing) -> None:
    """A palm tree: a thin bent trunk and five long drooping leaves."""
    lean = draw.uniform(-0.12, 0.12)
    trunk = [(0.5 + lean, 0.95), (0.5 + 0.3 * lean, 0.65), (0.5, 0.36)]
    draw.limb(trunk, 0.09, 0.05, "brown")
    green = draw.colour("green")
    for turn in (-0.48, -0.38, -0.25, -0.12, -0.02):
        _palm_leaf(draw, turn + draw.uniform(-0.02, 0.02), green)
    if draw.chance(0.5):
        for x in (0.45, 0.54):
            draw.ellipse(x, 0.41, 0.04, colour="brown", detail=1)


def _palm_leaf(draw: Drawing, turn: float, colour: tuple) -> None:
    """One leaf that leaves the crown of the trunk at `turn` and droops."""
    length = draw.uniform(0.36, 0.43)
    reach_x, reach_y = polar(0.0, 0.0, length, turn)
    tip = (0.5 + reach_x, 0.48 + 0.7 * reach_y)
    middle_x, middle_y = 0.5 + 0.55 * reach_x, 0.31 + 0.7 * reach_y
    upper, lower = (middle_x, middle_y - 0.06), (middle_x, middle_y + 0.05)
    draw.blob([(0.5, 0.35), upper, tip, lower], colour)


def pine(draw: Drawing) -> None:
    """A conifer: three or four stacked triangles on a short trunk."""
    tiers, base = draw.pick(3, 3, 4), draw.uniform(0.26, 0.32)
    step = 0.72 / tiers
    draw.rectangle(0.46, 0.8, 0.54, 0.95, "brown")
    green = draw.colour("dark_green")
    for tier in reversed(range(tiers)):
        top = 0.06 + 0.85 * step * tier
        width = base * (0.5 + 0.5 * (tier + 1) / tiers)
        draw.polygon(symmetric((0.0, top), (width, top + step + 0.12)), green)


def cactus(draw: Drawing) -> None:
    """A column cactus with two arms bent upwards, sometimes in a pot."""
    green = draw.colour("green")
    width = draw.uniform(0.14, 0.19)
    left, right = draw.uniform(0.45, 0.55), draw.uniform(0.42, 0.58)
    for side, y, tip in ((-1, left, 0.22), (1, right, 0.18)):
        bend = [(0.5 + side * 0.22, y), (0.5 + side * 0.245, y - 0.06)]
        arm = [(0.5, y), *bend, (0.5 + side * 0.245, y - tip)]
        draw.limb(arm, 0.11, 0.09, green)
    draw.rounded(0.5 - width / 2, 0.08, 0.5 + width / 2, 0.92, 0.08, green)
    for x in (0.47, 0.53):
        draw.line([(x, 0.18), (x, 0.76)], 0.012, "dark_green", detail=2)
    if draw.chance(0.4):
        draw.polygon(symmetric((0.16, 0.78), (0.12, 0.95)), "orange")


def flower(draw: Drawing) -> None:
    """An open flower: round petals about a centre, a stem and one or two leaves."""
    radius, petals = draw.uniform(0.14, 0.18), draw.pick(5, 6, 7, 8)
    bend = draw.uniform(-0.05, 0.05)
    draw.curve([(0.5, 0.38), (0.5 + bend, 0.65), (0.5, 0.95)], 0.03, "green")
    for side, y, probability in ((1, 0.75, 0.8), (-1, 0.80, 0.4)):
        if draw.chance(probability):
            shape = [(0.0, y), (0.10, y - 0.13), (0.22, y - 0.15), (0.13, y - 0.02)]
            draw.blob([(0.5 + side * x, height) for x, height in shape], "green")
    colour = draw.colour(draw.pick("red", "pink", "yellow", "purple", "white"))
    first = draw.uniform(0, 1)
    for petal in range(petals):
        turn = first + petal / petals
        x, y = polar(0.5, 0.32, radius, turn)
        draw.ellipse(x, y, 0.105, 0.07, colour, tilt=2 * pi * turn)
    draw.ellipse(0.5, 0.32, 0.085, colour=draw.pick("yellow", "orange", "brown"))


def tulip(draw: Drawing) -> None:
    """A tulip: a cup with three pointed petals, a stem and long upright leaves."""
    colour = draw.colour(draw.pick("red", "yellow", "pink", "purple", "orange"))
    width, height = draw.uniform(0.15, 0.20), draw.uniform(0.30, 0.36)
    base, rim = 0.05 + height, 0.05
    bend = draw.uniform(-0.04, 0.04)
    draw.curve([(0.5, base), (0.5 + bend, 0.68), (0.5, 0.96)], 0.035, "green")
    green = draw.colour("green")
    for side in draw.pick((-1, 1), (-1, 1), (1,), (-1,)):
        tip = (0.5 + side * draw.uniform(0.20, 0.26), draw.uniform(0.42, 0.56))
        inner, outer = (0.5 + side * 0.07, 0.72), (0.5 + side * 0.19, 0.78)
        draw.blob([(0.5, 0.96), inner, tip, outer], green)
    cup = [(0.0, base), (0.85 * width, base - 0.06), (width, 0.5 * base)]
    valleys = [(0.9 * width, rim + 0.02), (0.45 * width, rim + 0.12), (0.0, rim)]
    draw.polygon(symmetric(*cup, *valleys), colour)
    petal = [(0.0, rim), (0.5 * width, rim + 0.16), (0.3 * width, base - 0.05)]
    draw.blob(symmetric(*petal, (0.0, base - 0.01)), colour, detail=1)


def mushroom(draw: Drawing) -> None:
    """A mushroom: a half-round cap, often spotted, on a thick stalk."""
    width, height = draw.uniform(0.30, 0.40), draw.uniform(0.27, 0.36)
    stalk, edge = draw.uniform(0.07, 0.12), draw.uniform(0.48, 0.56)
    foot = [(1.1 * stalk, 0.75), (1.4 * stalk, 0.9)]
    draw.blob(symmetric((stalk, edge - 0.05), *foot), draw.pick("white", "tan"))
    cap = draw.pick("red", "brown", "tan")
    draw.ellipse(0.5, edge, width, height, cap, start=0.5, stop=1.0)
    if draw.chance(0.7):
        for x, above in ((0.37, 0.11), (0.52, 0.20), (0.64, 0.10)):
            draw.ellipse(x, edge - above, 0.045, 0.035, "white", detail=1)


def leaf(draw: Drawing) -> None:
    """A single leaf: pointed, sometimes lobed, with a midrib and side veins."""
    width, lobes = draw.uniform(0.20, 0.28), draw.pick(0, 0, 3, 4)
    lean, vein = (
        draw.uniform(-0.07, 0.07),
        draw.colour(draw.pick("dark_green", "brown")),
    )
    tip, base = (0.5 + lean, 0.04), (0.5, 0.78)
    blade = _leaf_blade(tip, base, width, lobes)
    draw.line([(0.5, 0.75), (0.5 - lean, 0.96)], 0.04, vein)
    draw.outline(blade, draw.pick("green", "green", "orange", "red"))
    draw.line([between(tip, base, 0.16), base], 0.028, vein)
    for fraction in (0.4, 0.6, 0.8):
        x, y = between(tip, base, fraction)
        for side in (-1, 1):
            end = (x + side * 0.6 * width, y - 0.10)
            draw.line([(x, y), end], 0.014, vein, detail=1)


def _leaf_blade(tip: Point, base: Point, width: float, lobes: int) -> list[Point]:
    """Outline of a blade that ends in two points, with `lobes` waves on each side."""
    right, left = [], []
    for step in range(21):
        along = step / 20
        x, y = between(tip, base, along)
        half_width = width * sin(pi * along**0.85) ** 0.8
        if lobes:
            half_width *= 1 - 0.28 * cos(2 * pi * lobes * along)
        right.append((x + half_width, y))
        left.append((x - half_width, y))
    return right + left[-2:0:-1]
