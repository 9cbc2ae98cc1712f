"""What stands on a kitchen table: vessels, cutlery and a toaster."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import symmetric


def mug(draw: Drawing) -> None:
    """A straight mug with one handle, seen from slightly above."""
    colour = draw.colour("any")
    width, height = draw.uniform(0.20, 0.27), draw.uniform(0.24, 0.36)
    left, right, rim = 0.45 - width, 0.45 + width, 0.5 - height
    handle_width, handle_height = draw.uniform(0.10, 0.16), height * 0.6
    thickness = draw.uniform(0.035, 0.06)
    draw.arc(right, 0.5, handle_width, handle_height, -0.25, 0.25, thickness, colour)
    draw.rounded(left, rim, right, 0.5 + height, draw.uniform(0.02, 0.08), colour)
    draw.ellipse(0.45, rim, width, draw.uniform(0.03, 0.07), "brown")
    if draw.chance(0.3):
        draw.rectangle(left, 0.45, right, 0.55, "any", detail=2)


def teapot(draw: Drawing) -> None:
    """A round teapot with a curved spout, a handle and a lid with a knob."""
    colour = draw.colour("any")
    radius = draw.uniform(0.22, 0.27)
    height = radius * draw.uniform(0.75, 1.0)
    spout = [(0.45 + 0.7 * radius, 0.6), (0.5 + 1.1 * radius, 0.52)]
    spout.append((0.52 + 1.5 * radius, 0.36))
    handle_width, handle_height = draw.uniform(0.11, 0.15), draw.uniform(0.12, 0.17)
    draw.limb(spout, 0.13, 0.05, colour)
    draw.arc(
        0.45 - 0.95 * radius,
        0.55,
        handle_width,
        handle_height,
        0.25,
        0.75,
        0.04,
        colour,
    )
    draw.ellipse(0.45, 0.57, radius, height, colour)
    draw.ellipse(0.45, 0.57 - 0.9 * height, 0.5 * radius, 0.05, colour)
    draw.ellipse(0.45, 0.50 - 0.9 * height, 0.035, colour="any")
    if draw.chance(0.3):
        draw.ellipse(0.45, 0.58, 0.4 * radius, 0.4 * height, "any", detail=2)


def kettle(draw: Drawing) -> None:
    """A flat-bottomed kettle with a short straight spout and a handle on top."""
    colour = draw.colour(draw.pick("metal", "any"))
    top, bottom = draw.uniform(0.12, 0.17), draw.uniform(0.26, 0.31)
    shoulder, middle = draw.uniform(0.40, 0.46), 0.44
    arch = draw.uniform(0.22, 0.30)
    spout = [(middle + 0.6 * bottom, 0.70), (0.93, draw.uniform(0.42, 0.50))]
    draw.arc(middle, shoulder + 0.04, 1.15 * top, arch, 0.5, 1.0, 0.045, "black")
    draw.limb(spout, 0.15, 0.06, colour)
    body = [(top, shoulder), (0.9 * bottom, 0.66), (bottom, 0.85), (bottom, 0.88)]
    draw.polygon(symmetric(*body, centre=middle), colour)
    draw.ellipse(middle, shoulder, top, 0.035, colour)
    draw.ellipse(middle, shoulder - 0.05, 0.03, colour="black", detail=1)
    if draw.chance(0.5):
        draw.rectangle(middle - bottom, 0.82, middle + bottom, 0.88, "grey", detail=1)


def bottle(draw: Drawing) -> None:
    """A tall bottle with a narrow neck, a stopper and often a label."""
    colour = draw.colour(draw.pick("green", "glass", "brown"))
    width, neck = draw.uniform(0.10, 0.15), draw.uniform(0.035, 0.05)
    shoulder = draw.uniform(0.35, 0.48)
    body = [(neck, 0.1), (neck, shoulder - 0.1), (width, shoulder), (width, 0.93)]
    draw.polygon(symmetric(*body), colour)
    draw.rectangle(0.49 - neck, 0.06, 0.51 + neck, 0.12, "any")
    if draw.chance(0.7):
        draw.rectangle(0.5 - width, 0.58, 0.5 + width, 0.78, "white", detail=1)


def wineglass(draw: Drawing) -> None:
    """A stemmed glass on a round foot, often filled with wine."""
    glass = draw.colour("glass")
    width, base = draw.uniform(0.16, 0.22), draw.uniform(0.45, 0.55)
    bowl = [(0.85 * width, 0.1), (width, 0.3), (0.08, base - 0.03), (0.0, base + 0.02)]
    wine = [(0.9 * width, 0.28), (0.07, base - 0.05), (0.0, base)]
    draw.rectangle(0.485, base, 0.515, 0.88, glass)
    draw.ellipse(0.5, 0.9, draw.uniform(0.12, 0.18), 0.035, glass)
    draw.blob(symmetric(*bowl), glass)
    if draw.chance(0.7):
        draw.blob(symmetric(*wine), draw.pick("red", "yellow"), detail=1)


def vase(draw: Drawing) -> None:
    """A bellied vase with a flared mouth, sometimes with two painted bands."""
    mouth, neck = draw.uniform(0.10, 0.15), draw.uniform(0.06, 0.09)
    belly = draw.uniform(0.17, 0.25)
    body = [(mouth, 0.15), (neck, 0.3), (belly, 0.55), (0.8 * belly, 0.78), (0.1, 0.92)]
    draw.blob(symmetric(*body), "any")
    draw.ellipse(0.5, 0.15, 0.9 * mouth, 0.03, "black", detail=1)
    if draw.chance(0.6):
        band = 0.95 * belly
        for y in (0.52, 0.62):
            bend = [(0.5 - band, y), (0.5, y + 0.055), (0.5 + band, y)]
            draw.curve(bend, 0.02, "any", detail=1)


def pan(draw: Drawing) -> None:
    """A frying pan from above with a long handle, sometimes with a fried egg."""
    radius, middle = draw.uniform(0.22, 0.28), 0.36
    handle = [(middle + 0.9 * radius, 0.5), (0.97, 0.5)]
    draw.limb(handle, 0.07, 0.05, draw.pick("black", "wood"))
    draw.ellipse(middle, 0.5, radius, colour=draw.pick("black", "metal"))
    draw.ellipse(middle, 0.5, 0.74 * radius, colour=draw.pick("grey", "black"))
    if draw.chance(0.3):
        draw.ellipse(middle, 0.5, 0.10, 0.09, "white", detail=2)
        draw.ellipse(middle, 0.5, 0.04, colour="yellow", detail=2)


def fork(draw: Drawing) -> None:
    """A fork with three or four well separated tines and a widening handle."""
    colour = draw.colour("metal")
    tines, width = draw.pick(3, 3, 4), draw.uniform(0.15, 0.19)
    root = draw.uniform(0.34, 0.40)
    head = [(width + 0.02, root), (0.75 * width, root + 0.13), (0.03, root + 0.2)]
    for tine in range(tines):
        x = 0.5 - width + 2 * width * tine / (tines - 1)
        draw.line([(x, 0.05), (x, root + 0.02)], 0.042, colour)
    draw.blob(symmetric(*head), colour)
    draw.limb([(0.5, root + 0.16), (0.5, 0.96)], 0.05, draw.uniform(0.06, 0.10), colour)


def spoon(draw: Drawing) -> None:
    """A spoon with an oval bowl and a slowly widening handle."""
    colour = draw.colour(draw.pick("metal", "wood"))
    width, height = draw.uniform(0.10, 0.14), draw.uniform(0.16, 0.20)
    draw.limb([(0.5, 0.4), (0.5, 0.95)], 0.04, draw.uniform(0.06, 0.09), colour)
    draw.ellipse(0.5, 0.24, width, height, colour)
    if draw.chance(0.6):
        draw.ellipse(0.5, 0.24, 0.6 * width, 0.7 * height, "grey", detail=2)


def knife(draw: Drawing) -> None:
    """A kitchen knife with a broad pointed blade and a short handle."""
    width, heel = draw.uniform(0.11, 0.16), draw.uniform(0.55, 0.65)
    back, edge = 0.44, 0.44 + width
    tip = [(edge, 0.3), (back + 0.6 * width, 0.12), (back, 0.05)]
    draw.polygon([(back, heel), (edge, heel), *tip], "metal")
    handle = draw.colour(draw.pick("black", "wood", "brown"))
    draw.rounded(back - 0.005, heel, back + 0.8 * width, 0.95, 0.03, handle)
    for y in (heel + 0.09, heel + 0.2):
        draw.ellipse(back + 0.4 * width, y, 0.013, colour="metal", detail=2)


def bucket(draw: Drawing) -> None:
    """A bucket that tapers downwards, with its bail handle up."""
    colour = draw.colour(draw.pick("any", "metal"))
    rim = draw.uniform(0.24, 0.30)
    base = rim * draw.uniform(0.65, 0.80)
    draw.arc(0.5, 0.35, rim, draw.uniform(0.20, 0.28), 0.5, 1.0, 0.03, "grey")
    draw.polygon(symmetric((rim, 0.35), (base, 0.9)), colour)
    draw.ellipse(0.5, 0.35, rim, 0.06, draw.pick("black", "sky"))
    if draw.chance(0.4):
        draw.line(
            [(0.5 - 0.9 * rim, 0.6), (0.5 + 0.9 * rim, 0.6)], 0.02, "grey", detail=1
        )


def toaster(draw: Drawing) -> None:
    """A toaster with one or two slices of bread popping out of the top."""
    colour = draw.colour(draw.pick("metal", "any"))
    top, bottom = draw.uniform(0.42, 0.48), draw.uniform(0.80, 0.86)
    rise, radius = draw.uniform(0.14, 0.20), draw.uniform(0.06, 0.12)
    for middle in draw.pick((0.47,), (0.32, 0.62)):
        _toast(draw, middle, top - rise, top + 0.1)
    for foot in (0.2, 0.68):
        draw.rectangle(foot, bottom, foot + 0.08, bottom + 0.05, "black", detail=1)
    draw.rectangle(0.86, top + 0.12, 0.96, top + 0.18, "black")
    draw.rounded(0.06, top, 0.88, bottom, radius, colour)
    draw.line([(0.14, top + 0.07), (0.80, top + 0.07)], 0.02, "black", detail=1)
    if draw.chance(0.6):
        draw.ellipse(0.70, bottom - 0.12, 0.045, colour="black", detail=1)


def _toast(draw: Drawing, middle: float, top: float, bottom: float) -> None:
    """A slice of toast standing upright, rounded at its two upper corners."""
    crust = [(0.06, top), (0.12, top + 0.03), (0.125, top + 0.1), (0.1, top + 0.14)]
    draw.polygon(symmetric(*crust, (0.1, bottom), centre=middle), "wood")
