"""Drawings cut, smoothed, rendered: by hand, a slow reference, properties, goldens."""

import hashlib
import math
from pathlib import Path

import numpy as np
import pytest

from zssbir_lib.data.quickdraw import (
    Drawing,
    partial_drawing,
    read_ndjson,
    render_drawing,
    rendering,
    smooth_drawing,
)
from zssbir_lib.data.quickdraw.drawing import STEPS
from zssbir_lib.data.quickdraw.rendering import coverage, draw_ink


def stroke(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, dtype=np.float32)


def random_drawing(rng: np.random.Generator) -> Drawing:
    counts = rng.integers(1, 9, size=rng.integers(1, 6))
    return Drawing(
        "any",
        tuple(rng.uniform(-50, 400, (count, 2)).astype(np.float32) for count in counts),
    )


def test_a_horizontal_line_by_hand():
    """Pen of 2 pixels on 16: rows 7 and 8, from the padding of 2 pixels to the other.

    The middle of the line goes from x = 3 to x = 13 at y = 8.
    """
    line = Drawing("line", (stroke((5, 70), (105, 70)),))
    image = render_drawing(line, 16, width=2 / 16, padding=2 / 16)
    assert image.shape == (16, 16) and image.dtype == np.uint8
    assert (image[7:9, 3:13] == 0).all()
    assert (image[[0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15]] == 255).all()
    # the round end: the centre of pixel (7, 2) is 0.5 off in x and in y
    end = 255 - round(255 * (1.5 - 0.5**0.5))
    assert image[7, [2, 13]].tolist() == [end, end]
    assert (image[:, :2] == 255).all() and (image[:, 14:] == 255).all()


def test_a_line_between_pixel_rows_by_hand():
    """A line of width 1 from y = 1.75 to 2.75: a quarter of row 1, the rest of 2."""
    ink = draw_ink([stroke((1, 2.25), (7, 2.25))], 8, 1.0)
    assert ink[:, 3].tolist() == [0, 0.25, 0.75, 0, 0, 0, 0, 0]


def test_a_line_thinner_than_a_pixel_is_grey():
    ink = draw_ink([stroke((1, 2.5), (7, 2.5))], 8, 0.25)
    assert ink[2, 2:6].tolist() == [0.25] * 4 and ink[3].max() == 0


def test_a_dot_is_a_disc():
    dot = Drawing("dot", (stroke((7, 7)),))
    image = render_drawing(dot, 15, width=0.2)
    assert image[7, 7] == 0 and np.array_equal(image, image.T)
    assert np.array_equal(image, image[::-1, ::-1])
    ink = (255.0 - image).sum() / 255
    assert ink == pytest.approx(np.pi * 1.5**2, rel=0.1)


def test_coverage_is_the_overlap_of_pixel_and_line():
    for width in (0.3, 1.0, 4.0):
        for distance in np.linspace(0, 4, 17):
            fine = np.linspace(distance - 0.5, distance + 0.5, 20_001)
            overlap = (np.abs(fine) <= width / 2).mean()
            assert coverage(np.array(distance), width) == pytest.approx(
                overlap, abs=1e-3
            )


def slow_ink(drawn: list[np.ndarray], size: int, width: float) -> np.ndarray:
    """Measure every pixel against every line."""
    ink = np.zeros((size, size))
    for one in drawn:
        starts, ends = (one[:-1], one[1:]) if len(one) > 1 else (one, one)
        for start, end in zip(starts.astype(float), ends.astype(float), strict=True):
            way = end - start
            for row in range(size):
                for column in range(size):
                    point = np.array([column + 0.5, row + 0.5]) - start
                    along = point @ way / max(way @ way, 1e-12)
                    rest = point - min(max(along, 0), 1) * way
                    covered = coverage(np.hypot(*rest), width)
                    ink[row, column] = max(ink[row, column], covered)
    return ink


@pytest.mark.parametrize("width", [0.4, 1.0, 3.3, 9.0])
def test_ink_is_what_the_slow_reference_draws(width):
    rng = np.random.default_rng(int(10 * width))
    drawn = [
        rng.uniform(0, 24, (count, 2)).astype(np.float32) for count in (1, 2, 5, 3)
    ]
    drawn.append(stroke((0, 0), (24, 24), (24, 0)))  # to the very edge
    drawn.append(stroke((24, 24)))
    expected = slow_ink(drawn, 24, width)
    np.testing.assert_allclose(draw_ink(drawn, 24, width), expected, atol=1e-4)


