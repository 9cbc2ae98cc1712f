"""Clothes and things to wear or carry."""

from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.families._outlines import symmetric


def hat(draw: Drawing) -> None:
    """A hat with a wide brim and a ribbon."""
    colour = draw.colour(draw.pick("brown", "black", "any"))
    width, top = draw.uniform(0.18, 0.23), draw.uniform(0.22, 0.34)
    draw.ellipse(0.5, 0.7, draw.uniform(0.36, 0.44), draw.uniform(0.07, 0.10), colour)
    dent = top + draw.uniform(0.0, 0.05)
    crown = [(0.0, dent), (0.7 * width, top), (0.95 * width, 0.45), (width, 0.68)]
    draw.blob(symmetric(*crown, (0.0, 0.73)), colour)
    ribbon = [(0.98 * width, 0.56), (width, 0.66), (0.0, 0.7)]
    draw.polygon(symmetric(*ribbon), "any")


def shoe(draw: Drawing) -> None:
    """A laced shoe from the side, its toe to the right, on a pale or dark sole."""
    opening, toe = draw.uniform(0.32, 0.38), draw.uniform(0.62, 0.67)
    top = [(0.1, opening), (0.34, opening - 0.02), (0.42, 0.48), (0.7, 0.56)]
    draw.blob([*top, (0.9, toe), (0.9, 0.74), (0.5, 0.76), (0.1, 0.76), (0.08, 0.55)])
    draw.rounded(0.07, 0.74, 0.93, 0.83, 0.03, draw.pick("white", "black"))
    for lace in range(3):
        x, y = 0.40 + 0.09 * lace, 0.47 + 0.04 * lace
        draw.line([(x, y), (x - 0.06, y + 0.08)], 0.02, "white", detail=1)


def tshirt(draw: Drawing) -> None:
    """A T-shirt with short sleeves and a round neck, sometimes with a print."""
    width, sleeve = draw.uniform(0.20, 0.25), draw.uniform(0.12, 0.20)
    collar = [(0.05, 0.2), (0.1, 0.14), (width, 0.18)]
    cuff = [(width + sleeve, 0.36), (width + sleeve - 0.1, 0.46), (width, 0.38)]
    draw.polygon(symmetric(*collar, *cuff, (width, 0.9)), "any")
    if draw.chance(0.4):
        draw.rectangle(0.41, 0.4, 0.59, 0.56, "any", detail=2)


def pants(draw: Drawing) -> None:
    """Trousers with a waistband; the legs stand more or less apart."""
    colour = draw.colour(draw.pick("blue", "black", "any", "tan"))
    width, stride = draw.uniform(0.20, 0.25), draw.uniform(0.0, 0.10)
    hem, crotch = draw.uniform(0.85, 0.95), draw.uniform(0.34, 0.42)
    leg = [(width + stride, hem), (stride + 0.04, hem), (0.0, crotch)]
    draw.polygon(symmetric((width, 0.08), *leg), colour)
    draw.rectangle(0.5 - width, 0.06, 0.5 + width, 0.14, colour)
    draw.line([(0.5, 0.14), (0.5, crotch)], 0.014, "black", detail=1)
    if draw.chance(0.4):
        draw.rectangle(0.46, 0.07, 0.54, 0.13, "yellow", detail=2)


def eyeglasses(draw: Drawing) -> None:
    """Spectacles or sunglasses: two big lenses, a bridge and two short temples."""
    frame = draw.colour(draw.pick("black", "brown", "red", "any"))
    width, height = draw.uniform(0.18, 0.205), draw.uniform(0.14, 0.20)
    corner = draw.pick(0.05, 0.10, 0.20)
    glass = draw.colour(draw.pick("sky", "white", "white", "black"))
    for side in (-1, 1):
        outer = 0.5 + side * (0.26 + width)
        hinge = [(outer - side * 0.02, 0.45), (outer + side * 0.04, 0.40)]
        draw.line([*hinge, (outer + side * 0.04, 0.32)], 0.04, frame)
    draw.curve([(0.28, 0.5), (0.5, 0.44), (0.72, 0.5)], 0.045, frame)
    for x in (0.26, 0.74):
        for inset, colour in ((0.0, frame), (0.05, glass)):
            left, right = x - width + inset, x + width - inset
            top, bottom = 0.54 - height + inset, 0.54 + height - inset
            draw.rounded(left, top, right, bottom, corner, colour)


