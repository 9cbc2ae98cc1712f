"""Partial and smoothed drawings: worked by hand, as properties, on real drawings."""

import math
from pathlib import Path

import numpy as np
import pytest

from zssbir_lib.data.quickdraw import (
    Drawing,
    partial_drawing,
    read_ndjson,
    smooth_drawing,
)
from zssbir_lib.data.quickdraw.smoothing import STEPS, longer_side


def stroke(*points: tuple[float, float]) -> np.ndarray:
    return np.array(points, dtype=np.float32)


def random_drawing(rng: np.random.Generator) -> Drawing:
    """Make up to six strokes of one to twelve points, with times."""
    counts = rng.integers(1, 13, size=rng.integers(1, 7))
    strokes = tuple(
        rng.uniform(0, 255, (count, 2)).astype(np.float32) for count in counts
    )
    times = tuple(np.sort(rng.uniform(0, 9000, count)) for count in counts)
    return Drawing("any", strokes, times)


def length(one: np.ndarray) -> float:
    """Add up the steps of a stroke, one by one."""
    pairs = zip(one[:-1].tolist(), one[1:].tolist(), strict=True)
    return sum(math.dist(point, following) for point, following in pairs)


# an L of length 3 + 4, then a dot, then a line of length 3
BY_HAND = Drawing(
    "hand",
    (stroke((0, 0), (3, 0), (3, 4)), stroke((9, 9)), stroke((6, 1), (6, 4))),
    (np.array([0.0, 30, 70]), np.array([100.0]), np.array([200.0, 500])),
)


@pytest.mark.parametrize(
    ("share", "strokes", "times"),
    [
        (0.1, [[[0, 0], [1, 0]]], [[0, 10]]),
        (0.3, [[[0, 0], [3, 0]]], [[0, 30]]),
        (0.5, [[[0, 0], [3, 0], [3, 2]]], [[0, 30, 50]]),
        (0.7, [[[0, 0], [3, 0], [3, 4]], [[9, 9]]], [[0, 30, 70], [100]]),
        (
            0.9,
            [[[0, 0], [3, 0], [3, 4]], [[9, 9]], [[6, 1], [6, 3]]],
            [[0, 30, 70], [100], [200, 400]],
        ),
    ],
)
def test_share_of_the_length_by_hand(share, strokes, times):
    part = partial_drawing(BY_HAND, share)
    assert len(part.strokes) == len(strokes)
    for one, expected in zip(part.strokes, strokes, strict=True):
        np.testing.assert_allclose(one, expected, atol=1e-5)
    for one, expected in zip(part.times, times, strict=True):
        np.testing.assert_allclose(one, expected, atol=1e-3)
    assert part.word == "hand"


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
    assert partial_drawing(dots, 0.25).times is None


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
        for moments, one in zip(smooth.times, smooth.strokes, strict=True):
            assert len(moments) == len(one) and (np.diff(moments) >= 0).all()


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