def test_ink_in_several_rounds(monkeypatch):
    rng = np.random.default_rng(0)
    drawn = [rng.uniform(0, 32, (40, 2)).astype(np.float32)]
    at_once = draw_ink(drawn, 32, 2.0)
    monkeypatch.setattr(rendering, "PAIRS", 500)
    monkeypatch.setattr(rendering, "SEGMENTS", 7)
    assert np.array_equal(draw_ink(drawn, 32, 2.0), at_once)


def test_pixels_are_those_of_the_first_version():
    rng = np.random.default_rng(11)
    digest = hashlib.sha256()
    for _ in range(20):
        drawing = random_drawing(rng)
        for options in ({}, {"size": 64, "share": 0.3}, {"smoothing": 0.1}):
            digest.update(render_drawing(drawing, **options).tobytes())
        thick = render_drawing(drawing, 33, width=0.1, padding=0.2, smoothing=0)
        digest.update(thick.tobytes())
    assert digest.hexdigest()[:16] == "88ec3cd2026f0d15"


# properties


def darkness(image: np.ndarray) -> np.ndarray:
    return 255 - image.astype(int)


@pytest.mark.parametrize("smoothing", [0, 1 / 255, 0.1])
def test_ink_keeps_to_the_padding_and_reaches_it(smoothing):
    rng = np.random.default_rng(3)
    for _ in range(20):
        drawing = random_drawing(rng)
        size = int(rng.integers(20, 60))
        edge = int(rng.integers(0, size // 4))
        image = darkness(
            render_drawing(drawing, size, 0.1, edge / size, smoothing=smoothing)
        )
        inside = image[edge : size - edge, edge : size - edge]
        assert image.sum() == inside.sum() > 0
        if len(np.concatenate(drawing.strokes)) > 1:
            wide = inside.any(axis=0)[[0, -1]].all()
            high = inside.any(axis=1)[[0, -1]].all()
            assert wide or high


def test_ink_grows_with_share_and_width():
    rng = np.random.default_rng(4)
    for _ in range(20):
        drawing = random_drawing(rng)
        shares = [0.1, 0.25, 0.5, 0.75, 0.999, 1.0]
        images = [darkness(render_drawing(drawing, 40, share=s)) for s in shares]
        for part, longer in zip(images[:-1], images[1:], strict=True):
            assert (part <= longer + 1).all()  # 1 of 255: rounding at the cut
        middle = [stroke((20, 20), (25, 31))]
        inks = [draw_ink(middle, 40, width) for width in (0.2, 1, 1.5, 4, 9)]
        for thin, thick in zip(inks[:-1], inks[1:], strict=True):
            assert (thin <= thick + 1e-6).all() and thin.sum() < thick.sum()


def test_a_part_stays_at_its_place():
    """Half of a V is its left side: it is neither centred nor enlarged."""
    whole = Drawing("v", (stroke((0, 0), (10, 20), (20, 0)),))
    half = darkness(render_drawing(whole, 64, share=0.5))
    full = darkness(render_drawing(whole, 64))
    assert np.array_equal(half[:, :28], full[:, :28]) and half[:, 36:].sum() == 0


def test_place_and_unit_of_the_points_do_not_matter():
    rng = np.random.default_rng(5)
    drawing = random_drawing(rng)
    moved = Drawing("any", tuple(one * 8 - 1000 for one in drawing.strokes))
    images = [darkness(render_drawing(one, 64)) for one in (drawing, moved)]
    assert np.abs(images[0] - images[1]).max() <= 2


def test_aspect_ratio_is_kept():
    box = stroke((0, 0), (40, 0), (40, 10), (0, 10), (0, 0))
    image = darkness(render_drawing(Drawing("box", (box,)), 100, 0.02, 0.09))
    rows, columns = image.any(axis=1).nonzero()[0], image.any(axis=0).nonzero()[0]
    assert (columns[0], columns[-1]) == (9, 90)  # 80 pixels between the middles
    assert (rows[0], rows[-1]) == (39, 60)  # 20


def test_one_drawing_looks_the_same_at_every_size():
    rng = np.random.default_rng(6)
    drawing = random_drawing(rng)
    small = render_drawing(drawing, 64, width=0.05).astype(float)
    large = render_drawing(drawing, 256, width=0.05).astype(float)
    shrunk = large.reshape(64, 4, 64, 4).mean(axis=(1, 3))
    assert np.abs(small - shrunk).mean() < 3  # of 255


def test_smoothing_comes_before_everything_else():
    rng = np.random.default_rng(7)
    drawing = random_drawing(rng)
    image = render_drawing(drawing, 64, smoothing=0.1, share=0.6)
    smooth = smooth_drawing(drawing, 0.1)
    assert np.array_equal(image, render_drawing(smooth, 64, smoothing=0, share=0.6))
    straight = render_drawing(drawing, 64, smoothing=0, share=0.6)
    assert not np.array_equal(image, straight)


def test_many_dots_in_one_place():
    dots = Drawing("dots", (stroke((3, 3)), stroke((3, 3), (3, 3))))
    assert darkness(render_drawing(dots, 32)).sum() > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 7}, "size is 7, expected a whole number of pixels from 8 to 4096"),
        ({"size": 64.0}, "size is 64.0, expected a whole number"),
        ({"width": 0}, "width is 0, expected above 0 and at most 0.25"),
        ({"width": 3.0}, "width is 3.0, expected above 0 and at most 0.25 of the im"),
        ({"width": float("nan")}, "width is nan"),
        ({"padding": -0.1}, "padding is -0.1, expected 0 or more"),
        ({"padding": 0.45, "width": 0.1}, "must stay below 0.4 of the image's side"),
        ({"padding": float("nan")}, "padding is nan"),
        ({"smoothing": 1}, "smoothing is 1, expected 0 .none. to 0.1"),
        ({"share": 0}, "share is 0, expected above 0 and at most 1"),
    ],
)
def test_arguments_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        render_drawing(Drawing("dot", (stroke((0, 0)),)), **options)


