"""Tools of the workshop, the garden and the desk."""

import numpy as np

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import beside, polar, symmetric


def key(draw: Drawing) -> None:
    """An old key: a big ring or clover to hold, a shaft and two or three teeth."""
    metal = draw.colour(draw.pick("yellow", "metal", "brown"))
    radius = draw.uniform(0.15, 0.19)
    draw.limb([(0.3, 0.5), (0.96, 0.5)], 0.085, 0.085, metal)
    for x in (0.72, 0.81, 0.9)[draw.pick(0, 1) :]:
        draw.rectangle(x, 0.51, x + 0.055, 0.54 + draw.uniform(0.1, 0.19), metal)
    if draw.chance(0.4):
        for x, y in ((0.16, 0.5), (0.28, 0.38), (0.28, 0.62)):
            draw.ellipse(x, y, radius * 0.72, colour=metal)
            draw.ellipse(x, y, radius * 0.28, colour="black")
    else:
        draw.ellipse(0.24, 0.5, radius, radius * draw.uniform(0.95, 1.2), metal)
        draw.ellipse(0.23, 0.5, radius * 0.5, colour="black")
    draw.rectangle(0.44, 0.44, 0.48, 0.56, metal, detail=1)


def hammer(draw: Drawing) -> None:
    """A hammer: an upright handle under a steel head, flat or clawed."""
    steel, width = draw.colour("metal"), draw.uniform(0.055, 0.085)
    handle = draw.pick("wood", "any")
    draw.rounded(0.5 - width / 2, 0.25, 0.5 + width / 2, 0.96, 0.02, handle)
    if draw.chance(0.5):
        claw = [(0.26, 0.1), (0.6, 0.1), (0.84, 0.22), (0.62, 0.26), (0.26, 0.29)]
        draw.polygon(claw, steel)
    else:
        draw.rectangle(0.26, 0.1, 0.74, 0.29, steel)
    draw.rectangle(0.19, 0.07, 0.29, 0.32, steel)


def scissors(draw: Drawing) -> None:
    """Open scissors: two crossing blades, a pivot, two big finger rings."""
    steel, grip = draw.colour("metal"), draw.colour("any")
    opening, ring = draw.uniform(0.16, 0.27), draw.uniform(0.115, 0.14)
    for side in (-1, 1):
        ring_x, ring_y = 0.5 - side * (ring + 0.07), 0.8
        blade = [(-0.045, 0.56), (0.045, 0.52), (opening + 0.02, 0.08)]
        draw.polygon(beside(side, [*blade, (opening - 0.09, 0.12)]), steel)
        draw.limb([(0.5 + side * 0.01, 0.52), (ring_x, 0.72)], 0.06, 0.055, grip)
        draw.arc(ring_x, ring_y, ring, ring * 1.2, 0, 1, 0.048, grip, tilt=side * 0.3)
    draw.ellipse(0.5, 0.53, 0.026, colour="black", detail=1)


def ladder(draw: Drawing) -> None:
    """A ladder: two rails, narrower at the top, joined by rungs."""
    paint, rungs = draw.colour(draw.pick("wood", "metal", "any")), draw.pick(4, 5, 6)
    bottom, narrowing = draw.uniform(0.16, 0.24), draw.uniform(0.0, 0.06)
    for rung in range(rungs):
        y = 0.14 + 0.74 * rung / (rungs - 1)
        half = bottom - narrowing * (1 - y)
        draw.limb([(0.5 - half, y), (0.5 + half, y)], 0.035, 0.035, paint)
    for side in (-1, 1):
        rail = [(bottom - narrowing, 0.05), (bottom, 0.96)]
        draw.limb(beside(side, rail), 0.048, 0.048, paint)


