"""Furniture of a living room and a bedroom."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import symmetric


def chair(draw: Drawing) -> None:
    """A kitchen chair seen from the front: back, broad seat and four legs."""
    colour = draw.colour(draw.pick("wood", "brown", "any"))
    width, shift = draw.uniform(0.16, 0.20), draw.uniform(-0.08, 0.08)
    seat, depth = draw.uniform(0.50, 0.56), draw.uniform(0.09, 0.14)
    front, front_width = seat + depth, width + 0.08
    middle = 0.5 + shift
    for side in (-1, 1):
        x = middle + side * (width - 0.02)
        draw.limb([(x, seat), (x, 0.87)], 0.055, colour=colour)
    _chair_back(draw, middle, width, seat, colour)
    for side in (-1, 1):
        x = 0.5 - shift + side * (front_width - 0.03)
        draw.limb([(x, front), (x, 0.96)], 0.065, colour=colour)
    back_edge = [(middle - width, seat), (middle + width, seat)]
    front_edge = [
        (0.5 - shift + front_width, front),
        (0.5 - shift - front_width, front),
    ]
    draw.polygon([*back_edge, *front_edge], draw.pick("any", "tan", "wood"))
    left, right = 0.5 - shift - front_width, 0.5 - shift + front_width
    draw.rectangle(left, front, right, front + 0.05, colour)


def _chair_back(
    draw: Drawing, middle: float, width: float, seat: float, colour: tuple
) -> None:
    """The back of a chair: a solid panel, or two posts with two slats."""
    top = draw.uniform(0.05, 0.10)
    if draw.chance(0.5):
        draw.rounded(middle - width, top, middle + width, seat + 0.02, 0.08, colour)
        return
    for side in (-1, 1):
        x = middle + side * (width - 0.02)
        draw.limb([(x, top), (x, seat + 0.02)], 0.06, colour=colour)
    for y in (top + 0.02, top + 0.22):
        draw.rectangle(middle - width, y, middle + width, y + 0.10, colour)


def table(draw: Drawing) -> None:
    """A four-legged table seen from slightly above, sometimes with a drawer."""
    colour = draw.colour(draw.pick("wood", "brown", "any", "white"))
    front = draw.uniform(0.30, 0.42)
    depth, leg = draw.uniform(0.06, 0.16), draw.uniform(0.05, 0.07)
    for x in (0.2, 0.8 - leg):
        draw.rectangle(x, front, x + leg, front + 0.4, colour)
    for x in (0.1, 0.9 - leg):
        draw.rectangle(x, front, x + leg, front + 0.52, colour)
    surface = [(0.05 + depth, front - depth), (0.95 - depth, front - depth)]
    draw.polygon([*surface, (0.95, front), (0.05, front)], colour)
    draw.rectangle(0.05, front, 0.95, front + 0.07, colour)
    if draw.chance(0.3):
        draw.rectangle(0.36, front + 0.07, 0.64, front + 0.17, colour, detail=1)
        draw.ellipse(0.5, front + 0.12, 0.015, colour="black", detail=2)


def bed(draw: Drawing) -> None:
    """A bed from the side: headboard, footboard, mattress, blanket and pillow."""
    wood = draw.colour(draw.pick("wood", "brown"))
    mattress = draw.uniform(0.50, 0.56)
    draw.rectangle(0.05, draw.uniform(0.25, 0.35), 0.12, 0.84, wood)
    draw.rectangle(0.88, draw.uniform(0.40, 0.46), 0.95, 0.84, wood)
    draw.rounded(0.14, mattress - 0.09, 0.36, mattress + 0.03, 0.05, "white")
    draw.rounded(0.12, mattress, 0.88, mattress + 0.14, 0.03, "white")
    blanket = draw.uniform(0.36, 0.46)
    draw.rounded(blanket, mattress - 0.03, 0.88, mattress + 0.14, 0.03, "any")
    draw.rectangle(0.12, mattress + 0.13, 0.88, mattress + 0.21, wood)


def lamp(draw: Drawing) -> None:
    """A table lamp: a slanted shade on a thin post with a round foot."""
    metal = draw.colour(draw.pick("metal", "wood", "any"))
    top, bottom = draw.uniform(0.08, 0.14), draw.uniform(0.22, 0.30)
    edge = draw.uniform(0.35, 0.45)
    draw.rectangle(0.475, edge, 0.525, 0.9, metal)
    draw.ellipse(0.5, 0.9, draw.uniform(0.14, 0.20), 0.05, metal)
    shade = symmetric((top, 0.1), (bottom, edge))
    draw.polygon(shade, draw.pick("yellow", "tan", "any"))
    if draw.chance(0.4):
        draw.line([(0.62, edge), (0.62, edge + 0.14)], 0.014, "grey", detail=1)


def bookshelf(draw: Drawing) -> None:
    """A tall open case with three shelves, some of them filled with books."""
    wood = draw.colour(draw.pick("wood", "brown", "white"))
    half_width, rows = draw.uniform(0.26, 0.32), 3
    left, right = 0.5 - half_width, 0.5 + half_width
    height = 0.84 / rows
    draw.rectangle(left, 0.08, right, 0.92, wood)
    for row in range(rows):
        top = 0.08 + row * height + 0.03
        floor = 0.08 + (row + 1) * height - 0.03
        draw.rectangle(left + 0.04, top, right - 0.04, floor, "black")
        books = draw.pick(2, 3, 4)
        _books(draw, left + 0.04, floor, (2 * half_width - 0.08) / 4, height, books)


def _books(
    draw: Drawing, x: float, floor: float, width: float, height: float, count: int
) -> None:
    """A row of upright books of different heights, from x to the right."""
    for _ in range(count):
        tall = height * draw.uniform(0.5, 0.72)
        draw.rectangle(x, floor - tall, x + width, floor, "any", detail=1)
        x += width


def sofa(draw: Drawing) -> None:
    """A two-seat sofa with a low back, two armrests and short feet."""
    colour = draw.colour("any")
    back, seat = draw.uniform(0.30, 0.36), draw.uniform(0.50, 0.55)
    for x in (0.10, 0.86):
        draw.rectangle(x, 0.78, x + 0.04, 0.84, "brown", detail=1)
    draw.rounded(0.14, back, 0.86, 0.70, 0.07, colour)
    draw.rounded(0.15, seat, 0.85, 0.76, 0.03, colour)
    draw.line([(0.5, back + 0.03), (0.5, 0.74)], 0.012, "black", detail=1)
    for x in (0.05, 0.81):
        draw.rounded(x, 0.44, x + 0.14, 0.79, 0.06, colour)
    if draw.chance(0.3):
        draw.rounded(0.22, seat - 0.14, 0.38, seat + 0.02, 0.03, "any", detail=2)


def door(draw: Drawing) -> None:
    """A tall closed door in its frame, with panels and a knob at one side."""
    colour = draw.colour(draw.pick("brown", "wood", "any", "white"))
    width, top = draw.uniform(0.21, 0.26), 0.10
    left, right, middle = 0.5 - width, 0.5 + width, draw.uniform(0.46, 0.54)
    draw.rectangle(
        left - 0.06, top - 0.06, right + 0.06, 0.94, draw.pick("white", "tan")
    )
    draw.rectangle(left, top, right, 0.94, colour)
    shade = tuple(0.7 * channel for channel in colour)
    upper = "sky" if draw.chance(0.4) else shade
    draw.rectangle(
        left + 0.06, top + 0.07, right - 0.06, middle - 0.06, upper, detail=1
    )
    draw.rectangle(left + 0.06, middle + 0.08, right - 0.06, 0.86, shade, detail=1)
    draw.ellipse(right - 0.05, middle + 0.02, 0.03, colour=draw.pick("yellow", "black"))
    if draw.chance(0.4):
        draw.rectangle(left - 0.12, 0.93, right + 0.12, 0.97, "grey", detail=1)