# real drawings


def test_a_cat_grows_as_it_is_drawn(shared):
    path = shared / "data/raw/quickdraw/simplified/cat.ndjson"
    for drawing in read_ndjson(path, first=5):
        images = [
            darkness(render_drawing(drawing, 96, share=share))
            for share in (0.25, 0.5, 0.75, 1)
        ]
        sums = [int(image.sum()) for image in images]
        assert 0 < sums[0] < sums[1] < sums[2] < sums[3]
        assert 0.1 < sums[0] / sums[3] < 0.4
        for part, longer in zip(images[:-1], images[1:], strict=True):
            assert (part <= longer + 1).all()


def test_raw_and_simplified_drawings_look_alike(shared):
    folder = shared / "data/raw/quickdraw"
    simplified = {
        one.key_id: one for one in read_ndjson(folder / "simplified/apple.ndjson")
    }
    both = [
        (raw, simplified[raw.key_id])
        for raw in read_ndjson(folder / "raw/apple.ndjson")
        if raw.key_id in simplified
    ]
    assert len(both) >= 20
    for pair in both:
        first, second = (darkness(render_drawing(one, 64, 0.05)) for one in pair)
        assert np.abs(first - second).sum() < 0.25 * first.sum()


# parts of a drawing


def length(one: np.ndarray) -> float:
    """Add up the steps of a stroke, one by one."""
    pairs = zip(one[:-1].tolist(), one[1:].tolist(), strict=True)
    return sum(math.dist(point, following) for point, following in pairs)


# an L of length 3 + 4, then a dot, then a line of length 3
BY_HAND = Drawing(
    "hand",
    (stroke((0, 0), (3, 0), (3, 4)), stroke((9, 9)), stroke((6, 1), (6, 4))),
)


@pytest.mark.parametrize(
    ("share", "strokes"),
    [
        (0.1, [[[0, 0], [1, 0]]]),
        (0.3, [[[0, 0], [3, 0]]]),
        (0.5, [[[0, 0], [3, 0], [3, 2]]]),
        (0.7, [[[0, 0], [3, 0], [3, 4]], [[9, 9]]]),
        (0.9, [[[0, 0], [3, 0], [3, 4]], [[9, 9]], [[6, 1], [6, 3]]]),
    ],
)
def test_share_of_the_length_by_hand(share, strokes):
    part = partial_drawing(BY_HAND, share)
    assert len(part.strokes) == len(strokes) and part.word == "hand"
    for one, expected in zip(part.strokes, strokes, strict=True):
        np.testing.assert_allclose(one, expected, atol=1e-5)


