"""Vehicles of the water, the air and space."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import symmetric


def sailboat(draw: Drawing) -> None:
    """A sailing boat: one mast with two triangular sails over a small hull."""
    mast, sail = draw.uniform(0.46, 0.54), draw.colour(draw.pick("white", "any"))
    hull = [(0.1, 0.7), (0.9, 0.7), (0.76, 0.88), (0.24, 0.88)]
    draw.polygon(hull, draw.pick("brown", "white", "any"))
    draw.line([(mast, 0.06), (mast, 0.7)], 0.022, "brown")
    right, left = mast + 0.02, mast - 0.02
    draw.polygon([(right, 0.1), (draw.uniform(0.82, 0.9), 0.64), (right, 0.64)], sail)
    top, corner = draw.uniform(0.16, 0.3), draw.uniform(0.14, 0.22)
    draw.polygon([(left, top), (corner, 0.64), (left, 0.64)], sail)
    if draw.chance(0.3):
        flag = [(mast, 0.04), (mast + 0.12, 0.07), (mast, 0.1)]
        draw.polygon(flag, "red", detail=2)


def ship(draw: Drawing) -> None:
    """A steamship: a long hull, decks with portholes and one to three funnels."""
    hull = draw.colour(draw.pick("any", "black", "red"))
    deck, keel = draw.uniform(0.43, 0.48), draw.uniform(0.8, 0.88)
    stern, bow = draw.uniform(0.2, 0.28), draw.uniform(0.72, 0.8)
    funnels, paint = draw.pick(1, 2, 3), draw.colour(draw.pick("red", "black"))
    top = draw.uniform(0.12, 0.18)
    for funnel in range(funnels):
        left = 0.46 + 0.14 * (funnel - (funnels - 1) / 2)
        draw.rectangle(left, top, left + 0.085, deck + 0.02, paint)
        draw.rectangle(left, top, left + 0.085, top + 0.05, "white", detail=2)
    draw.rectangle(stern, deck, bow, 0.6, "white")
    if draw.chance(0.6):
        draw.rectangle(stern + 0.08, deck - 0.1, bow - 0.08, deck, "white")
    draw.polygon([(0.03, 0.6), (0.97, 0.55), (0.86, keel), (0.14, keel)], hull)
    for x in (0.3, 0.43, 0.57, 0.7):
        draw.ellipse(x, 0.53, 0.028, colour="sky", detail=1)


def submarine(draw: Drawing) -> None:
    """A submarine: a long oval hull with a tower, a periscope and portholes."""
    paint = draw.colour(draw.pick("yellow", "grey", "any"))
    height = draw.uniform(0.15, 0.19)
    tower = draw.uniform(0.28, 0.34)
    draw.line([(0.53, tower), (0.53, 0.14), (0.63, 0.14)], 0.028, "grey")
    draw.rounded(0.38, tower, 0.6, 0.5, 0.03, paint)
    draw.polygon([(0.82, 0.57), (0.97, 0.4), (0.97, 0.74)], paint)
    draw.ellipse(0.47, 0.57, 0.4, height, paint)
    for x in (0.26, 0.43, 0.6):
        draw.ellipse(x, 0.57, 0.05, colour="sky", detail=1)


def plane(draw: Drawing) -> None:
    """An aeroplane seen half from above: long body, two wings, a tail fin."""
    paint = draw.colour(draw.pick("white", "grey", "any"))
    span = draw.uniform(0.3, 0.38)
    draw.polygon([(0.78, 0.46), (0.9, 0.22), (0.97, 0.22), (0.93, 0.5)], "any")
    far_tip, near_tip = 0.5 - span, 0.54 + span
    far_wing = [(0.48, 0.48), (0.66, far_tip), (0.74, far_tip), (0.66, 0.48)]
    near_wing = [(0.42, 0.54), (0.62, near_tip), (0.71, near_tip), (0.62, 0.54)]
    draw.polygon(far_wing, paint)
    body = [(0.04, 0.52), (0.16, 0.43), (0.5, 0.42), (0.94, 0.46), (0.95, 0.52)]
    draw.blob([*body, (0.5, 0.61), (0.16, 0.6)], paint)
    draw.polygon(near_wing, paint)
    for window in range(5):
        draw.ellipse(0.26 + window * 0.1, 0.49, 0.02, colour="sky", detail=1)


def helicopter(draw: Drawing) -> None:
    """A helicopter: round cabin, tail boom, a rotor on top, skids below."""
    paint, rotor = draw.colour("any"), draw.uniform(0.31, 0.36)
    draw.polygon([(0.5, 0.46), (0.95, 0.42), (0.95, 0.48), (0.5, 0.62)], paint)
    draw.polygon([(0.87, 0.46), (0.91, 0.3), (0.98, 0.3), (0.97, 0.5)], paint)
    draw.ellipse(0.37, 0.54, draw.uniform(0.24, 0.27), draw.uniform(0.16, 0.19), paint)
    draw.blob([(0.13, 0.55), (0.2, 0.43), (0.33, 0.41), (0.34, 0.57)], "sky")
    draw.rectangle(0.35, 0.27, 0.39, 0.39, "grey")
    draw.limb([(0.37 - rotor, 0.26), (0.37 + rotor, 0.26)], 0.035, 0.035, "black")
    for x in (0.26, 0.48):
        draw.line([(x, 0.69), (x, 0.81)], 0.02)
    draw.line([(0.12, 0.77), (0.16, 0.81), (0.64, 0.81)], 0.026)


def rocket(draw: Drawing) -> None:
    """A rocket: pointed body with a round window, fins and a flame."""
    paint = draw.colour(draw.pick("white", "grey", "any"))
    fins, width = draw.colour(draw.pick("red", "any")), draw.uniform(0.12, 0.16)
    draw.blob(symmetric((0.08, 0.78), (0.05, 0.88), (0.0, 0.97)), "orange")
    for side in (-1, 1):
        tip = 0.5 + side * (width + 0.15)
        inner, root = 0.5 + side * width * 0.9, 0.5 + side * width * 0.7
        draw.polygon([(inner, 0.56), (tip, 0.78), (tip, 0.88), (root, 0.78)], fins)
    body = [(0.0, 0.03), (width * 0.7, 0.2), (width, 0.45), (width * 0.8, 0.8)]
    draw.blob(symmetric(*body), paint)
    draw.ellipse(0.5, 0.38, width * 0.5, colour="sky")
    if draw.chance(0.4):
        draw.line([(0.5, 0.55), (0.5, 0.74)], 0.03, fins, detail=2)


def balloon(draw: Drawing) -> None:
    """A hot-air balloon: a striped envelope with a basket hanging below."""
    radius, cloth = draw.uniform(0.29, 0.35), draw.colour("any")
    for side in (-1, 1):
        rope = [(0.5 + side * radius * 0.6, 0.55), (0.5 + side * 0.07, 0.8)]
        draw.line(rope, 0.014, "brown")
    draw.rounded(0.41, 0.79, 0.59, 0.94, 0.02, "brown")
    envelope = [(0.0, 0.05), (radius * 0.8, 0.14), (radius, 0.35), (radius * 0.6, 0.56)]
    draw.blob(symmetric(*envelope, (0.06, 0.68)), cloth)
    stripe = [(0.0, 0.05), (radius * 0.38, 0.3), (0.04, 0.68)]
    draw.blob(symmetric(*stripe), "any", detail=1)
