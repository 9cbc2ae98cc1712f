"""What stands where in the figures: the numbers computed, and their marks."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from drawn_figures import DIFFERENCES, FIGURES, ROWS, compared, entry, offsets, texts
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from zssbir_lib import display
from zssbir_lib.display.arrays import as_picture
from zssbir_lib.evaluation import (
    Comparison,
    compare_methods,
    mean_interval,
    quantisation_error,
)

close = np.testing.assert_allclose


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def names(axes):
    """Return the names of the rows; the first has to stand on top."""
    bottom, top = axes.get_ylim()
    assert bottom > top
    return [label.get_text() for label in axes.get_yticklabels()]


def bars(axes, across=0):
    """Return by label the places of means, (N, 2), and the ends of intervals."""
    found = {}
    for drawn in axes.containers:
        line, _, (segments,) = drawn.lines
        ends = [sorted(one[:, across]) for one in segments.get_segments()]
        found[drawn.get_label()] = (line.get_xydata(), ends)
    return found


# --- panels --------------------------------------------------------------------------


def test_pictures_have_channels_last_and_greys_as_they_are():
    image = torch.arange(3 * 4 * 5, dtype=torch.uint8).reshape(3, 4, 5)
    np.testing.assert_array_equal(as_picture(image), image.permute(1, 2, 0))
    assert as_picture(np.zeros((1, 4, 5))).shape == (4, 5)
    for ink, white in ((np.uint8(51), 255), (np.float32(0.2), 1)):
        grey = np.full((4, 4), ink)
        drawn = (display.image_grid([grey]), display.drawing_stages({"": [grey]}, [1]))
        for (picture,) in (fig.axes[0].images for fig in drawn):
            assert picture.get_clim() == (0, white)
            shown = picture.cmap(picture.norm(grey))
            close(shown[..., :3], 0.2, atol=0.01)


def test_a_grid_keeps_the_order_and_hides_the_rest():
    images = torch.arange(5, dtype=torch.uint8)[:, None, None].expand(5, 4, 4)
    axes = display.image_grid(images, list("abcde"), columns=3).axes
    assert [one.get_title() for one in axes] == [*"abcde", ""]
    assert [one.get_visible() for one in axes] == [True] * 5 + [False]
    assert [int(one.images[0].get_array()[0, 0]) for one in axes[:5]] == [0, 1, 2, 3, 4]


def test_right_and_wrong_photos_differ_in_frame_and_in_mark():
    axes = FIGURES["retrieval_panel"](display).axes
    frames = [to_hex(one.spines["left"].get_edgecolor()).upper() for one in axes]
    right, wrong = display.CORRECT_COLOUR, display.WRONG_COLOUR
    assert frames[:4] == [display.SKETCH_COLOUR, right, wrong, right]
    assert frames[4:] == [display.SKETCH_COLOUR, wrong, wrong, right]
    assert [texts(one) for one in axes[:4]] == [[], ["✓"], ["✗"], ["✓"]]
    assert [one.get_title() for one in axes[:4]] == ["sketch", "1", "2", "3"]
    assert axes[7].get_xlabel() == "hot air\nballoon"


# --- curves --------------------------------------------------------------------------


def test_loss_of_all_epochs_and_score_of_those_that_were_validated():
    history = [
        {"loss": 0.2, "validation": None},
        {"loss": 0.1, "validation": 0.3},
        {"loss": 0.05, "validation": 0.25},
    ]
    left, right = display.training_curves(history).axes
    close(left.lines[0].get_xydata(), [[1, 0.2], [2, 0.1], [3, 0.05]])
    close(right.lines[0].get_xydata(), [[2, 0.3], [3, 0.25]])
    assert texts(right) == ["best: 0.300"] and right.texts[0].xy == (2, 0.3)
    assert len(display.training_curves([{"loss": 1.0}]).axes) == 1


def test_what_was_mined_is_drawn_as_running_means():
    kinds = ("within", "hybrid", "cross")
    words = ("active", "weight", "positive", "negative")
    records = [
        {f"{k}/{w}": float(step) for k in kinds for w in words} for step in range(17)
    ]
    for axes, count in zip(display.mining_curves(records).axes, (3, 3, 4), strict=True):
        assert len({line.get_linestyle() for line in axes.lines}) == count
        for line in axes.lines:  # the last step that is averaged, and the mean
            close(line.get_xydata(), [[15, 7], [16, 8], [17, 9]])


def test_scores_of_conventions_and_where_the_cut_off_is_r():
    curves = {f"/{n}": [0.1 * n, 0.2, 0.3] for n in range(5)}
    (axes,) = display.convention_curves(curves, (50, 100, 200), relevant=100).axes
    *lines, marked = axes.lines
    for line, values in zip(lines, curves.values(), strict=True):
        close(line.get_xydata().T, [(50, 100, 200), values])
    assert marked.get_xdata() == [100, 100] and texts(axes) == ["K = R = 100"]
    *others, widest = sorted(lines, key=lambda line: line.get_linewidth())
    assert all(widest.get_zorder() < one.get_zorder() for one in others)


def test_equal_methods_at_the_left_different_ones_at_the_right():
    seen = {"1 point": [0.2, 0.9, 1.0]}
    fig = display.seed_noise_plot([0, 1], {"counted": [1.0, 0.5]}, [2, 3, 4], seen)
    left, right = fig.axes
    close(left.lines[0].get_xydata(), [[0, 1.0], [1, 0.5]])
    close(right.lines[0].get_xydata(), [[2, 0.2], [3, 0.9], [4, 1.0]])


def test_scores_by_share_drawn_with_students_interval():
    half = 4.302653 * 0.1 / 3**0.5  # of three seeds that are 0.1 apart
    scores = {1.0: [0.4, 0.5, 0.6], 0.5: [0.2, 0.2, 0.2], 0.75: [0.3]}
    (axes,) = display.abstraction_plot({"world": {"MATHM": scores}}).axes
    places, ends = bars(axes, across=1)["MATHM"]
    close(places, [[0.5, 0.2], [0.75, 0.3], [1.0, 0.5]])
    close(ends, [[0.2, 0.2], [0.3, 0.3], [0.5 - half, 0.5 + half]], atol=1e-6)
    methods = dict.fromkeys("abcd", scores)
    found = bars(display.abstraction_plot({"world": methods}).axes[0]).values()
    starts = [places[0, 0] for places, _ in found]
    assert starts == sorted(set(starts)) and np.mean(starts) == pytest.approx(0.5)


# --- intervals -----------------------------------------------------------------------


def test_results_are_dots_with_bars_and_numbers():
    values = (torch.tensor([0.07, 0.47]), [0.05, 0.45], np.array([0.09, 0.50]))
    (axes,) = display.interval_plot(["random", "triplet"], *values).axes
    ((places, ends),) = bars(axes).values()
    close(places, [[0.07, 0], [0.47, 1]])
    close(ends, [[0.05, 0.09], [0.45, 0.50]], atol=1e-6)
    assert texts(axes) == ["0.070", "0.470"] and names(axes) == ["random", "triplet"]


def test_one_panel_a_profile_one_height_a_row_one_mark_a_split():
    fig = display.ablation_plot(ROWS)
    assert names(fig.axes[0]) == ["triplet", "all-three"]
    for axes, first in zip(fig.axes, (0.3, 0.5), strict=True):
        (one, one_ends), (two, two_ends) = bars(axes).values()
        close(one[:, 0], [first, first + 0.05])
        close(two[:, 0], [first + 0.1, first + 0.15])
        close(one_ends, [[x - 0.02, x + 0.03] for x in one[:, 0]])
        close(two_ends, [[x - 0.02, x + 0.03] for x in two[:, 0]])
        close((one[:, 1] + two[:, 1]) / 2, [0, 1])  # around the tick of their row
        assert (two[:, 1] - one[:, 1] > 0.2).all()


def test_rows_without_an_interval_and_splits_without_a_profile():
    rows = [entry("a:quick", low=None, high=None), entry("b:quick", mean=0.6)]
    places, ends = bars(display.ablation_plot(rows).axes[0])["one"]
    close(places, [[0.5, 0], [0.6, 1]])
    close(ends, [[0.5, 0.5], [0.4, 0.6]])
    rows = [row for row in ROWS if (row["row"][-5:], row["split"]) != ("quick", "one")]
    found = [bars(axes) for axes in display.ablation_plot(rows).axes]
    assert [len(panel["one"][0]) for panel in found] == [0, 2]


def test_variants_of_a_row_and_lines_to_beat():
    runs = {
        "a": {"one": [0.5, 0.6], "two": [0.7, 0.8]},
        "+a": {"one": [0.55, 0.65], "two": [0.75, 0.85]},
        "b": {"one": [0.1, 0.2]},
        "+b": {"one": [0.2]},
    }
    variants, lines = {"with more": "+", "alone": ""}, {"the best": "+a"}
    (axes,) = display.row_intervals({"": runs}, ["a", "b"], variants, lines).axes
    assert names(axes) == ["a", "b"]
    (more, more_ends), (alone, ends) = (bars(axes)[name] for name in variants)
    close(alone[:, 0], [0.55, 0.75, 0.15])
    assert np.round(alone[:, 1]).tolist() == [0, 0, 1]
    assert (more[:2, 1] < alone[:2, 1]).all()
    close(ends[0], mean_interval([0.5, 0.6])[1:])
    close(more_ends[2], [0.2, 0.2])  # a single run has no interval
    (line,) = [one for one in axes.lines if one.get_label() == "the best"]
    close(line.get_xdata(), 0.7)


def row_of(axes, height):
    """Return the joint line, the own line and the mark of a row, as drawn."""
    rows = [line for line in axes.lines if line.get_linestyle() != "--"]  # not zero
    rows = [line for line in rows if set(line.get_ydata()) == {height}]
    return sorted(rows, key=lambda line: (len(line.get_xdata()) == 1, line.get_lw()))


def test_differences_in_points_with_both_intervals_and_their_certainty():
    rows = [*DIFFERENCES, compared("ramln", -0.005, 0.62)]
    (axes,) = display.difference_plot(rows).axes
    for height, one in enumerate(rows):
        joint, own, mark = row_of(axes, height)
        close(joint.get_xdata(), [100 * end for end in one.joint_interval[1:]])
        close(own.get_xdata(), one.points[1:])
        close(mark.get_xdata(), one.points[0])
        assert own.get_linewidth() > 2 * joint.get_linewidth()
        assert mark.get_marker() == ("D" if height < 2 else "o")
    assert texts(axes) == ["p = 0.011", "p < 0.001", "p = 0.620"]
    assert names(axes) == ["sbtknet", "mathm", "ramln"]
    assert axes.get_xlabel() == "difference in mAP@all to triplet, points"


def test_several_baselines_stand_in_their_rows_and_one_run_has_no_interval():
    bare = Comparison("one run", "mathm", *[(0.01, None, None)] * 2, None, None)
    fig = display.difference_plot([*DIFFERENCES[:1], bare])
    (axes,) = fig.axes
    minus = "\N{MINUS SIGN}"
    assert names(axes) == [f"sbtknet {minus} triplet", f"one run {minus} mathm"]
    (mark,) = row_of(axes, 1)
    assert list(mark.get_xdata()) == [1] and texts(axes)[1] == "no interval"
    legend = [text.get_text() for text in fig.legends[0].get_texts()]
    assert legend[2:] == ["95 % each", "95 % together"]
    rows = [DIFFERENCES[0], compared("b", confidence=0.9)]
    with pytest.raises(ValueError, match=r"have confidences \[0.9, 0.95\]: draw one"):
        display.difference_plot(rows)


def test_what_the_comparison_returns_is_nested_as_it_should_be():
    runs = np.random.default_rng(0).normal(0.5, 0.01, (3, 5, 1))
    family = dict(zip("abc", runs, strict=True))
    found = compare_methods(family, [("a", "b"), ("c", "b")], None, "seeds")
    (axes,) = display.difference_plot(found).axes
    for height in range(2):
        joint, own, mark = row_of(axes, height)
        left, right = joint.get_xdata()
        assert left < own.get_xdata()[0] < mark.get_xdata()[0] < right


# --- planes --------------------------------------------------------------------------

POINTS = torch.tensor([[0.0, 0.0], [0.8, 0.0], [0.1, 0.2]])
DOWN = torch.tensor([[0.0, 0.0], [0.0, -2.0], [0.5, 0.0]])  # the anchor stays


def test_arrows_lead_where_points_move_and_a_disc_lies_around_the_anchor():
    still, words = torch.zeros(3, 2), ["anchor", "positive", "negative"]
    sides = ["left", "above", "right"]
    given = (POINTS, [0, 1, 0], words, [still, DOWN], sides, 0.9, ["one", "two"])
    fig = display.point_planes(*given)
    for axes, moved in zip(fig.axes, ([], [1, 2]), strict=True):
        arrows = [one for one in axes.texts if one.arrow_patch]
        ends = [one.xy for one in arrows]
        close(np.reshape(ends, (-1, 2)), (POINTS + DOWN)[moved])
        close(offsets(axes)[0], POINTS[[0, 2]])
        shifts = [one.xyann for one in axes.texts if one.get_text()]
        assert [tuple(np.sign(one)) for one in shifts] == [(-1, 0), (0, 1), (1, 0)]
        (disc,) = [patch for patch in axes.patches if isinstance(patch, Circle)]
        assert (*disc.center, disc.radius) == (0.0, 0.0, 0.9)
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        assert left < -0.9 and right > 0.9 and bottom < -2.0 and top > 0.9


def test_lines_lead_from_the_anchor_and_its_class_is_filled():
    points = torch.tensor([[0.0, 0], [0.4, 0.1], [1, 0.5], [1.2, -0.3], [0.2, -0.8]])
    kinds = {"within": (-1, 4), "cross": (2, 1)}
    fig = display.triplet_kinds(points, [0, 0, 0, 1, 1], [0, 0, 1, 1, 0], 3, kinds)
    for axes, ends in zip(fig.axes, kinds.values(), strict=True):
        for line, dash, end in zip(axes.lines, ("-", "--"), ends, strict=True):
            assert line.get_linestyle() == dash
            close(line.get_xydata(), points[[3, end]] if end >= 0 else np.zeros((0, 2)))
        *groups, ring = axes.collections
        counts = {one.get_label(): len(one.get_offsets()) for one in groups}
        assert list(counts.values()) == [1, 2, 1, 1]  # the anchor is a photo of class 1
        assert list(counts)[2:] == ["photo, its class", "photo, another"]
        faces = [to_hex(one.get_facecolor()[0]).upper() for one in groups[2:]]
        assert faces == [display.PHOTO_COLOUR, "#FFFFFF"]
        close(ring.get_offsets(), points[3:4])
    assert len(fig.legends[0].get_texts()) == 6


def test_every_point_is_joined_to_the_corner_that_stands_for_it():
    points = torch.tensor([[0.5, 2.0], [-1.0, 0.5], [-0.2, -0.2]])
    stages = {"before": points, "after": 3 * points}
    left, right = display.code_corners(stages).axes
    ways = np.array(left.collections[0].get_segments())
    close(ways[:, 0], points)
    close(ways[:, 1], [[1, 1], [-1, 1], [-1, -1]])
    error = np.square(ways[:, 1] - ways[:, 0]).sum(axis=1).mean()
    assert error == pytest.approx(quantisation_error(points))
    for text in left.texts:  # a code stands in its quadrant
        across, up = (place > 0.5 for place in text.get_position())
        assert text.get_text() == f"{across:d}{up:d}"
    assert left.get_xlim() == right.get_xlim() == left.get_ylim()
    assert left.get_xlim()[1] > 6.0
    assert display.code_corners({"": points / 10}).axes[0].get_xlim()[1] > 1


# --- maps ----------------------------------------------------------------------------


def test_the_principal_plane_keeps_distances_and_is_never_mirrored():
    generator = torch.Generator().manual_seed(1)
    flat = torch.randn(20, 2, generator=generator, dtype=torch.float64) * 3
    turn, _ = torch.linalg.qr(torch.randn(5, 5, generator=generator).double())
    embeddings = flat @ turn[:2] + 7
    plane = torch.from_numpy(display.principal_plane(embeddings))
    torch.testing.assert_close(torch.cdist(plane, plane), torch.cdist(flat, flat))
    torch.testing.assert_close(plane.mean(dim=0), torch.zeros(2).double())
    assert plane.var(dim=0)[0] > plane.var(dim=0)[1]
    close(display.principal_plane(embeddings.flip(0)), plane.flip(0), atol=1e-9)


def test_a_class_is_named_where_its_photos_lie():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0], [5.0, 5.0]])
    fig = display.embedding_map(points, [0, 0, 0, 1], [0, 1, 1, 0], ["mug", "cat"])
    (axes,) = fig.axes
    assert offsets(axes) == [[[0, 0]], [[1, 0], [1, 2]], [[5, 5]]]
    corners = [len(mark.get_paths()[0].vertices) for mark in axes.collections]
    assert corners[0] == corners[2] == 4 < corners[1]  # triangles are closed: 4 points
    named = {text.get_text(): tuple(text.xy) for text in axes.texts}
    assert named == {"mug": (1.0, 1.0), "cat": (5.0, 5.0)}


# --- margins and memory --------------------------------------------------------------


@pytest.mark.parametrize("every", [1, 3])
def test_images_by_their_margin_and_a_mark_for_each_class(every):
    left, right, _ = display.margin_map(
        torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [2.0, 2.0]]),
        np.array([0.1, 0.3, 0.5, 0.7]),
        np.array([0.8, 0.6, 0.2, 0.4]),
        torch.tensor([0, 0, 2, 2]),
        torch.tensor([0, 1, 0, 1]),
        ("cat", "cup", "sun"),
        named=("sun",),
        every=every,
    ).axes
    sketches, photos = left.collections
    if every == 1:
        assert offsets(left) == [[[0, 0], [0, 2]], [[1, 0], [2, 2]]]
        close(photos.get_array(), [0.3, 0.7])
    else:
        assert offsets(left) == [[[0, 0]], [[2, 2]]]
    assert sketches.get_clim() == photos.get_clim()
    close(offsets(right), [[[0.7, 0.2], [0.3, 0.6]]])  # of all images
    assert right.get_title(loc="left").endswith("-1.00")
    assert left.texts[0].xy == pytest.approx((1.0, 2.0))
    assert right.texts[0].xy == pytest.approx((0.3, 0.6))


def test_full_slots_are_piled_up_and_fade_on_one_scale():
    labels, ages = torch.tensor([0, -1, 0, 2, 0]), torch.tensor([0, 0, 5, 10, 2])
    modality = torch.tensor([0, -1, 1, 1, 0])
    empty = (torch.full((4,), -1), torch.full((4,), -1), torch.zeros(4))
    memories = {
        "now": (labels, modality, ages),
        "late": (labels, modality, 2 * ages),
        "start": empty,
    }
    now, late, start = display.memory_panels(memories, 3).axes
    titles = [axes.get_title(loc="left") for axes in (now, start)]
    assert titles == ["now: 4 of 5 slots", "start: 0 of 4 slots"]
    assert offsets(now) == [[[0, 1], [0, 2]], [[0, -1], [2, -1]]] and not offsets(start)
    expected = {now: [1, 0.915, 0.7875, 0.575], late: [1, 0.83, 0.575, 0.15]}
    for axes, shades in expected.items():
        close([one for marks in axes.collections for one in marks.get_alpha()], shades)