def test_the_whole_is_the_drawing_itself():
    assert partial_drawing(BY_HAND, 1) is BY_HAND
    assert partial_drawing(BY_HAND, 1.0) is BY_HAND


def test_nearly_the_whole_and_nearly_nothing():
    for share in (1e-300, 1e-9, 1 - 1e-9, float(np.nextafter(1, 0))):
        part = partial_drawing(BY_HAND, share)
        drawn = sum(map(length, part.strokes))
        assert drawn == pytest.approx(share * 10, abs=1e-5)


def test_dots_alone_are_counted():
    dots = Drawing("dots", tuple(stroke((x, 0)) for x in range(10)))
    counts = [
        len(partial_drawing(dots, share).strokes) for share in (0.01, 0.25, 0.5, 1)
    ]
    assert counts == [1, 3, 5, 10]


@pytest.mark.parametrize("share", [0, -0.5, 1.01, float("nan")])
def test_share_out_of_range(share):
    with pytest.raises(ValueError, match="share is .*, expected above 0 and at most 1"):
        partial_drawing(BY_HAND, share)


def is_beginning(part: Drawing, whole: Drawing) -> bool:
    """Check that all points of a part but its last are the first of the whole."""
    *before, last = part.strokes
    number = len(before)
    longer = whole.strokes[number]
    step = length(longer[: len(last)])
    return (
        all(map(np.array_equal, before, whole.strokes))
        and np.array_equal(last[:-1], longer[: len(last) - 1])
        and length(last) <= step + 1e-3
    )


def test_shares_are_nested_and_as_long_as_they_say():
    rng = np.random.default_rng(1)
    for _ in range(200):
        drawing = random_drawing(rng)
        total = sum(map(length, drawing.strokes))
        shares = np.sort(rng.uniform(0.001, 1, 4)).tolist()
        parts = [partial_drawing(drawing, share) for share in shares] + [drawing]
        for share, part in zip(shares, parts, strict=False):
            if total:
                drawn = sum(map(length, part.strokes))
                assert drawn == pytest.approx(share * total, rel=1e-4, abs=1e-3)
        for part, longer in zip(parts[:-1], parts[1:], strict=True):
            assert is_beginning(part, longer)


# smoothing


def longer_side(drawing: Drawing) -> float:
    return float(np.ptp(np.concatenate(drawing.strokes), axis=0).max())


def test_smoothing_moves_no_point_and_stays_near_the_lines():
    rng = np.random.default_rng(2)
    for _ in range(100):
        drawing = random_drawing(rng)
        smoothing = float(rng.uniform(0.001, 0.1))
        smooth = smooth_drawing(drawing, smoothing)
        limit = smoothing * longer_side(drawing) + 1e-3
        for before, after in zip(drawing.strokes, smooth.strokes, strict=True):
            if len(before) < 3:
                assert np.array_equal(before, after)
                continue
            assert len(after) == STEPS * (len(before) - 1) + 1
            assert np.array_equal(after[::STEPS], before)
            t = np.arange(len(after)) / STEPS
            line = [np.interp(t, np.arange(len(before)), before[:, k]) for k in (0, 1)]
            assert np.hypot(*(after.T - line)).max() <= limit


def test_straight_lines_and_corners_stay():
    line = stroke((0, 0), (1, 0), (7, 0), (10, 0))
    square = stroke((0, 0), (10, 0), (10, 10), (0, 10), (0, 0))
    smooth = smooth_drawing(Drawing("two", (line, square)), 0.1)
    assert np.abs(smooth.strokes[0][:, 1]).max() == 0
    x, y = smooth.strokes[1].T
    assert (np.minimum(np.minimum(x, 10 - x), np.minimum(y, 10 - y)) == 0).all()


def test_there_and_back_again_and_the_same_point_twice():
    back = stroke((0, 0), (10, 0), (0, 0), (0, 0), (10, 0))
    smooth = smooth_drawing(Drawing("back", (back,)), 0.1).strokes[0]
    assert np.isfinite(smooth).all() and np.abs(smooth[:, 1]).max() == 0
    assert smooth[:, 0].min() == 0 and smooth[:, 0].max() == 10


