"""The figure of differences: rows, marks, both intervals, and what is refused."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from zssbir_lib import display
from zssbir_lib.evaluation import Comparison, compare_methods


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def comparison(name, mean=0.02, p=0.01, baseline="triplet", confidence=0.95):
    own, joint = (mean, mean - 0.01, mean + 0.015), (mean, mean - 0.02, mean + 0.03)
    return Comparison(name, baseline, own, joint, p, p, confidence)


def bare(name):
    return Comparison(name, "triplet", *[(0.01, None, None)] * 2, None, None)


ROWS = [
    comparison("sbtknet", 0.02, 0.011),
    comparison("mathm", 0.03, 0.0002),
    comparison("ramln", -0.005, 0.62),
]


def lines_of(axes, height):
    """Return the joint line, the own line and the mark of a row, as drawn."""
    rows = [line for line in axes.lines if line.get_linestyle() != "--"]  # not zero
    of_row = [line for line in rows if set(line.get_xydata()[:, 1]) == {height}]
    return sorted(of_row, key=lambda line: (len(line.get_xdata()) == 1, line.get_lw()))


def test_each_row_has_both_intervals_and_its_mark_in_points():
    axes = display.difference_plot(ROWS).axes[0]
    for height, one in enumerate(ROWS):
        joint, own, mark = lines_of(axes, height)
        np.testing.assert_allclose(own.get_xdata(), one.points[1:])
        np.testing.assert_allclose(
            joint.get_xdata(), [100 * end for end in one.joint_interval[1:]]
        )
        np.testing.assert_allclose(mark.get_xdata(), one.points[0])
        assert own.get_linewidth() > 2 * joint.get_linewidth()
        assert mark.get_zorder() > own.get_zorder()


def test_significance_shows_in_shape_and_filling_and_in_words():
    figure = display.difference_plot(ROWS)
    marks = [lines_of(figure.axes[0], height)[-1] for height in range(3)]
    assert [mark.get_marker() for mark in marks] == ["D", "D", "o"]
    assert marks[0].get_markerfacecolor() != marks[2].get_markerfacecolor()
    assert len({mark.get_markeredgecolor() for mark in marks}) == 1
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["p = 0.011", "p < 0.001", "p = 0.620"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [
        "significant after correction",
        "not significant",
        "95 % each",
        "95 % together",
    ]


def test_zero_is_marked_by_a_line():
    axes = display.difference_plot([comparison("far", 0.4)]).axes[0]
    (zero,) = [line for line in axes.lines if list(line.get_xdata()) == [0, 0]]
    assert zero.get_linestyle() == "--"
    low, high = axes.get_xlim()
    assert low <= 0 < 43 < high


def test_rows_are_named_from_top_to_bottom():
    axes = display.difference_plot(ROWS, "difference in P@100").axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["sbtknet", "mathm", "ramln"]
    assert axes.get_yticks().tolist() == [0, 1, 2]
    bottom, top = axes.get_ylim()
    assert bottom > 2 and top < 0  # the first row is on top, nothing is cut off
    assert axes.get_xlabel() == "difference in P@100 to triplet, points"


def test_several_baselines_are_named_in_their_rows():
    rows = [ROWS[0], comparison("ramln", baseline="mathm")]
    axes = display.difference_plot(rows, title="MATHM is hard to beat").axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["sbtknet \N{MINUS SIGN} triplet", "ramln \N{MINUS SIGN} mathm"]
    assert axes.get_xlabel() == "difference in mAP@all, points"
    assert axes.figure.get_suptitle() == "MATHM is hard to beat"


def test_a_row_without_an_interval_is_a_mark_alone():
    axes = display.difference_plot([bare("one run")]).axes[0]
    (mark,) = lines_of(axes, 0)
    assert list(mark.get_xdata()) == [1] and mark.get_marker() == "o"
    assert [text.get_text() for text in axes.texts] == ["no interval"]


def test_the_confidence_stands_in_the_legend():
    figure = display.difference_plot([comparison("a", confidence=0.9)])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[2:] == ["90 % each", "90 % together"]


def test_many_rows_have_room_and_text_stays_inside(tmp_path):
    few = display.difference_plot(ROWS)
    many = display.difference_plot([comparison(f"method {i}") for i in range(20)])
    assert few.get_size_inches()[0] == many.get_size_inches()[0] == 7
    assert many.get_size_inches()[1] > few.get_size_inches()[1] + 4
    many.canvas.draw()
    axes, edge = many.axes[0], many.bbox.x1
    boxes = [text.get_window_extent() for text in axes.texts]
    assert all(axes.bbox.x1 < box.x0 and box.x1 <= edge for box in boxes)
    apart = np.diff(sorted(box.y0 for box in boxes))
    assert apart.min() > boxes[0].height
    display.save_figure(many, "differences", tmp_path)
    assert (tmp_path / "differences.png").read_bytes()[1:4] == b"PNG"


def test_it_draws_what_the_comparison_returns():
    runs = np.random.default_rng(0).normal(0.5, 0.01, (3, 5, 1))
    family = dict(zip("abc", runs, strict=True))
    found = compare_methods(family, [("a", "b"), ("c", "b")], None, "seeds")
    axes = display.difference_plot(found).axes[0]
    for height in range(len(found)):
        joint, own, mark = lines_of(axes, height)
        left, right = joint.get_xdata()
        assert left < own.get_xdata()[0] < mark.get_xdata()[0] < right


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="no comparisons to draw: compare one pair"):
        display.difference_plot([])
    rows = [ROWS[0], comparison("b", confidence=0.9)]
    with pytest.raises(ValueError, match=r"have confidences \[0.9, 0.95\]: draw one"):
        display.difference_plot(rows)
