"""The drawn world: points, colours, drawings and poses, checked by hand."""

import math

import numpy as np
import pytest

from zssbir_lib.world.drawing import COLOURS, Drawing, luminance, pick_colour
from zssbir_lib.world.geometry import (
    CURVE_STEPS,
    ellipse_points,
    limb_outline,
    rounded_rectangle,
    smooth_curve,
    subdivide,
    unit_normals,
)
from zssbir_lib.world.pose import outline_sizes, pose_parts, warp

SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]


def area(points: np.ndarray) -> float:
    following = np.roll(points, -1, axis=0)
    return 0.5 * abs(
        float((points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1]).sum())
    )


@pytest.fixture
def draw() -> Drawing:
    return Drawing(np.random.default_rng(0))


# ------------------------------------------------------------------ geometry


def test_subdivide_splits_an_open_line_evenly():
    points = subdivide([(0, 0), (0.2, 0)], closed=False, spacing=0.1)
    np.testing.assert_allclose(points, [(0, 0), (0.1, 0), (0.2, 0)])


def test_subdivide_closes_without_repeating_the_first_point():
    points = subdivide(SQUARE, closed=True, spacing=0.5)
    expected = [(0, 0), (0.5, 0), (1, 0), (1, 0.5), (1, 1), (0.5, 1), (0, 1), (0, 0.5)]
    np.testing.assert_allclose(points, expected)


@pytest.mark.parametrize("closed", [True, False])
def test_subdivide_respects_the_spacing_and_keeps_the_corners(closed):
    points = subdivide(SQUARE, closed, spacing=0.13)
    loop = np.concatenate([points, points[:1]]) if closed else points
    assert np.hypot(*np.diff(loop, axis=0).T).max() <= 0.13 + 1e-9
    for corner in SQUARE:
        assert np.abs(points - corner).sum(axis=1).min() < 1e-9


def test_smooth_curve_passes_through_its_points():
    knots = np.array([(0, 0), (0.3, 0.4), (0.8, 0.1), (1, 1)])
    opened, closed = smooth_curve(knots, closed=False), smooth_curve(knots, closed=True)
    np.testing.assert_allclose(opened[::CURVE_STEPS], knots, atol=1e-12)
    np.testing.assert_allclose(closed[::CURVE_STEPS], knots, atol=1e-12)
    assert len(opened) == 3 * CURVE_STEPS + 1 and len(closed) == 4 * CURVE_STEPS


def test_smooth_curve_through_a_straight_line_is_straight():
    points = smooth_curve([(0, 0), (1, 2), (2, 4)], closed=False)
    np.testing.assert_allclose(points[:, 1], 2 * points[:, 0], atol=1e-12)