def test_points_of_a_circle_become_rounder():
    angles = np.linspace(0, 2 * np.pi, 10)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    smooth = smooth_drawing(Drawing("circle", (circle,)), 0.1).strokes[0]
    inner = smooth[STEPS:-STEPS]  # the first and the last piece know one side only
    radii = np.hypot(*inner.T)
    assert np.cos(np.pi / 9) < 0.94  # where the middle of a straight line would be
    assert 0.995 < radii.min() and radii.max() < 1.005


def test_a_curve_worked_by_hand():
    """Half-way between points on a right angle's bend of two 45 degree turns."""
    bend = stroke((0, 0), (0, 8), (8, 16), (16, 16))
    middle = smooth_drawing(Drawing("bend", (bend,)), 0.1).strokes[0][STEPS + 2]
    # leaving along (8, 16), arriving along (16, 8), each as long as the line, 8 * 2**.5
    away = 0.125 * 8 * 2**0.5 * (np.array([1, 2]) - np.array([2, 1])) / 5**0.5
    np.testing.assert_allclose(middle, np.array([4, 12]) + away, rtol=1e-6)


def test_no_smoothing_and_too_much():
    assert smooth_drawing(BY_HAND, 0) is BY_HAND
    for wrong in (-0.1, 0.2, float("nan")):
        with pytest.raises(ValueError, match="smoothing is .*expected 0 .none. to 0.1"):
            smooth_drawing(BY_HAND, wrong)


# real drawings that exist in both forms


def evenly(one: np.ndarray) -> np.ndarray:
    """Take points at a distance of one unit along a stroke."""
    steps = np.hypot(*np.diff(one, axis=0).T)
    along = np.concatenate([[0], steps.cumsum()])
    places = np.arange(0, along[-1] + 1e-9, 1.0)
    return np.stack([np.interp(places, along, one[:, k]) for k in (0, 1)], axis=1)


def distances(points: np.ndarray, strokes: tuple[np.ndarray, ...]) -> np.ndarray:
    """Measure how far points are from the nearest line, segment by segment."""
    nearest = np.full(len(points), np.inf)
    for one in strokes:
        for start, end in zip(one[:-1], one[1:], strict=True):
            way = (end - start).astype(float)
            along = (points - start) @ way / max(float(way @ way), 1e-12)
            foot = start + np.clip(along, 0, 1)[:, None] * way
            nearest = np.minimum(nearest, np.hypot(*(points - foot).T))
    return nearest


def errors_to_raw(folder: Path, smoothing: float) -> np.ndarray:
    """Measure how far raw lines are from simplified ones, in units of 255."""
    found = []
    for word in ("apple", "cat"):
        path = folder / f"simplified/{word}.ndjson"
        simplified = {one.key_id: one for one in read_ndjson(path)}
        for raw in read_ndjson(folder / f"raw/{word}.ndjson"):
            if raw.key_id in simplified:
                every = np.concatenate(raw.strokes)
                low = every.min(axis=0)
                scale = 255 / (every - low).max()
                points = [evenly((one - low) * scale) for one in raw.strokes]
                smooth = smooth_drawing(simplified[raw.key_id], smoothing)
                found.append(distances(np.concatenate(points), smooth.strokes))
    assert len(found) >= 40
    return np.concatenate(found)


def test_smoothing_comes_nearer_to_what_the_hand_drew(shared):
    folder = shared / "data/raw/quickdraw"
    straight, smooth = errors_to_raw(folder, 0), errors_to_raw(folder, 1 / 255)
    assert np.percentile(straight, 95) < 2  # units: what the simplification allows
    assert smooth.mean() < 0.9 * straight.mean()


def test_the_renderer_draws_the_official_bitmaps(shared):
    """The first rows are the first drawings, drawn with a pen of 16 of 304 units."""
    folder = shared / "data/raw/quickdraw"
    for word in ("apple", "bicycle", "cat"):
        rows = np.load(folder / f"numpy_bitmap/{word}.npy")[:25]
        official = 255 - rows.reshape(-1, 28, 28).astype(float)  # white on black
        drawings = read_ndjson(folder / f"simplified/{word}.ndjson")
        ours = [
            render_drawing(one, 28, width=16 / 304, padding=16.5 / 304, smoothing=0)
            for one in drawings
        ]
        errors = np.abs(np.stack(ours) - official).mean(axis=(1, 2))
        assert errors.mean() < 4 and errors.max() < 10  # of 255
