"""Points in the plane: what is drawn, and what is refused."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from zssbir_lib import display

POINTS = torch.tensor([[0.0, 0.0], [0.8, 0.0], [0.1, 0.2]])
MODALITY = [0, 1, 0]
NAMES = ["anchor", "positive", "sketch negative"]
STILL = torch.zeros(3, 2)
DOWN = torch.tensor([[0.0, 0.0], [0.0, -2.0], [0.5, 0.0]])  # the anchor stays


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def arrows(axes):
    return [one for one in axes.texts if getattr(one, "arrow_patch", None) is not None]


def test_one_panel_a_loss_with_an_arrow_for_every_point_that_moves():
    fig = display.point_planes(
        POINTS,
        MODALITY,
        NAMES,
        [STILL, DOWN],
        panel_titles=["triplet", "quadruplet"],
        title="Only one of them moves",
    )
    assert [len(arrows(axes)) for axes in fig.axes] == [0, 2]
    ends = [arrow.xy for arrow in arrows(fig.axes[1])]
    torch.testing.assert_close(torch.tensor(ends), POINTS[1:] + DOWN[1:])
    titles = [axes.get_title(loc="left") for axes in fig.axes]
    assert titles == ["triplet", "quadruplet"]
    assert fig.get_suptitle() == "Only one of them moves"


def test_sketches_and_photos_have_their_marks_and_every_point_its_name():
    axes = display.point_planes(POINTS, MODALITY, NAMES, [STILL]).axes[0]
    sketches, photos = axes.collections
    assert (len(sketches.get_offsets()), len(photos.get_offsets())) == (2, 1)
    assert to_hex(sketches.get_facecolor()[0]).upper() == display.SKETCH_COLOUR
    assert to_hex(photos.get_facecolor()[0]).upper() == display.PHOTO_COLOUR
    assert [text.get_text() for text in axes.texts] == NAMES


@pytest.mark.parametrize(
    ("side", "axis", "sign"),
    [("left", 0, -1), ("right", 0, 1), ("above", 1, 1), ("below", 1, -1)],
)
def test_names_stand_on_the_side_asked_for(side, axis, sign):
    fig = display.point_planes(POINTS, MODALITY, NAMES, [STILL], sides=[side] * 3)
    for text in fig.axes[0].texts:
        offset = text.xyann
        assert sign * offset[axis] > 0 and offset[1 - axis] == 0


def test_the_disc_lies_around_the_anchor():
    axes = display.point_planes(POINTS, MODALITY, NAMES, [STILL], radius=1.5).axes[0]
    (disc,) = [patch for patch in axes.patches if isinstance(patch, Circle)]
    assert (*disc.center, disc.radius) == (0.0, 0.0, 1.5)


def test_panels_share_a_range_that_holds_points_arrows_and_disc():
    fig = display.point_planes(POINTS, MODALITY, NAMES, [STILL, DOWN], radius=0.9)
    for axes in fig.axes:
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        assert left < -0.9 and right > 0.9 and bottom < -2.0 and top > 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"points": torch.zeros(3)}, r"points have shape \(3,\); expected \(N, 2\)"),
        ({"points": torch.zeros(0, 2)}, r"shape \(0, 2\); expected \(N, 2\)"),
        ({"modality": [0, 1]}, "modality has 2 entries, expected 3"),
        ({"modality": [0, 1, 2]}, r"modality contains \[2\]; expected 0 or 1"),
        ({"names": ["anchor"]}, "names has 1 entries, expected 3"),
        ({"moves": []}, "moves is empty"),
        (
            {"moves": [STILL, STILL[:2]]},
            r"moves\[1\] has shape \(2, 2\), the points \(3, 2\)",
        ),
        ({"sides": ["left", "right"]}, "sides has 2 entries, expected 3"),
        ({"sides": ["left", "right", "up"]}, "choose from left, right, above, below"),
        ({"panel_titles": ["one", "two"]}, "panel_titles has 2 entries, expected 1"),
    ],
)
def test_what_cannot_be_drawn_is_refused(change, message):
    whole = dict(points=POINTS, modality=MODALITY, names=NAMES, moves=[STILL])
    with pytest.raises(ValueError, match=message):
        display.point_planes(**(whole | change))