def axe(draw: Drawing) -> None:
    """An axe: a long wooden handle with a broad curved blade."""
    draw.limb([(0.42, 0.1), (0.44, 0.5), (0.47, 0.95)], 0.065, 0.075, "wood")
    edge, spread = draw.uniform(0.7, 0.78), draw.uniform(0.18, 0.23)
    blade = [(0.37, 0.17), (0.52, 0.17), (edge, 0.26 - spread)]
    blade += [(edge + 0.06, 0.26), (edge, 0.26 + spread), (0.52, 0.35), (0.37, 0.35)]
    draw.blob(blade, "metal")
    cutting_edge = [(edge - 0.06, 0.3 - spread), (edge - 0.01, 0.26)]
    draw.curve([*cutting_edge, (edge - 0.06, 0.22 + spread)], 0.014, "white", detail=2)


def saw(draw: Drawing) -> None:
    """A hand saw: a long toothed blade and a closed wooden grip."""
    teeth, tip = 10, draw.uniform(0.42, 0.47)
    blade = [(0.3, 0.34), (0.97, tip), (0.97, 0.54)]
    for tooth in range(teeth):
        x = 0.95 - 0.62 * tooth / teeth
        blade += [(x - 0.031, 0.64), (x - 0.062, 0.55)]
    draw.polygon(blade, "metal")
    grip = [(0.05, 0.36), (0.2, 0.3), (0.34, 0.34), (0.34, 0.62), (0.24, 0.7)]
    draw.blob([*grip, (0.08, 0.66)], draw.pick("wood", "any"))
    draw.ellipse(0.19, 0.49, 0.065, 0.09, "black")


def screwdriver(draw: Drawing) -> None:
    """A screwdriver: a thick grooved handle, a thin shaft and a flat tip."""
    steel, collar = draw.colour("metal"), draw.uniform(0.4, 0.5)
    width = draw.uniform(0.085, 0.12)
    draw.rectangle(0.472, collar, 0.528, 0.9, steel)
    draw.polygon(symmetric((0.045, 0.87), (0.035, 0.97)), steel)
    draw.rounded(0.5 - width, 0.05, 0.5 + width, collar, 0.07, "any")
    draw.rectangle(0.45, collar, 0.55, collar + 0.05, "black", detail=1)
    for x in (0.47, 0.53):
        draw.line([(x, 0.12), (x, collar - 0.06)], 0.014, detail=1)


def wrench(draw: Drawing) -> None:
    """A spanner: an open jaw at one end and a ring at the other."""
    steel, radius = draw.colour("metal"), draw.uniform(0.16, 0.19)
    draw.limb([(0.5, 0.28), (0.5, 0.8)], 0.11, 0.1, steel)
    draw.ellipse(0.5, 0.84, 0.125, colour=steel)
    draw.ellipse(0.5, 0.84, 0.06, colour="black")
    jaw = [polar(0.5, 0.24, radius, turn) for turn in np.linspace(-0.16, 0.66, 16)]
    notch = draw.uniform(0.055, 0.075)
    mouth = [(0.5 - notch, 0.2), (0.47, 0.27), (0.53, 0.27), (0.5 + notch, 0.2)]
    draw.outline(jaw + mouth, steel)


def pencil(draw: Drawing) -> None:
    """A pencil: a long shaft, a sharpened point and a rubber on the end."""
    width, paint = draw.uniform(0.065, 0.095), draw.pick("yellow", "any")
    draw.rounded(0.5 - width, 0.04, 0.5 + width, 0.16, 0.03, "pink")
    draw.rectangle(0.5 - width, 0.13, 0.5 + width, 0.2, "metal")
    draw.rectangle(0.5 - width, 0.2, 0.5 + width, 0.74, paint)
    draw.polygon(symmetric((width, 0.74), (0.0, 0.97)), "tan")
    draw.polygon(symmetric((width * 0.38, 0.88), (0.0, 0.97)), "black")
    for side in (-1, 1):
        edge = [(width * 0.33, 0.2), (width * 0.33, 0.74)]
        draw.line(beside(side, edge), 0.012, detail=1)


