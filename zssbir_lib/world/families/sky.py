"""What you see when you look up or far away."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import between, polar
from zssbir_lib.world.geometry import ellipse_points


def star(draw: Drawing) -> None:
    """A five-pointed star."""
    outer = draw.uniform(0.40, 0.46)
    inner = outer * draw.uniform(0.36, 0.48)
    corners = [
        polar(0.5, 0.52, (outer, inner)[corner % 2], corner / 10 - 0.25)
        for corner in range(10)
    ]
    draw.polygon(corners, draw.pick("yellow", "orange", "any"))


def moon(draw: Drawing) -> None:
    """A crescent moon with two sharp horns."""
    opening, thickness = draw.uniform(0.10, 0.16), draw.uniform(0.22, 0.36)
    outer = ellipse_points(0.55, 0.5, 0.42, 0.42, start=opening, stop=1 - opening)
    (horn_x, horn_y), centre_x = outer[0], 0.13 + thickness
    reach = horn_x - centre_x
    inner = ellipse_points(
        horn_x, 0.5, reach, horn_y - 0.5, start=0.75, stop=0.25, count=14
    )
    colour = draw.pick("yellow", "white", "grey")
    draw.outline([*outer, *inner[1:-1]], colour)


def sun(draw: Drawing) -> None:
    """A round sun with straight or triangular rays all about it."""
    radius, length = draw.uniform(0.19, 0.25), draw.uniform(0.40, 0.47)
    rays, triangular = draw.pick(8, 10, 12), draw.chance(0.5)
    colour = draw.colour(draw.pick("yellow", "orange"))
    for ray in range(rays):
        turn = ray / rays
        tip = polar(0.5, 0.5, length, turn)
        if triangular:
            foot = [
                polar(0.5, 0.5, 1.1 * radius, turn + side) for side in (-0.04, 0.04)
            ]
            draw.polygon([foot[0], tip, foot[1]], colour)
        else:
            draw.line([polar(0.5, 0.5, radius + 0.05, turn), tip], 0.035, colour)
    draw.ellipse(0.5, 0.5, radius, colour=colour)


def cloud(draw: Drawing) -> None:
    """A fluffy cloud: a row of round bumps over a flat underside."""
    bumps, height = draw.pick(3, 4, 5), draw.uniform(0.20, 0.30)
    anchors = [(0.14, 0.70)]
    for bump in range(1, bumps):
        reach = draw.uniform(0.9, 1.1)
        turn = -0.5 + 0.5 * bump / bumps
        x, y = polar(0.0, 0.0, reach, turn)
        anchors.append((0.5 + 0.32 * x, 0.58 + height * y))
    anchors.append((0.86, 0.70))
    outline = []
    for start, end in zip(anchors, anchors[1:], strict=False):
        outline += _bump(start, end)
    draw.outline(outline, draw.pick("white", "grey", "white", "sky"))


def _bump(start: tuple, end: tuple) -> list[tuple[float, float]]:
    """Points of a round bulge that leaves a straight line from start to end."""
    middle = between(start, end, 0.5)
    across, down = (end[0] - start[0]) / 2, (end[1] - start[1]) / 2
    points = []
    for step in range(9):
        along, outward = polar(0.0, 0.0, 1.0, step / 16 - 0.5)
        x = middle[0] + along * across - 0.9 * outward * down
        points.append((x, middle[1] + along * down + 0.9 * outward * across))
    return points


def mountain(draw: Drawing) -> None:
    """Two mountain peaks, the higher one with a jagged cap of snow."""
    colour = draw.colour(draw.pick("grey", "brown", "blue", "stone"))
    peak = (draw.uniform(0.35, 0.50), draw.uniform(0.14, 0.24))
    left, right, snow = (0.02, 0.85), (0.75, 0.85), draw.uniform(0.28, 0.38)
    second = (draw.uniform(0.68, 0.76), draw.uniform(0.30, 0.42))
    draw.polygon([second, (0.98, 0.85), (0.45, 0.85)], colour)
    draw.polygon([peak, right, left], colour)
    x, y = peak
    jags = [(x + 0.04, y + 0.14), (x, y + 0.24), (x - 0.05, y + 0.14)]
    cap = [peak, between(peak, right, snow), *jags, between(peak, left, snow)]
    draw.polygon(cap, "white")