def test_catmull_rom_middle_by_hand():
    # halfway between p1 and p2: (-p0 + 9 p1 + 9 p2 - p3) / 16
    points = smooth_curve([(0, 0), (1, 0), (2, 1), (3, 0)], closed=False)
    middle = points[CURVE_STEPS + CURVE_STEPS // 2]
    np.testing.assert_allclose(middle, [1.5, 9 / 16], atol=1e-12)


def test_ellipse_points_by_hand():
    points = ellipse_points(0.5, 0.4, 0.2, 0.1, count=4)
    np.testing.assert_allclose(
        points, [(0.7, 0.4), (0.5, 0.5), (0.3, 0.4), (0.5, 0.3)], atol=1e-12
    )


def test_ellipse_piece_includes_both_ends_and_tilt_turns_it():
    half = ellipse_points(0, 0, 1, 1, start=0.0, stop=0.5)
    np.testing.assert_allclose(half[[0, -1]], [(1, 0), (-1, 0)], atol=1e-12)
    turned = ellipse_points(0, 0, 1, 0.5, tilt=math.pi / 2, count=4)
    np.testing.assert_allclose(turned[0], (0, 1), atol=1e-12)


def test_rounded_rectangle_stays_inside_and_loses_only_the_corners():
    points = rounded_rectangle(0.1, 0.2, 0.9, 0.6, 0.1)
    np.testing.assert_allclose(points.min(axis=0), (0.1, 0.2), atol=1e-12)
    np.testing.assert_allclose(points.max(axis=0), (0.9, 0.6), atol=1e-12)
    exact = 0.8 * 0.4 - (4 - math.pi) * 0.1**2
    assert area(points) == pytest.approx(exact, rel=0.01)
    pill = rounded_rectangle(0, 0, 0.2, 1, 5.0)  # the radius is cut to 0.1
    assert pill[:, 0].min() == pytest.approx(0) and pill[:, 0].max() == pytest.approx(
        0.2
    )


def test_unit_normals_of_a_horizontal_line_point_down():
    normals = unit_normals(np.array([(0.0, 0.0), (0.4, 0.0), (1.0, 0.0)]))
    np.testing.assert_allclose(normals, [(0, 1)] * 3, atol=1e-9)


def test_limb_tapers_from_one_width_to_the_other():
    outline = limb_outline([(0, 0), (1, 0)], 0.2, 0.1)
    half = len(outline) // 2
    np.testing.assert_allclose(outline[0], (0, 0.1), atol=1e-9)
    np.testing.assert_allclose(outline[half - 1], (1, 0.05), atol=1e-9)
    assert area(outline) == pytest.approx(0.15)


# -------------------------------------------------------------------- palette


@pytest.mark.parametrize("name", COLOURS)
def test_every_colour_is_a_colour(name):
    rng = np.random.default_rng(1)
    for _ in range(20):
        assert all(0 <= channel <= 1 for channel in pick_colour(name, rng))


def test_luminance_weights():
    assert luminance((1, 1, 1)) == pytest.approx(1)
    assert luminance((0, 1, 0)) == pytest.approx(0.587)


def test_unknown_colour_lists_the_palette(draw):
    with pytest.raises(ValueError, match=r"unknown colour 'octarine'.*'wood'"):
        draw.ellipse(0.5, 0.5, 0.1, colour="octarine")


# -------------------------------------------------------------------- drawing


def test_drawing_keeps_order_detail_and_shared_colour(draw):
    colour = draw.colour("red")
    draw.polygon(SQUARE, colour)
    draw.curve([(0, 0), (0.5, 0.2), (1, 0)], 0.03, colour, detail=2)
    square, curve = draw.parts
    assert square.closed and not curve.closed
    assert square.colour == curve.colour == colour
    assert (square.detail, curve.detail, curve.width) == (0, 2, 0.03)


def test_ring_ends_where_it_starts(draw):
    draw.ring(0.5, 0.5, 0.3, 0.02)
    np.testing.assert_allclose(draw.parts[0].points[0], draw.parts[0].points[-1])


def test_chance_uniform_and_pick_follow_the_generator(draw):
    values = [draw.uniform(2, 3) for _ in range(400)]
    assert min(values) >= 2 and max(values) < 3 and 2.4 < np.mean(values) < 2.6
    assert 130 < sum(draw.chance(0.4) for _ in range(400)) < 190
    assert {draw.pick("a", "b", "c") for _ in range(50)} == {"a", "b", "c"}
    again = Drawing(np.random.default_rng(0))
    assert [again.uniform(2, 3) for _ in range(400)] == values


def test_every_shape_is_a_finite_array_of_points(draw):
    draw.blob(SQUARE)
    draw.rectangle(0, 0, 1, 1)
    draw.rounded(0, 0, 1, 1)
    draw.limb([(0, 0), (0.5, 0.5), (1, 0)], 0.1)
    draw.outline(np.array(SQUARE))
    draw.line([(0, 0), (1, 1)])
    draw.stroke(np.array(SQUARE))
    draw.arc(0.5, 0.5, 0.2, 0.3, 0, 0.5)
    draw.wheel(0.5, 0.5, 0.2)
    draw.eye(0.5, 0.5)
    assert len(draw.parts) >= 11
    for part in draw.parts:
        assert part.points.ndim == 2 and part.points.shape[1] == 2
        assert np.isfinite(part.points).all()


# ----------------------------------------------------------------------- pose


def two_parts() -> Drawing:
    draw = Drawing(np.random.default_rng(0))
    draw.rectangle(0.2, 0.1, 0.6, 0.9)
    draw.line([(0.6, 0.5), (0.8, 0.5)], 0.1)
    return draw


def test_pose_centres_and_scales_to_one():
    for seed in range(5):
        posed = pose_parts(two_parts().parts, np.random.default_rng(seed), 1.0)
        low, high = posed.points.min(axis=0), posed.points.max(axis=0)
        np.testing.assert_allclose(low + high, 0, atol=1e-9)
        assert (high - low).max() == pytest.approx(1)


def test_pose_of_strength_zero_only_mirrors():
    parts = two_parts().parts
    posed = pose_parts(parts, np.random.default_rng(0), 0.0)
    assert posed.stretch == pytest.approx(1 / 0.8)
    plain = (np.concatenate([part.points for part in parts]) - 0.5) / 0.8
    mirrored = plain * (-1, 1)
    assert np.allclose(posed.points, plain) or np.allclose(posed.points, mirrored)


def test_stronger_poses_move_points_further():
    x = np.linspace(-0.5, 0.5, 30)
    moved = []
    for strength in (0.0, 0.5, 1.0, 2.0):
        bent_x, bent_y = warp(x, x, np.random.default_rng(3), strength)
        moved.append(np.hypot(bent_x - x, bent_y - x).mean())
    assert moved[0] == 0 and moved == sorted(moved) and moved[3] > 3 * moved[1]


def test_split_gives_every_part_its_points_back():
    parts = two_parts().parts
    posed = pose_parts(parts, np.random.default_rng(0), 1.0)
    pieces = posed.split(posed.points)
    assert [len(piece) for piece in pieces] == [len(part.points) for part in parts]
    np.testing.assert_array_equal(np.concatenate(pieces), posed.points)
    flat = posed.split_flat(posed.points)
    assert flat[1] == pieces[1].ravel().tolist()


def test_thickness_of_a_tube_is_its_width():
    draw = Drawing(np.random.default_rng(0))
    draw.limb([(0, 0.5), (1, 0.5)], 0.04)
    posed = pose_parts(draw.parts, np.random.default_rng(0), 0.0)
    lengths, thicknesses = outline_sizes(posed)
    assert lengths[0] == pytest.approx(2.08) and thicknesses[0] == pytest.approx(
        0.08 / 2.08
    )


def test_pose_of_nothing_says_so():
    with pytest.raises(ValueError, match="at least one essential part"):
        pose_parts([], np.random.default_rng(0), 1.0)
