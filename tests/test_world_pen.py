"""The pen: strokes in order, and sketches that stop half-way."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from zssbir_lib.modality import SKETCH
from zssbir_lib.world import SketchOptions
from zssbir_lib.world.catalogue import class_names, define
from zssbir_lib.world.rendering import image_rng
from zssbir_lib.world.sketch import render_sketch
from zssbir_lib.world.strokes import Erasure, Stroke, draw_actions, way

RIGHT = Stroke(np.array([[2.0, 5.0], [6.0, 5.0], [12.0, 5.0]]), ink=0, width=1)
DOWN = Stroke(np.array([[5.0, 2.0], [5.0, 12.0]]), ink=0, width=1)


def drawn(actions, share=1.0, size=16):
    image = Image.new("L", (size, size), 255)
    draw_actions(ImageDraw.Draw(image), actions, share)
    return np.asarray(image)


def ink(image):
    return int((image < 255).sum())


def sketch(name, share, size=64):
    options = SketchOptions(drawn=share)
    return render_sketch(define(name), image_rng(0, name, SKETCH, 3), size, options)


def test_a_way_by_hand():
    assert way(np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 6.0]])) == pytest.approx(7.0)
    assert way(np.array([[1.0, 1.0], [1.0, 1.0]])) == 0.0


def test_half_a_line_by_hand():
    whole, half = drawn([RIGHT]), drawn([RIGHT], 0.5)
    assert (whole[5, 2:13] == 0).all() and ink(whole) == 11  # x from 2 to 12
    assert (half[5, 2:8] == 0).all() and ink(half) == 6  # to 7, beyond the bend at 6


@pytest.mark.parametrize(
    ("share", "right", "down"), [(0.25, 6, 1), (0.5, 11, 1), (0.75, 11, 6), (1, 11, 11)]
)
def test_strokes_come_one_after_the_other(share, right, down):
    image = drawn([RIGHT, DOWN], share)  # they cross at x = 5, y = 5
    assert (ink(image[5:6]), ink(image[:, 5:6])) == (right, down)


def test_what_is_covered_later_is_there_as_long_as_it_is_not():
    square = np.array([[4.0, 3.0], [9.0, 3.0], [9.0, 8.0], [4.0, 8.0]])
    actions = [RIGHT, Erasure(square, 0), DOWN]
    assert ink(drawn(actions, 0.5)[5:6]) == 11  # not yet covered
    assert ink(drawn(actions, 0.55)[5:6]) == 5  # from x = 4 to x = 9 it is
    thick = Erasure(np.array([[0.0, 5.0], [15.0, 5.0]]), width=3)
    assert ink(drawn([RIGHT, thick])) == 0


def test_a_whole_sketch_is_the_sketch_without_the_option():
    for name in class_names()[::9]:
        rng = image_rng(0, name, SKETCH, 3)
        expected = render_sketch(define(name), rng, 64, SketchOptions())
        assert np.array_equal(sketch(name, 1.0), expected)


def test_more_of_the_way_is_more_ink_unless_something_is_covered():
    grows, pairs = 0, 0
    for name in class_names()[::5]:
        amounts = [int((255 - sketch(name, s)).sum()) for s in (0.25, 0.5, 0.75, 1)]
        assert amounts[0] < amounts[-1], name
        grows += sum(a <= b for a, b in zip(amounts, amounts[1:], strict=False))
        pairs += 3
    assert grows > 0.9 * pairs


@pytest.mark.parametrize("share", [0, -0.5, 1.5, "half"])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match="SketchOptions.drawn is .* from 0.01 to 1"):
        SketchOptions(drawn=share)