def paintbrush(draw: Drawing) -> None:
    """A flat paintbrush: a waisted handle, a metal band, bristles with paint."""
    width, top = draw.uniform(0.13, 0.18), draw.uniform(0.5, 0.56)
    handle = [(0.03, 0.03), (0.055, 0.12), (0.04, 0.3), (width, top)]
    draw.blob([*symmetric(*handle)], draw.pick("wood", "any"))
    tip = [(width, top + 0.1), (width * 1.1, 0.8), (width * 0.85, 0.95)]
    draw.polygon(symmetric(*tip, (width * 0.4, 0.92), (0.0, 0.96)), "tan")
    dipped = [(width * 1.08, 0.78), (width * 0.85, 0.95), (width * 0.4, 0.92)]
    draw.polygon(symmetric((0.0, 0.82), *dipped, (0.0, 0.96)), "any", detail=1)
    draw.rectangle(0.5 - width, top - 0.03, 0.5 + width, top + 0.12, "metal")
    for x in (0.5 - width * 0.5, 0.5, 0.5 + width * 0.5):
        draw.line([(x, top + 0.16), (x, 0.78)], 0.01, "brown", detail=2)


def shovel(draw: Drawing) -> None:
    """A shovel: a D-shaped grip, a long shaft and a pointed blade."""
    shaft, width = draw.colour(draw.pick("wood", "any")), draw.uniform(0.16, 0.21)
    grip = draw.uniform(0.09, 0.12)
    left, right = (0.5 - grip, 0.05), (0.5 + grip, 0.05)
    draw.line([(0.5, 0.2), left, right, (0.5, 0.2)], 0.045, shaft)
    draw.limb([(0.5, 0.18), (0.5, 0.66)], 0.06, 0.06, shaft)
    blade = [(width * 0.9, 0.56), (width, 0.6), (width * 0.95, 0.78), (0.0, 0.97)]
    if draw.chance(0.35):
        blade = [(width * 0.9, 0.56), (width, 0.6), (width, 0.92), (width * 0.5, 0.95)]
    draw.polygon(symmetric(*blade), draw.pick("metal", "metal", "grey", "any"))
    draw.line([(0.5, 0.56), (0.5, 0.8)], 0.02, "black", detail=1)


def umbrella(draw: Drawing) -> None:
    """An open umbrella with a scalloped edge and a hooked handle."""
    cloth, edge = draw.colour("any"), draw.uniform(0.46, 0.54)
    radius, scallops = draw.uniform(0.37, 0.44), 4
    draw.line([(0.5, 0.06), (0.5, 0.85)], 0.026, "brown")
    draw.arc(0.43, 0.85, 0.07, draw.uniform(0.07, 0.1), 0.0, 0.5, 0.03, "brown")
    angles = np.linspace(np.pi, 2 * np.pi, 14)
    canopy = [(0.5 + radius * np.cos(a), edge + 0.38 * np.sin(a)) for a in angles]
    for scallop in range(scallops):
        right = 0.5 + radius - 2 * radius * scallop / scallops
        canopy += [(right - radius / scallops, edge - 0.06)]
        canopy += [(right - 2 * radius / scallops, edge)]
    draw.outline(canopy[:-1], cloth)
    for side in (-1, 1):
        rib = [(0.0, edge - 0.38), (radius * 0.32, edge * 0.65), (radius * 0.5, edge)]
        draw.curve(beside(side, rib), 0.012, detail=1)


def magnifier(draw: Drawing) -> None:
    """A magnifying glass: a round lens in a rim with a slanted handle."""
    radius = draw.uniform(0.23, 0.28)
    start = 0.4 + radius * 0.65
    draw.limb([(start, start), (0.92, 0.92)], 0.08, 0.1, draw.pick("black", "wood"))
    draw.ellipse(0.4, 0.4, radius, colour=draw.pick("black", "metal", "brown"))
    draw.ellipse(0.4, 0.4, radius * 0.8, colour="sky")
    draw.arc(0.4, 0.4, radius * 0.55, radius * 0.55, 0.5, 0.72, 0.02, "white", detail=1)
