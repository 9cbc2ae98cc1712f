"""Vehicles of the road and the rail."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import polar, symmetric


def car(draw: Drawing) -> None:
    """A car seen from the side: cabin with two windows over two wheels."""
    paint, wheel = draw.colour("any"), draw.uniform(0.09, 0.11)
    roof, waist = draw.uniform(0.28, 0.34), draw.uniform(0.45, 0.5)
    back, front = draw.uniform(0.24, 0.32), draw.uniform(0.7, 0.78)
    base = waist + 0.02
    cabin = [(back, base), (back + 0.12, roof), (front - 0.1, roof), (front, base)]
    draw.polygon(cabin, paint)
    sill = roof + 0.04
    rear_window = [(back + 0.06, waist), (back + 0.14, sill), (0.48, sill)]
    draw.polygon([*rear_window, (0.48, waist)], "sky")
    front_window = [(0.52, waist), (0.52, sill), (front - 0.12, sill)]
    draw.polygon([*front_window, (front - 0.04, waist)], "sky")
    draw.rounded(0.06, waist, 0.94, 0.7, 0.07, paint)
    draw.ellipse(0.91, waist + 0.08, 0.03, colour="yellow", detail=2)
    draw.wheel(0.26, 0.7, wheel)
    draw.wheel(0.74, 0.7, wheel)


def bus(draw: Drawing) -> None:
    """A long bus with a row of windows and a door."""
    paint = draw.colour(draw.pick("any", "yellow", "red"))
    roof, windows = draw.uniform(0.22, 0.3), draw.pick(4, 5)
    draw.rounded(0.04, roof, 0.96, 0.74, 0.05, paint)
    step = 0.7 / windows
    for window in range(windows):
        left = 0.08 + window * step
        draw.rectangle(left, roof + 0.07, left + step * 0.8, roof + 0.22, "sky")
    draw.rectangle(0.8, roof + 0.07, 0.91, 0.72, "sky", detail=1)
    draw.line([(0.04, 0.57), (0.78, 0.57)], 0.018, detail=2)
    draw.wheel(0.24, 0.75, 0.09)
    draw.wheel(0.7, 0.75, 0.09)


def truck(draw: Drawing) -> None:
    """A lorry: a tall box behind a lower driver's cab, three wheels in sight."""
    roof, gap = draw.uniform(0.2, 0.3), draw.uniform(0.58, 0.66)
    cab, cab_roof = draw.colour("any"), roof + draw.uniform(0.1, 0.16)
    draw.rectangle(0.03, roof, gap, 0.7, draw.pick("white", "any", "grey"))
    nose = [(0.84, cab_roof), (0.95, 0.54), (0.96, 0.72)]
    draw.polygon([(gap + 0.02, cab_roof), *nose, (gap + 0.02, 0.72)], cab)
    window, sill = gap + 0.07, cab_roof + 0.05
    draw.polygon([(window, sill), (0.81, sill), (0.89, 0.53), (window, 0.53)], "sky")
    draw.rectangle(0.03, 0.69, 0.96, 0.74, "black")
    for x in (0.17, 0.37, 0.8):
        draw.wheel(x, 0.76, 0.088)


def bicycle(draw: Drawing) -> None:
    """A bicycle: two thin wheels joined by a frame, saddle and handlebar."""
    paint, radius = draw.colour("any"), draw.uniform(0.18, 0.21)
    rear, front, hub = (0.24, 0.66), (0.76, 0.66), (0.46, 0.66)
    for x, y in (rear, front):
        draw.ring(x, y, radius, 0.03)
        for _ in range(3):
            turn = draw.uniform(0.0, 0.5)
            spoke = [polar(x, y, radius, turn), polar(x, y, radius, turn + 0.5)]
            draw.line(spoke, 0.006, "grey", detail=2)
    seat_tube, head = (0.4, 0.38), (0.69, 0.36)
    draw.line([rear, seat_tube, head], 0.028, paint)
    draw.line([rear, hub, head], 0.028, paint)
    draw.line([hub, (0.385, 0.32)], 0.028, paint)
    draw.line([front, (0.66, 0.26)], 0.028, paint)
    draw.line([(0.31, 0.31), (0.46, 0.31)], 0.045)
    draw.curve([(0.66, 0.26), (0.74, 0.23), (0.77, 0.3)], 0.028)
    draw.ellipse(*hub, 0.035, colour="grey", detail=1)


def motorcycle(draw: Drawing) -> None:
    """A motorcycle: two fat wheels, an engine, a tank, a seat and an exhaust."""
    paint, radius = draw.colour("any"), draw.uniform(0.16, 0.19)
    rear, front = (0.21, 0.68), (0.79, 0.68)
    for x, y in (rear, front):
        draw.ellipse(x, y, radius, colour="black")
        draw.ellipse(x, y, radius * 0.5, colour="metal")
    draw.limb([front, (0.66, 0.28)], 0.05, 0.05, "metal")
    draw.limb([rear, (0.5, 0.62)], 0.06, 0.08, paint)
    draw.rounded(0.36, 0.5, 0.62, 0.76, 0.05, "grey")
    draw.limb([(0.46, 0.76), (0.2, 0.8), (0.04, 0.78)], 0.05, 0.07, "metal", detail=1)
    seat_back = draw.uniform(0.3, 0.42)
    seat = [(0.08, seat_back), (0.22, 0.42), (0.46, 0.42), (0.46, 0.53), (0.24, 0.52)]
    draw.blob(seat, draw.pick("black", "brown"))
    tank = [(0.42, 0.46), (0.5, 0.36), (0.64, 0.34), (0.71, 0.44), (0.62, 0.54)]
    draw.blob([*tank, (0.46, 0.54)], paint)
    draw.curve([(0.67, 0.28), (0.6, 0.21), (0.52, 0.22)], 0.035)
    draw.ellipse(0.73, 0.32, 0.06, 0.065, "yellow")
    for y in (0.58, 0.65):
        draw.line([(0.38, y), (0.6, y)], 0.014, detail=2)


def train(draw: Drawing) -> None:
    """A steam engine: boiler, funnel, cab and wheels."""
    paint = draw.colour(draw.pick("any", "black", "red"))
    draw.rectangle(0.6, 0.24, 0.9, 0.72, paint)
    draw.rectangle(0.67, 0.32, 0.83, 0.48, "sky")
    draw.rectangle(0.56, 0.2, 0.94, 0.26, "black")
    draw.rounded(0.14, 0.44, 0.62, 0.72, 0.05, paint)
    rim = draw.uniform(0.07, 0.1)
    funnel = symmetric((rim, 0.2), (rim * 0.55, 0.45), centre=0.27)
    draw.polygon(funnel, "black")
    draw.polygon([(0.14, 0.68), (0.02, 0.84), (0.14, 0.84)], "grey")
    if draw.chance(0.6):
        draw.ellipse(0.47, 0.44, 0.06, 0.06, "yellow", start=0.5)
    if draw.chance(0.3):
        draw.ellipse(0.36, 0.11, 0.1, 0.05, "white", detail=2)
    for x in (0.24, 0.43):
        draw.wheel(x, 0.77, 0.08)
    draw.wheel(0.74, 0.74, 0.115)
