"""Figures and exercises of notebook 07: conventions, seeds, codes."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from zssbir_lib import display, evaluation
from zssbir_lib.display.convention_curves import LOOKS
from zssbir_lib.exercises import EXERCISES
from zssbir_lib.lessons import agrees, check_exercise

CURVES = {"/min": [0.5, 0.4, 0.6], "/k": [0.5, 0.4, 0.2]}
KS = (50, 100, 200)
POINTS = torch.tensor([[0.5, 2.0], [-1.0, 0.5], [-0.2, -0.2]])


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def curves_of(axes):
    """Return the points of every labelled line of a panel."""
    lines = (line for line in axes.lines if not line.get_label().startswith("_"))
    return {line.get_label(): line.get_xydata().tolist() for line in lines}


def texts_of(axes):
    return [text.get_text() for text in axes.texts]


# --- one ranking, several conventions ------------------------------------------------


def test_a_curve_a_convention_against_the_cut_off():
    fig = display.convention_curves(CURVES, KS, 100, "mAP@K", "They differ")
    (axes,) = fig.axes
    assert axes.get_title(loc="left") == "They differ"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("cut-off K", "mAP@K")
    expected = {name: list(zip(KS, v, strict=True)) for name, v in CURVES.items()}
    assert curves_of(axes) == {n: [list(p) for p in v] for n, v in expected.items()}
    assert [text.get_text() for text in fig.legends[0].get_texts()] == list(CURVES)


def test_where_the_cut_off_is_the_number_of_relevant_photos():
    (axes,) = display.convention_curves(CURVES, KS, relevant=100).axes
    marked = [line for line in axes.lines if line.get_label().startswith("_")]
    assert [one.get_xdata() for one in marked] == [[100, 100]]
    assert texts_of(axes) == ["K = R = 100"]


def test_a_wide_curve_lies_behind_those_that_coincide_with_it():
    names = [f"/{n}" for n in range(len(LOOKS))]
    (axes,) = display.convention_curves(dict.fromkeys(names, [1, 1, 1]), KS, 9).axes
    by_width = sorted(axes.lines[:-1], key=lambda line: line.get_linewidth())
    widest, others = by_width[-1], by_width[:-1]
    assert all(widest.get_zorder() < one.get_zorder() for one in others)


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "0 conventions to draw: give 1 to 5 of them"),
        (dict.fromkeys("abcdef", [1, 1, 1]), "6 conventions to draw"),
        ({"/min": [0.5]}, "/min has 1 entries, expected 3"),
    ],
)
def test_conventions_that_cannot_be_drawn(curves, message):
    with pytest.raises(ValueError, match=message):
        display.convention_curves(curves, KS, 100)


# --- what seeds do -------------------------------------------------------------------


def test_equal_methods_at_the_left_different_ones_at_the_right():
    apart, seen = {"counted": [1.0, 0.5]}, {"1 point": [0.2, 0.9, 1.0]}
    fig = display.seed_noise_plot([0, 1], apart, [2, 3, 4], seen, "Seeds alone")
    left, right = fig.axes
    assert fig.get_suptitle() == "Seeds alone"
    assert curves_of(left) == {"counted": [[0, 1.0], [1, 0.5]]}
    assert curves_of(right) == {"1 point": [[2, 0.2], [3, 0.9], [4, 1.0]]}
    assert left.get_xlabel() == "apart by at least, points"
    assert right.get_xlabel() == "paired seeds"
    assert left.get_ylim() == right.get_ylim() == (0, 1)


def test_lines_of_a_panel_are_told_apart_by_more_than_colour():
    lines = dict.fromkeys("abc", [0.1, 0.2])
    fig = display.seed_noise_plot([0, 1], lines, [2, 3], lines)
    for axes in fig.axes:
        assert len({line.get_linestyle() for line in axes.lines}) == 3


@pytest.mark.parametrize(
    ("apart", "seen", "message"),
    [
        ({}, {"a": [1, 1]}, "0 lines in a panel: give 1 to 3"),
        ({"a": [1, 1]}, dict.fromkeys("abcd", [1, 1]), "4 lines in a panel"),
        ({"a": [1]}, {"a": [1, 1]}, "a has 1 entries, expected 2"),
        ({"a": [1, 1]}, {"b": [1, 1, 1]}, "b has 3 entries, expected 2"),
    ],
)
def test_lines_that_cannot_be_drawn(apart, seen, message):
    with pytest.raises(ValueError, match=message):
        display.seed_noise_plot([0, 1], apart, [2, 3], seen)


# --- points and their corners --------------------------------------------------------


def test_every_point_is_joined_to_the_corner_that_stands_for_it():
    fig = display.code_corners({"before": POINTS}, "Nearest corners")
    (axes,) = fig.axes
    assert (fig.get_suptitle(), axes.get_title(loc="left")) == (
        "Nearest corners",
        "before",
    )
    ways = axes.collections[0].get_segments()
    np.testing.assert_allclose([way[0] for way in ways], POINTS)
    np.testing.assert_allclose([way[1] for way in ways], [[1, 1], [-1, 1], [-1, -1]])
    squares = [np.square(way[1] - way[0]).sum() for way in ways]
    assert np.mean(squares) == pytest.approx(evaluation.quantisation_error(POINTS))
    assert sorted(texts_of(axes)) == ["00", "01", "10", "11"]


def test_a_code_stands_in_its_quadrant():
    (axes,) = display.code_corners({"before": POINTS}).axes
    for text in axes.texts:
        right, up = (place > 0.5 for place in text.get_position())
        assert text.get_text() == f"{right:d}{up:d}"


def test_all_stages_have_the_same_axes_and_hide_no_point():
    far = 3 * POINTS
    left, right = display.code_corners({"before": POINTS, "after": far}).axes
    assert left.get_xlim() == right.get_xlim() == left.get_ylim()
    assert left.get_xlim()[1] > float(far.abs().max())


def test_small_clouds_still_show_the_corners():
    (axes,) = display.code_corners({"before": POINTS / 10}).axes
    assert axes.get_xlim()[1] > 1


@pytest.mark.parametrize(
    ("stages", "message"),
    [
        ({}, "nothing to draw: give one stage or more"),
        ({"before": torch.zeros(4, 3)}, r"'before' has shape \(4, 3\): expected"),
        ({"before": torch.zeros(0, 2)}, r"'before' has shape \(0, 2\)"),
    ],
)
def test_stages_that_cannot_be_drawn(stages, message):
    with pytest.raises(ValueError, match=message):
        display.code_corners(stages)


# --- exercises -----------------------------------------------------------------------

CORNERS = torch.tensor([[1.0, 1], [-1, 1], [-1, -1], [1, -1]], dtype=torch.float64)
QUARTER = torch.tensor([[0.0, -1], [1, 0]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("name", "case", "answer"),
    [
        ("7.1", ([0b1010], [0b0011]), 2),
        ("7.1", ([255, 255], [0, 254]), 9),
        ("7.2", ([1, 1], [1, 0]), 1 / 2),
        ("7.2", ([2, 1, 2], [1, 1, 0]), (1 + 2 / 3) / 2),
        ("7.3", ([1, 1, 1],), 2 / 8),
        ("7.3", ([3, -1],), 1.0),  # 3 - 1 is 2, and every sum is 2 or 4
        ("7.4", (CORNERS @ QUARTER.T, CORNERS), QUARTER),
    ],
)
def test_references_by_hand(name, case, answer):
    assert agrees(EXERCISES[name].reference(*case), answer, tolerance=1e-9)


def test_references_agree_with_the_library():
    chance = torch.Generator().manual_seed(0)
    apart = torch.randint(4, (12,), generator=chance)
    relevant = torch.tensor([1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0])
    codes = torch.arange(4) < apart[:, None]  # (12, 4) so many bits set
    arguments = torch.zeros(1, 4, dtype=torch.bool), codes, torch.ones(1).long()
    found = evaluation.evaluate_retrieval(*arguments, relevant, distance="hamming")
    reference = EXERCISES["7.2"].reference(apart.tolist(), relevant.tolist())
    assert found["map@all"] == pytest.approx(reference)
    differences = [4, 3, -1, 2, 0, 5]
    exact = evaluation.sign_flip_test(differences)
    assert EXERCISES["7.3"].reference(differences) == pytest.approx(exact)


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("7.1", lambda a, b: sum(x != y for x, y in zip(a, b, strict=True))),
        (
            "7.1",
            lambda a, b: sum(x.bit_count() for x in a) - sum(map(int.bit_count, b)),
        ),
        ("7.2", lambda distances, relevant: sum(relevant) / len(relevant)),
        ("7.2", lambda distances, relevant: by_index(distances, relevant)),
        ("7.3", lambda differences: 2 / 2 ** len(differences)),
        ("7.3", lambda differences: evaluation.sign_flip_test(differences) / 2),
        ("7.4", lambda points, corners: transpose_missing(points, corners)),
        ("7.4", lambda points, corners: torch.eye(points.shape[1])),
    ],
)
def test_likely_mistakes_are_found(name, mistake, capsys):
    check_exercise(name, mistake)
    assert capsys.readouterr().out.startswith(f"{name}: for input ")


def by_index(distances, relevant):
    """Return average precision with ties in the order of the list."""
    order = sorted(range(len(distances)), key=distances.__getitem__)
    return evaluation.average_precision([relevant[i] for i in order])


def transpose_missing(points, corners):
    left, _, right = torch.linalg.svd(corners.T @ points)
    return right @ left.T
