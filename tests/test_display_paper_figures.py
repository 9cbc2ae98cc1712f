"""The figures of the papers: what is drawn, and what is refused."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from matplotlib.patches import Rectangle

from zssbir_lib import display
from zssbir_lib.display.names_on_plane import keep_apart

SIDE = "left"


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def texts(axes):
    return [text.get_text() for text in axes.texts]


# ---------------------------------------------------------------- class counts

GROUPS = {
    "seen": {"ant": (3, 4), "bee": (5, 9), "cat": (3, 4)},
    "unseen": {"dog": (2, 7)},
}
TOTALS = {
    "seen sketches": (100, True),
    "unseen sketches": (20, True),
    "seen photos": (2600, False),
    "unseen photos": (55, True),
}


def places(axes):
    """Return the marks of the axes: sketches, then photos, as lists of (x, y)."""
    photos, sketches = axes.collections  # sketches are smaller and lie on top
    assert photos.get_sizes()[0] > sketches.get_sizes()[0]
    return [mark.get_offsets().tolist() for mark in (sketches, photos)]


def test_classes_stand_by_their_images_then_by_name():
    figure = display.class_counts_plot(GROUPS, {}, "Few images")
    seen, unseen = figure.axes
    assert figure.get_suptitle() == "Few images"
    assert [one.get_text() for one in seen.get_xticklabels()] == ["bee", "ant", "cat"]
    assert places(seen) == [[[0, 5], [1, 3], [2, 3]], [[0, 9], [1, 4], [2, 4]]]
    assert places(unseen) == [[[0, 2]], [[0, 7]]]
    assert [one.get_title(SIDE) for one in (seen, unseen)] == ["3 seen", "1 unseen"]
    assert seen.get_ylim() == unseen.get_ylim()
    assert seen.get_ylim()[0] == 0


def test_marks_of_unseen_classes_are_open():
    seen, unseen = display.class_counts_plot(GROUPS, {}).axes
    colours = [to_rgba(display.PHOTO_COLOUR), to_rgba(display.SKETCH_COLOUR)]
    white = [to_rgba("white")] * 2
    for axes, expected in ((seen, colours), (unseen, white)):
        assert [tuple(one.get_facecolors()[0]) for one in axes.collections] == expected
        assert [tuple(one.get_edgecolors()[0]) for one in axes.collections] == colours
    assert unseen.collections[0].get_linewidths()[0] > 0


def test_more_classes_than_can_be_read_have_no_names():
    many = {"seen": {f"{i:03}": (1, 1) for i in range(81)}}
    assert len(display.class_counts_plot(many, {}).axes[0].get_xticks()) == 0
    many["seen"].popitem()
    assert len(display.class_counts_plot(many, {}).axes[0].get_xticks()) == 80


def test_totals_are_bars_of_seen_and_unseen_with_their_sum():
    axes = display.class_counts_plot(GROUPS, {"Public": TOTALS}).axes[-1]
    bars = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert bars == [(0, 100), (100, 20), (0, 2600), (2600, 55)]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, True] * 2
    assert texts(axes) == [
        "120 sketches, 20 of them unseen",
        "about 3,000 photos, 55 of them unseen",  # not counted: rounded
    ]


@pytest.mark.parametrize("groups", [{}, {"seen": {}}])
def test_no_classes(groups):
    with pytest.raises(ValueError, match="no classes to draw"):
        display.class_counts_plot(groups, {})


def test_a_missing_total_is_named():
    part = {name: one for name, one in TOTALS.items() if name != "unseen photos"}
    with pytest.raises(ValueError, match="Public has no number of unseen photos"):
        display.class_counts_plot(GROUPS, {"Public": part})


# ---------------------------------------------------------------- t-SNE


def clusters(count=12, classes=3, seed=0):
    """Return far-apart groups of points, float (classes * count, 5), and labels."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), count)
    centres = 50 * np.eye(5)[:classes]
    return centres[labels] + generator.normal(size=(len(labels), 5)), labels


def test_tsne_keeps_neighbours_and_repeats():
    points, labels = clusters()
    plane = display.tsne_plane(torch.from_numpy(points), seed=4)
    assert plane.shape == (36, 2) and plane.dtype == np.float64
    np.testing.assert_array_equal(plane, display.tsne_plane(points, seed=4))
    distances = np.linalg.norm(plane[:, None] - plane, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).all()


def test_tsne_of_very_few_points_or_one_dimension():
    assert display.tsne_plane(np.eye(3)).shape == (3, 2)
    assert display.tsne_plane(np.arange(9.0)[:, None]).shape == (9, 2)


