"""Musical instruments."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import beside, symmetric


def guitar(draw: Drawing) -> None:
    """A guitar: a waisted body with a round sound hole and a long neck."""
    wood = draw.colour(draw.pick("wood", "red", "brown", "any"))
    width = draw.uniform(0.2, 0.25)
    draw.rectangle(0.462, 0.1, 0.538, 0.5, "brown")
    draw.rounded(0.43, 0.02, 0.57, 0.14, 0.02, "black")
    upper = [(0.05, 0.44), (width * 0.75, 0.47), (width * 0.6, 0.6)]
    body = symmetric(*upper, (width, 0.77), (width * 0.7, 0.94), (0.0, 0.97))
    draw.blob(body, wood)
    draw.ellipse(0.5, 0.65, 0.07, colour="black")
    draw.rectangle(0.41, 0.81, 0.59, 0.85, "black", detail=1)
    draw.line([(0.5, 0.1), (0.5, 0.82)], 0.01, "white", detail=2)


def violin(draw: Drawing) -> None:
    """A violin: a body pinched in the middle, f-holes, a scroll, often a bow."""
    wood = draw.colour(draw.pick("brown", "wood", "orange"))
    width = draw.uniform(0.17, 0.21)
    if draw.chance(0.75):
        draw.line([(0.86, 0.04), (0.72, 0.96)], 0.022, "brown")
        draw.line([(0.81, 0.05), (0.68, 0.95)], 0.012, "white", detail=2)
    draw.rectangle(0.472, 0.08, 0.528, 0.6, "black")
    draw.ellipse(0.5, 0.06, 0.05, 0.045, "brown")
    for y in (0.11, 0.15):
        draw.line([(0.42, y), (0.58, y)], 0.016, detail=1)
    shoulder = [(0.03, 0.36), (width * 0.7, 0.38), (width * 0.85, 0.5)]
    waist = [(width * 0.72, 0.57), (width * 0.52, 0.6), (width * 0.52, 0.68)]
    hip = [(width * 0.8, 0.71), (width, 0.82), (width * 0.75, 0.94), (0.0, 0.97)]
    draw.blob(symmetric(*shoulder, *waist, *hip), wood)
    draw.polygon(symmetric((0.028, 0.3), (0.028, 0.6)), "black")
    draw.polygon(symmetric((0.03, 0.78), (0.045, 0.93)), "black", detail=2)
    for side in (-1, 1):
        draw.line(beside(side, [(0.075, 0.58), (0.06, 0.65), (0.085, 0.72)]), 0.018)


def drum(draw: Drawing) -> None:
    """A drum with zigzag cords and often two sticks."""
    shell, width = draw.colour("any"), draw.uniform(0.3, 0.36)
    top, cords = draw.uniform(0.38, 0.44), draw.pick(4, 5)
    draw.ellipse(0.5, 0.8, width, 0.09, shell)
    draw.rectangle(0.5 - width, top, 0.5 + width, 0.8, shell)
    step, upper = width / cords, top + 0.05
    for cord in range(cords):
        left = 0.5 - width + 2 * step * cord
        zigzag = [(left, upper), (left + step, 0.84), (left + 2 * step, upper)]
        draw.line(zigzag, 0.014, "white", detail=1)
    draw.ellipse(0.5, top, width, 0.095, "white")
    if draw.chance(0.6):
        for side in (-1, 1):
            stick = [(0.1, top - 0.01), (0.32, 0.1)]
            draw.limb(beside(side, stick), 0.03, 0.035, "wood")


def bell(draw: Drawing) -> None:
    """A hand bell: a flaring body, a hanging ring and a clapper below."""
    metal, width = draw.pick("yellow", "orange", "metal"), draw.uniform(0.3, 0.36)
    draw.ellipse(0.5, 0.86, 0.07, colour=draw.pick("brown", "black"))
    draw.ring(0.5, 0.12, 0.055, 0.026, "brown")
    side = [(0.14, 0.22), (width * 0.62, 0.5), (width * 0.8, 0.7), (width, 0.8)]
    draw.blob(symmetric((0.0, 0.14), *side, (0.0, 0.84)), metal)
    rim = [(0.5 - width * 0.8, 0.7), (0.5, 0.73), (0.5 + width * 0.8, 0.7)]
    draw.curve(rim, 0.016, "brown", detail=1)


def trumpet(draw: Drawing) -> None:
    """A trumpet: a wide bell, a straight tube over a long loop, three valves."""
    brass = draw.colour(draw.pick("yellow", "yellow", "metal"))
    bell_size, drop = draw.uniform(0.2, 0.26), draw.uniform(0.11, 0.15)
    draw.arc(0.43, 0.43 + drop, 0.23, drop, 0.0, 1.0, 0.045, brass)
    for x in (0.33, 0.43, 0.53):
        draw.rounded(x - 0.032, 0.26, x + 0.032, 0.5 + drop, 0.02, brass)
        draw.line([(x, 0.26), (x, 0.18)], 0.025, brass, detail=1)
    draw.limb([(0.07, 0.43), (0.7, 0.43)], 0.055, 0.065, brass)
    draw.polygon([(0.02, 0.37), (0.1, 0.41), (0.1, 0.45), (0.02, 0.49)], brass)
    upper = [(0.62, 0.4), (0.76, 0.38), (0.87, 0.43 - bell_size * 0.5)]
    lower = [(0.87, 0.43 + bell_size * 0.5), (0.76, 0.48), (0.62, 0.46)]
    rim = [(0.95, 0.43 - bell_size), (0.95, 0.43 + bell_size)]
    draw.polygon(upper + rim + lower, brass)
    draw.ellipse(0.95, 0.43, 0.03, bell_size, "brown", detail=1)