def sock(draw: Drawing) -> None:
    """A sock bent at the heel, with a cuff and often two stripes."""
    toe = draw.uniform(0.10, 0.18)
    leg = [(0.36, 0.1), (0.62, 0.1), (0.62, 0.45), (0.6, 0.64)]
    foot = [(0.32, 0.88), (toe + 0.03, 0.88), (toe, 0.73), (0.36, 0.5), (0.37, 0.3)]
    draw.blob([*leg, *foot], "any")
    draw.rectangle(0.345, 0.06, 0.635, 0.17, draw.pick("white", "any"))
    if draw.chance(0.6):
        colour = draw.colour("any")
        for y in (0.26, 0.34):
            draw.line([(0.37, y), (0.62, y)], 0.025, colour, detail=1)


def crown(draw: Drawing) -> None:
    """A golden crown with three or five points, each with a jewel."""
    points, gold = draw.pick(3, 5), draw.colour("yellow")
    tip, valley = draw.uniform(0.20, 0.30), draw.uniform(0.48, 0.56)
    spacing = 0.84 / (points - 1)
    tips = [(0.08 + spacing * i, tip) for i in range(points)]
    valleys = [(x + spacing / 2, valley) for x, _ in tips[:-1]]
    zigzag = [p for pair in zip(tips, valleys, strict=False) for p in pair]
    draw.polygon([(0.14, 0.8), *zigzag, tips[-1], (0.86, 0.8)], gold)
    draw.rectangle(0.14, 0.72, 0.86, 0.85, gold)
    jewel = draw.pick("red", "blue", "yellow")
    for x, y in tips:
        draw.ellipse(x, y - 0.03, 0.04, colour=jewel)
    for x in (0.3, 0.5, 0.7):
        stone = draw.pick("red", "blue", "green")
        draw.ellipse(x, 0.785, 0.03, colour=stone, detail=1)


def handbag(draw: Drawing) -> None:
    """A handbag with one handle, a flap and a clasp."""
    colour, slant = draw.colour("any"), draw.uniform(0.03, 0.10)
    width, height = draw.uniform(0.16, 0.20), draw.uniform(0.20, 0.28)
    draw.arc(0.5, 0.42, width, height, 0.5, 1.0, 0.045, colour)
    draw.polygon(symmetric((0.3 - slant, 0.4), (0.38, 0.86)), colour)
    flap = 0.32 - 0.6 * slant
    draw.line([(0.5 - flap, 0.56), (0.5 + flap, 0.56)], 0.018, "black", detail=1)
    draw.rounded(0.45, 0.5, 0.55, 0.62, 0.02, "yellow", detail=1)


def glove(draw: Drawing) -> None:
    """A glove with four fingers upwards, a thumb to the side and a cuff."""
    colour = draw.colour("any")
    spread, longest = draw.uniform(0.0, 0.03), draw.uniform(0.05, 0.10)
    lengths = (longest + 0.10, longest + 0.02, longest, longest + 0.06)
    thumb = [(0.62, 0.66), (0.76, 0.54), (0.84, draw.uniform(0.38, 0.44))]
    draw.limb(thumb, 0.15, 0.11, colour)
    hand = [(0.30, 0.78), (0.24, 0.50)]
    for finger, tip in enumerate(lengths):
        left = 0.24 + 0.115 * finger
        lean = spread * (finger - 1.5)
        hand += [(left + lean, tip + 0.05), (left + 0.05 + lean, tip)]
        hand += [(left + 0.10 + lean, tip + 0.05), (left + 0.107, 0.44)]
    draw.polygon([*hand, (0.70, 0.58), (0.64, 0.78)], colour)
    draw.rounded(0.27, 0.77, 0.67, 0.95, 0.04, draw.pick("white", "any"))
    if draw.chance(0.5):
        draw.line([(0.28, 0.86), (0.66, 0.86)], 0.02, "black", detail=2)


def bowtie(draw: Drawing) -> None:
    """A bow tie: two fanned wings held by a knot, plain or dotted."""
    colour = draw.colour(draw.pick("black", "red", "any", "any"))
    height, waist = draw.uniform(0.20, 0.28), draw.uniform(0.06, 0.10)
    bulge = draw.uniform(-0.04, 0.04)
    for side in (-1, 1):
        wing = [(0.03, waist), (0.44, height), (0.44 + bulge, 0.0)]
        wing += [(0.44, -height), (0.03, -waist)]
        draw.polygon([(0.5 + side * x, 0.5 + y) for x, y in wing], colour)
        fold = [(0.5 + side * 0.08, 0.5), (0.5 + side * 0.26, 0.47)]
        draw.line(fold, 0.016, "black", detail=1)
    draw.rounded(0.43, 0.48 - waist, 0.57, 0.52 + waist, 0.04, colour)
    if draw.chance(0.4):
        for x, y in ((0.18, 0.40), (0.26, 0.58), (0.74, 0.42), (0.82, 0.60)):
            draw.ellipse(x, y, 0.03, colour="white", detail=2)