@pytest.mark.parametrize(
    "points", [np.zeros((2, 4)), np.zeros(5), np.full((4, 2), np.nan)]
)
def test_what_tsne_refuses(points):
    with pytest.raises(ValueError, match="expected finite numbers"):
        display.tsne_plane(points)


def panels(**changes):
    given = {
        "planes": {"one": np.zeros((4, 2)), "two": np.arange(8.0).reshape(4, 2)},
        "labels": [0, 0, 1, 1],
        "modality": [0, 1, 0, 1],
        "class_names": ["ant", "bee"],
    }
    return display.tsne_panels(**(given | changes))


def test_every_model_has_a_panel_with_the_same_images():
    figure = panels(title="Two models")
    assert figure.get_suptitle() == "Two models"
    assert [one.get_title(SIDE) for one in figure.axes] == ["one", "two"]
    drawn = [mark.get_offsets().tolist() for mark in figure.axes[1].collections]
    # photos of both classes, then sketches of both classes
    assert drawn == [[[2, 3]], [[6, 7]], [[0, 1]], [[4, 5]]]
    colours = [mark.get_facecolors()[0].tolist() for mark in figure.axes[1].collections]
    assert colours[0] == colours[2] != colours[1] == colours[3]


def test_sketches_are_hexagons_and_photos_crosses():
    marks = panels().axes[0].collections
    corners = [len(mark.get_paths()[0].vertices) for mark in marks]
    assert corners == [4, 4, 7, 7]  # two strokes; six corners and back
    (legend,) = panels().legends
    handles = dict(
        zip([t.get_text() for t in legend.texts], legend.legend_handles, strict=True)
    )
    assert handles["sketch"].get_marker() == "h"
    assert handles["photo"].get_marker() == "x"
    assert list(handles)[:2] == ["ant", "bee"]


def test_every_class_is_named_on_every_plane():
    for axes in panels().axes:
        assert texts(axes) == ["ant", "bee"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"planes": {}}, "nothing to draw"),
        ({"planes": {"one": np.zeros((3, 2))}}, r"'one' has shape \(3, 2\); expected"),
        ({"modality": [0, 1, 0]}, "modality has 3 entries, expected 4"),
        ({"modality": [0, 1, 0, 2]}, r"modality contains \[2\]"),
        ({"labels": [0, 0, 1, 2]}, "labels run from 0 to 2, but there are 2"),
        ({"class_names": list("abcdefgh")}, "8 classes, but 7 colours"),
    ],
)
def test_what_the_panels_refuse(changes, message):
    with pytest.raises(ValueError, match=message):
        panels(**changes)


def test_names_are_moved_up_until_none_is_hidden():
    names = np.array([[0.5, 0.5], [0.6, 0.51], [0.5, 0.52], [0.9, 0.5]])
    moved = keep_apart(names, width=0.3, height=0.1)
    np.testing.assert_allclose(moved, [[0.5, 0.5], [0.6, 0.6], [0.5, 0.7], [0.9, 0.5]])
    assert names[1, 1] == 0.51  # the argument is as it was


def test_names_that_are_apart_stay():
    names = np.array([[0.1, 0.9], [0.1, 0.1], [0.9, 0.1]])
    np.testing.assert_array_equal(keep_apart(names), names)


def test_no_two_names_overlap_wherever_they_start():
    names = np.random.default_rng(1).random((30, 2))
    moved = keep_apart(names, width=0.3, height=0.05)
    across, up = (np.abs(moved[:, None] - moved)[..., axis] for axis in (0, 1))
    hidden = (across < 0.3) & (up < 0.05 - 1e-9)
    assert hidden.sum() == len(names)  # each only by itself


# ---------------------------------------------------------------- protocols


def retrieved(**changes):
    given = {
        "pictures": torch.full((2, 3, 3, 8, 8), 200, dtype=torch.uint8),
        "correct": [[True, True, False], [False, True, True]],
        "names": [["ant", "ant", "bee"], ["cow", "dog", "dog"]],
        "seen": [[False, False, True], [False, False, False]],
        "scores": [0.913, 0.25],
    }
    return display.RetrievedPhotos(**(given | changes))


QUERIES = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)


def test_galleries_of_a_query_stand_below_each_other():
    galleries = {"few": retrieved(), "many": retrieved(scores=[0.5, 0.1])}
    figure = display.protocol_panels(QUERIES, ["ant", "dog"], galleries, "Title")
    assert len(figure.axes) == 2 * 2 * 4
    first = figure.axes[::4]
    assert [axes.get_ylabel() for axes in first] == ["few", "many"] * 2
    labels = [axes.get_xlabel() for axes in first]
    assert labels == ["ant\nAP 0.91", "ant\nAP 0.50", "dog\nAP 0.25", "dog\nAP 0.10"]


