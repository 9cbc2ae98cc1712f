"""Figures and exercises of notebook 08: unfinished drawings, scores by share."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from zssbir_lib import display
from zssbir_lib.display.abstraction import LOOKS
from zssbir_lib.exercises import EXERCISES
from zssbir_lib.lessons import agrees, check_exercise

# Three seeds: mean 0.5, Student's t interval 0.5 +- 4.30265 * 0.1 / sqrt(3).
HALF = 4.302653 * 0.1 / 3**0.5
SCORES = {1.0: [0.4, 0.5, 0.6], 0.5: [0.2, 0.2, 0.2]}


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def lines_of(axes):
    """Return label, line and ends of the intervals of every method in a panel."""
    found = {}
    for drawn in axes.containers:
        line, _, (bars,) = drawn.lines
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        found[drawn.get_label()] = (line, ends)
    return found


# --- score against share drawn -------------------------------------------------------


def test_a_line_a_method_with_intervals_in_the_order_of_the_shares():
    fig = display.abstraction_plot({"world": {"MATHM": SCORES}}, title="It falls")
    assert fig.get_suptitle() == "It falls"
    (axes,) = fig.axes
    assert axes.get_title(loc="left") == "world"
    line, ends = lines_of(axes)["MATHM"]
    np.testing.assert_allclose(line.get_xdata(), [0.5, 1.0])
    np.testing.assert_allclose(line.get_ydata(orig=False), [0.2, 0.5])
    np.testing.assert_allclose(ends, [[0.2, 0.2], [0.5 - HALF, 0.5 + HALF]], atol=1e-6)
    assert [one.get_text() for one in axes.get_xticklabels()] == ["50%", "100%"]


def test_a_single_seed_has_a_mark_and_no_interval():
    fig = display.abstraction_plot({"world": {"MATHM": {0.5: [0.3]}}})
    _, ends = lines_of(fig.axes[0])["MATHM"]
    np.testing.assert_allclose(ends, [[0.3, 0.3]])


def test_methods_stand_beside_each_other_and_differ_in_mark_and_line():
    methods = {name: SCORES for name in ("one", "two", "three", "four")}
    fig = display.abstraction_plot({"a": methods, "b": methods}, "score")
    first, second = fig.axes
    lines = [line for line, _ in lines_of(first).values()]
    starts = [line.get_xdata()[0] for line in lines]
    assert starts == sorted(set(starts)) and np.mean(starts) == pytest.approx(0.5)
    assert starts[-1] - starts[0] < 0.05
    for look in ("get_marker", "get_linestyle", "get_color"):
        assert len({getattr(line, look)() for line in lines}) == len(LOOKS)
    (legend,) = fig.legends
    assert [one.get_text() for one in legend.get_texts()] == list(methods)
    assert first.get_ylabel() == "score" and first.get_ylim()[0] == 0
    assert second.get_ylim() == first.get_ylim()


@pytest.mark.parametrize(
    ("panels", "message"),
    [
        ({}, "nothing to draw: give one panel and one method"),
        ({"world": {}}, "nothing to draw: give one panel and one method"),
        ({"world": {"MATHM": {}}}, "panel 'world': method 'MATHM' has no scores"),
        (
            {"world": {str(number): SCORES for number in range(5)}},
            "panel 'world' has 5 methods, expected at most 4",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(panels, message):
    with pytest.raises(ValueError, match=message):
        display.abstraction_plot(panels)


# --- drawings at several stages ------------------------------------------------------


def test_a_row_a_drawing_and_a_column_a_share():
    grey = np.full((4, 4), 255, dtype=np.uint8)
    colour = torch.zeros(3, 4, 4)
    fig = display.drawing_stages(
        {"house": [grey, grey], "fish": [colour, colour]}, (0.25, 1.0), "They grow"
    )
    assert fig.get_suptitle() == "They grow"
    assert [axes.get_title() for axes in fig.axes] == ["25%", "100%", "", ""]
    assert [axes.get_ylabel() for axes in fig.axes] == ["house", "", "fish", ""]
    pictures = [axes.images[0] for axes in fig.axes]
    assert pictures[0].get_array().shape == (4, 4)
    assert pictures[2].get_array().shape == (4, 4, 3)


@pytest.mark.parametrize(
    ("ink", "white"),
    [(np.uint8(51), 255), (np.float32(0.2), 1.0)],
)
def test_greys_are_shown_as_they_are_whatever_the_darkest_and_lightest(ink, white):
    fig = display.drawing_stages({"grey": [np.full((4, 4), ink)]}, (0.25,))
    (picture,) = fig.axes[0].images
    assert picture.get_clim() == (0, white)
    shown = picture.cmap(picture.norm(np.full((4, 4), ink)))
    np.testing.assert_allclose(shown[..., :3], 0.2, atol=0.01)


@pytest.mark.parametrize(
    ("drawings", "shares", "message"),
    [
        ({}, (1.0,), "nothing to draw: give one drawing"),
        ({"house": []}, (), "nothing to draw: give one drawing"),
        (
            {"house": [np.zeros((4, 4), np.uint8)]},
            (0.5, 1.0),
            "drawing 'house' has 1 entries, expected 2",
        ),
        ({"house": [np.zeros((2, 4, 4))]}, (1.0,), "expected .3, H, W."),
    ],
)
def test_drawings_that_do_not_fit_are_refused(drawings, shares, message):
    with pytest.raises(ValueError, match=message):
        display.drawing_stages(drawings, shares)


# --- exercises -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "case", "answer"),
    [
        ("8.1", ([[(0, 0), (3, 4)], [(0, 0), (0, 15)]], 1), 0.25),
        ("8.1", ([[(0, 0), (3, 4)], [(0, 0), (0, 15)]], 2), 1.0),
        ("8.2", (1 + 1 / 256,), 1.0),  # half-way: to the even one, below
        ("8.2", (1 + 3 / 256,), 1 + 2 / 128),  # half-way: to the even one, above
        ("8.2", (257.0,), 256.0),
        ("8.3", ([0.0, 4.0], [1.0, 3.0]), [2.0, 6.0]),
    ],
)
def test_references_by_hand(name, case, answer):
    assert agrees(EXERCISES[name].reference(*case), answer, tolerance=1e-12)


def test_reference_rounds_to_bfloat16_as_torch_does():
    numbers = torch.randn(500, generator=torch.Generator().manual_seed(0)) * 100
    mine = [EXERCISES["8.2"].reference(number) for number in numbers.tolist()]
    assert mine == numbers.bfloat16().tolist()


def test_reference_of_joint_statistics_is_right_for_real_parts():
    parts = torch.randn(4, 6, generator=torch.Generator().manual_seed(0)).double()
    means, variances = parts.mean(1).tolist(), parts.var(1, correction=0).tolist()
    mean, variance = EXERCISES["8.3"].reference(means, variances)
    assert mean == pytest.approx(float(parts.mean()))
    assert variance == pytest.approx(float(parts.var(correction=0)))


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("8.1", lambda strokes, count: count / len(strokes)),  # strokes, not length
        ("8.1", lambda strokes, count: 1.0),
        ("8.2", lambda number: number),
        ("8.2", lambda number: round(number * 128) / 128),  # fixed steps
        (
            "8.2",  # cut off, not rounded
            lambda number: float(
                (torch.tensor(number).view(torch.int32) & -65536).view(torch.float32)
            ),
        ),
        ("8.3", lambda means, variances: [np.mean(means), np.mean(variances)]),
        ("8.3", lambda means, variances: [np.mean(means), sum(variances)]),
    ],
)
def test_likely_mistakes_are_found(name, mistake, capsys):
    check_exercise(name, mistake)
    assert capsys.readouterr().out.startswith(f"{name}: for input ")
