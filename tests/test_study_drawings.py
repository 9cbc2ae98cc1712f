"""What the figures of the paper draw: legible, in the right places, or refused."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from drawn_figures import (
    CLASSES,
    CLUSTERS,
    LABELS,
    MODALITY,
    TITLE,
    chance,
    check_drawn,
    images,
    offsets,
    texts,
)
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgba
from paper_figures.data_figure import class_counts_plot
from paper_figures.lookalike_figure import lookalike_figure
from paper_figures.topk_figure import RetrievedPhotos, protocol_panels
from paper_figures.tsne_figure import keep_apart, tsne_panels, tsne_plane

from zssbir_lib import display

close = np.testing.assert_allclose


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def retrieved():
    """Return made-up photos of two queries."""
    right, seen = chance.random((2, 2, 5)) > 0.5
    names = [["ant"] * 5, ["dog"] * 5]
    return RetrievedPhotos(images(2, 5), right, names, seen, [0.91, 0.5])


def lookalikes():
    """Draw two classes that are confused."""
    shown = {name: (images(2), images(2)) for name in ("mug", "hat")}
    confusion = chance.random((4, 4))
    shares = {"old": [0.2, 0.3, 0.4], "new": [0.1]}
    models = {"old": confusion, "new": confusion / 2}
    return lookalike_figure(models, CLASSES, (0, 3), shown, shares, TITLE)


TOTALS = {
    "seen sketches": (100, True),
    "unseen sketches": (20, True),
    "seen photos": (2600, False),
    "unseen photos": (55, True),
}
COUNTS = {
    "seen": {f"class {i}": (i + 3, 2 * i) for i in range(12)},
    "unseen": {f"other {i}": (i, 9) for i in range(1, 8)},
}
FIGURES = {  # name of the function -> draw it
    "protocol_panels": lambda: protocol_panels(
        images(2), ["ant", "dog"], {"few": retrieved(), "many": retrieved()}, TITLE
    ),
    "tsne_panels": lambda: tsne_panels(
        {"one": CLUSTERS, "two": CLUSTERS}, LABELS, MODALITY, CLASSES, TITLE
    ),
    "class_counts_plot": lambda: class_counts_plot(COUNTS, {"P": TOTALS}, TITLE),
    "lookalike_figure": lookalikes,
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_drawn_titled_explained_and_saved(name, tmp_path, recwarn):
    check_drawn(FIGURES[name](), name, tmp_path)
    assert not [str(warning.message) for warning in recwarn]  # glyphs, empty legends


def test_galleries_of_a_query_stand_below_each_other_with_seen_photos_marked():
    photos = dict(
        pictures=torch.zeros(2, 3, 3, 8, 8, dtype=torch.uint8),
        correct=[[True, True, False], [False, True, True]],
        names=[["ant", "ant", "bee"], ["cow", "dog", "dog"]],
        seen=[[False, False, True], [False, False, False]],
    )
    scores = {"few": [0.913, 0.25], "many": [0.5, 0.1]}
    galleries = {
        name: RetrievedPhotos(**photos, scores=values)
        for name, values in scores.items()
    }
    queries = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    axes = protocol_panels(queries, ["ant", "dog"], galleries).axes
    assert len(axes) == 2 * 2 * 4
    assert [one.get_ylabel() for one in axes[::4]] == ["few", "many"] * 2
    labels = [one.get_xlabel() for one in axes[::4]]
    assert labels == ["ant\nAP 0.91", "ant\nAP 0.50", "dog\nAP 0.25", "dog\nAP 0.10"]
    assert [texts(one) for one in axes[:4]] == [[], ["✓"], ["✓"], ["✗", "seen"]]


def test_tsne_keeps_neighbours_and_repeats():
    labels = np.repeat(np.arange(3), 12)
    noise = np.random.default_rng(0).normal(size=(36, 5))
    points = 50 * np.eye(5)[labels] + noise
    plane = tsne_plane(torch.from_numpy(points), seed=4)
    assert plane.shape == (36, 2) and plane.dtype == np.float64
    np.testing.assert_array_equal(plane, tsne_plane(points, seed=4))
    distances = np.linalg.norm(plane[:, None] - plane, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).all()
    assert tsne_plane(np.eye(3)).shape == (3, 2)
    assert tsne_plane(np.arange(9.0)[:, None]).shape == (9, 2)


def test_every_model_has_a_panel_with_the_same_images():
    planes = {"one": np.zeros((4, 2)), "two": np.arange(8.0).reshape(4, 2)}
    fig = tsne_panels(planes, [0, 0, 1, 1], [0, 1, 0, 1], ["ant", "bee"])
    axes = fig.axes[1]
    assert offsets(axes) == [[[2, 3]], [[6, 7]], [[0, 1]], [[4, 5]]]  # photos first
    marks = axes.collections
    colours = [mark.get_facecolors()[0].tolist() for mark in marks]
    assert colours[0] == colours[2] != colours[1] == colours[3]
    corners = [len(mark.get_paths()[0].vertices) for mark in marks]
    assert corners == [4, 4, 7, 7]  # two strokes; six corners and back
    assert texts(axes) == ["ant", "bee"]


def test_names_are_moved_up_until_none_is_hidden():
    places = np.array([[0.5, 0.5], [0.6, 0.51], [0.5, 0.52], [0.9, 0.5]])
    moved = keep_apart(places, width=0.3, height=0.1)
    close(moved, [[0.5, 0.5], [0.6, 0.6], [0.5, 0.7], [0.9, 0.5]])
    assert places[1, 1] == 0.51  # the argument is as it was
    moved = keep_apart(np.random.default_rng(1).random((30, 2)), 0.3, 0.05)
    across, up = (np.abs(moved[:, None] - moved)[..., axis] for axis in (0, 1))
    hidden = (across < 0.3) & (up < 0.05 - 1e-9)
    assert hidden.sum() == len(moved)  # each only by itself


def test_classes_stand_by_their_images_then_by_name_with_unseen_ones_open():
    seen = {"ant": (3, 4), "bee": (5, 9), "cat": (3, 4)}
    groups = {"seen": seen, "unseen": {"dog": (2, 7)}}
    left, right, _ = class_counts_plot(groups, {"Public": TOTALS}).axes
    assert [one.get_text() for one in left.get_xticklabels()] == ["bee", "ant", "cat"]
    assert offsets(left) == [[[0, 9], [1, 4], [2, 4]], [[0, 5], [1, 3], [2, 3]]]
    assert offsets(right) == [[[0, 7]], [[0, 2]]]
    colours = [to_rgba(display.PHOTO_COLOUR), to_rgba(display.SKETCH_COLOUR)]
    for axes, faces in ((left, colours), (right, [to_rgba("white")] * 2)):
        assert [tuple(one.get_facecolors()[0]) for one in axes.collections] == faces
        assert [tuple(one.get_edgecolors()[0]) for one in axes.collections] == colours
    many = {"seen": {f"{i:03}": (1, 1) for i in range(81)}}  # too many to name
    assert not len(class_counts_plot(many, {"P": TOTALS}).axes[0].get_xticks())


def test_totals_are_bars_of_seen_and_unseen_with_their_sum():
    groups = {"seen": {"ant": (3, 4)}}
    axes = class_counts_plot(groups, {"Public": TOTALS}).axes[-1]
    places = [(bar.get_x(), bar.get_width()) for bar in axes.patches]
    assert places == [(0, 100), (100, 20), (0, 2600), (2600, 55)]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, True] * 2
    assert texts(axes) == [
        "120 sketches, 20 of them unseen",
        "about 3,000 photos, 55 of them unseen",  # not counted: rounded
    ]


def test_confusions_share_a_scale_with_the_pair_framed_and_every_run_a_ring():
    matrix = np.array([[0.5, 0.1, 0.4], [0.0, 0.9, 0.1], [0.2, 0.1, 0.7]])
    grey = torch.full((2, 3, 8, 8), 99, dtype=torch.uint8)
    fig = lookalike_figure(
        {"old": matrix, "new": matrix / 2},
        ["ant", "bee", "cow"],
        (0, 2),
        {"ant": (grey, grey[:1]), "cow": (grey, grey[:1])},
        {"old": [0.2, 0.3, 0.4], "new": [0.1]},
    )
    for axes, factor in zip(fig.axes[:2], (1, 0.5), strict=True):
        drawn = np.ma.filled(axes.images[0].get_array(), np.nan)
        assert np.isnan(np.diag(drawn)).all() and drawn[0, 2] == 0.4 * factor
        assert axes.images[0].get_clim() == (0, 0.4)
        frames = [(one.get_x() + 0.5, one.get_y() + 0.5) for one in axes.patches]
        assert frames == [(2, 0), (0, 2)]  # x is the column
    axes = fig.axes[-1]
    rings = [one for one in axes.collections if isinstance(one, PathCollection)]
    rings = [one.get_offsets()[:, 0] for one in rings]
    close(rings[0], [20, 30, 40])
    close(rings[1], [10])
    close([box.lines[0].get_xdata()[0] for box in axes.containers], [30, 10])
    assert [bool(box.has_xerr) for box in axes.containers] == [True, False]


IMAGES = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
RIGHT = np.ones((2, 3), bool)
POINTS = torch.zeros(3, 2)
RETRIEVED = dict(
    pictures=torch.zeros(2, 3, 3, 8, 8, dtype=torch.uint8),
    correct=RIGHT,
    names=[["ant"] * 3] * 2,
    seen=RIGHT,
    scores=[0.9, 0.2],
)
LOOKALIKES = dict(
    confusions={"old": np.eye(3)},
    class_names=["ant", "bee", "cow"],
    pair=(0, 2),
    examples={"ant": (IMAGES, IMAGES), "cow": (IMAGES, IMAGES)},
    shares={"old": [0.2, 0.3]},
)


def galleries(**changes):
    return {"few": RetrievedPhotos(**(RETRIEVED | changes))}


REFUSED = [
    (protocol_panels, (IMAGES, "ab", {}), "no gallery to draw"),
    (protocol_panels, (IMAGES, "a", galleries()), "query_names has 1 entries"),
    (protocol_panels, (IMAGES, "ab", galleries(scores=[1])), "scores has 1"),
    (
        protocol_panels,
        (IMAGES, "ab", galleries(seen=[[True], [True]])),
        r"seen has shape \(2, 1\)",
    ),
    (tsne_plane, (np.zeros((2, 4)),), "expected finite numbers"),
    (tsne_plane, (np.full((4, 2), np.nan),), "expected finite numbers"),
    (tsne_panels, ({}, [0], [0], "a"), "nothing to draw"),
    (tsne_panels, ({"one": POINTS}, [0, 0], [0, 0], "a"), r"expected \(2, 2\)"),
    (tsne_panels, ({"one": POINTS}, [0, 0, 0], [0], "a"), "modality has 1"),
    (tsne_panels, ({"one": POINTS}, [0], [0], "abcdefgh"), "8 classes, but 7"),
    (class_counts_plot, ({"seen": {}}, {}), "no classes to draw"),
    (class_counts_plot, ({"a": {"b": (1, 2)}}, {"P": {}}), "P has no number"),
]
CHANGED = [
    ({"shares": {}}, "give both for each model"),
    ({"class_names": "ab"}, r"expected \(2, 2\)"),
    ({"pair": (1, 1)}, "expected two classes"),
    ({"pair": (0, 1)}, "examples are of .'ant'"),
    (
        {"examples": {"ant": (IMAGES, IMAGES), "cow": (IMAGES, IMAGES[:1])}},
        "photos of 'cow' has 1 entries, expected 2",
    ),
]


@pytest.mark.parametrize(("draw", "arguments", "message"), REFUSED)
def test_what_cannot_be_drawn_is_refused(draw, arguments, message):
    with pytest.raises(ValueError, match=message):
        draw(*arguments)


@pytest.mark.parametrize(("change", "message"), CHANGED)
def test_lookalikes_with_one_wrong_argument_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        lookalike_figure(**(LOOKALIKES | change))