def test_right_wrong_and_seen_are_marked():
    figure = display.protocol_panels(QUERIES, ["ant", "dog"], {"few": retrieved()})
    tick, cross = display.CORRECT_MARK, display.WRONG_MARK
    marks = [texts(axes) for axes in figure.axes]
    assert marks[:4] == [[], [tick], [tick], [cross, "seen"]]
    assert marks[4:] == [[], [cross], [tick], [tick]]


@pytest.mark.parametrize(
    ("galleries", "message"),
    [
        ({}, "no gallery to draw"),
        ({"few": retrieved(scores=[0.5])}, "scores has 1 entries, expected 2"),
        ({"few": retrieved(seen=[[True], [True]])}, r"seen has shape \(2, 1\)"),
        ({"few": retrieved(names=[["ant"] * 3])}, "names has 1 entries"),
    ],
)
def test_what_protocol_panels_refuse(galleries, message):
    with pytest.raises(ValueError, match=message):
        display.protocol_panels(QUERIES, ["ant", "dog"], galleries)


def test_a_query_without_name():
    with pytest.raises(ValueError, match="query_names has 1 entries, expected 2"):
        display.protocol_panels(QUERIES, ["ant"], {"few": retrieved()})


# ---------------------------------------------------------------- look-alikes

CONFUSION = np.array([[0.5, 0.1, 0.4], [0.0, 0.9, 0.1], [0.2, 0.1, 0.7]])
GREY = torch.full((2, 3, 8, 8), 99, dtype=torch.uint8)


def lookalikes(**changes):
    given = {
        "confusions": {"old": CONFUSION, "new": CONFUSION / 2},
        "class_names": ["ant", "bee", "cow"],
        "pair": (0, 2),
        "examples": {"ant": (GREY, GREY[:1]), "cow": (GREY, GREY[:1])},
        "shares": {"old": [0.2, 0.3, 0.4], "new": [0.1]},
        "title": "Ants and cows",
    }
    return display.lookalike_figure(**(given | changes))


def test_matrices_share_a_scale_and_leave_the_diagonal_out():
    old, new = lookalikes().axes[:2]
    assert (old.get_title(SIDE), new.get_title(SIDE)) == ("old", "new")
    for axes, factor in ((old, 1), (new, 0.5)):
        (image,) = axes.images
        drawn = np.ma.filled(image.get_array(), np.nan)
        assert np.isnan(np.diag(drawn)).all()
        assert drawn[0, 2] == 0.4 * factor
        assert image.get_clim() == (0, 0.4)


def test_the_pair_is_framed_in_both_directions():
    for axes in lookalikes().axes[:2]:
        frames = [one for one in axes.patches if isinstance(one, Rectangle)]
        middles = [(one.get_x() + 0.5, one.get_y() + 0.5) for one in frames]
        assert middles == [(2, 0), (0, 2)]  # x is the column


def test_examples_stand_in_a_row_a_class():
    figure = lookalikes()
    named = [axes.get_ylabel() for axes in figure.axes if axes.images]
    assert named.count("ant") == named.count("cow") == 1
    pictures = [axes for axes in figure.axes if axes.images][2:]
    assert len(pictures) == 6
    titles = [axes.get_title("center") or axes.get_title(SIDE) for axes in pictures]
    assert [title for title in titles if title] == ["sketches", "photos"]


def test_every_run_is_a_ring_and_a_single_one_has_no_interval():
    axes = lookalikes().axes[-1]
    rings = [one for one in axes.collections if isinstance(one, PathCollection)]
    old, new = (one.get_offsets() for one in rings)
    np.testing.assert_allclose(old[:, 0], [20, 30, 40])
    np.testing.assert_allclose(new[:, 0], [10])
    means = [box.lines[0].get_xdata()[0] for box in axes.containers]
    np.testing.assert_allclose(means, [30, 10])
    assert [bool(box.has_xerr) for box in axes.containers] == [True, False]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"confusions": {}}, "give both for each model"),
        ({"shares": {"old": [0.1]}}, "give both for each model"),
        ({"class_names": ["ant", "cow"]}, r"has shape \(3, 3\); expected \(2, 2\)"),
        ({"pair": (1, 1)}, r"pair is \(1, 1\): expected two classes"),
        ({"pair": (0, 3)}, r"pair is \(0, 3\)"),
        ({"pair": (0, 1)}, r"examples are of \['ant', 'cow'\]; expected"),
        (
            {"examples": {"ant": (GREY, GREY), "cow": (GREY, GREY[:1])}},
            "photos of 'cow' has 1 entries, expected 2",
        ),
    ],
)
def test_what_lookalikes_refuse(changes, message):
    with pytest.raises(ValueError, match=message):
        lookalikes(**changes)
