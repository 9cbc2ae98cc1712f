"""Kinds of triplets in the plane: points, lines, and what is refused."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.colors import to_hex

from zssbir_lib import display

POINTS = torch.tensor([[0.0, 0.0], [0.4, 0.1], [1.0, 0.5], [1.2, -0.3], [0.2, -0.8]])
LABELS = [0, 0, 0, 1, 1]
MODALITY = [0, 0, 1, 1, 0]
KINDS = {"within": (1, 4), "cross": (2, 3)}
BATCH = (POINTS, LABELS, MODALITY)


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def ends(line):
    """Return where a line starts and ends, as positions in the batch."""
    return [
        int((POINTS - torch.tensor(one)).norm(dim=1).argmin())
        for one in line.get_xydata().astype("float32")
    ]


def test_one_panel_a_kind_with_lines_to_positive_and_negative():
    fig = display.triplet_kinds(*BATCH, 0, KINDS, title="Two kinds")
    titles = [axes.get_title(loc="left") for axes in fig.axes]
    assert titles == ["within", "cross"]
    assert fig.get_suptitle() == "Two kinds"
    for axes, chosen in zip(fig.axes, KINDS.values(), strict=True):
        positive, negative = axes.lines
        assert (positive.get_linestyle(), negative.get_linestyle()) == ("-", "--")
        assert (ends(positive), ends(negative)) == ([0, chosen[0]], [0, chosen[1]])


def test_modality_by_colour_and_the_class_of_the_anchor_filled():
    axes = display.triplet_kinds(*BATCH, 3, KINDS).axes[0]
    *groups, ring = axes.collections
    found = {one.get_label(): one for one in groups}
    counts = {name: len(one.get_offsets()) for name, one in found.items()}
    assert counts == {  # the anchor is a photo of class 1
        "sketch, its class": 1,
        "sketch, another": 2,
        "photo, its class": 1,
        "photo, another": 1,
    }
    own, other = found["photo, its class"], found["photo, another"]
    assert to_hex(own.get_facecolor()[0]).upper() == display.PHOTO_COLOUR
    assert to_hex(other.get_facecolor()[0]) == "#ffffff"
    assert to_hex(other.get_edgecolor()[0]).upper() == display.PHOTO_COLOUR
    assert ring.get_offsets().tolist() == [POINTS[3].tolist()]


def test_a_missing_image_has_no_line_and_the_legend_stays_whole():
    fig = display.triplet_kinds(*BATCH, 0, {"hybrid": (-1, 4)})
    positive, negative = fig.axes[0].lines
    assert len(positive.get_xydata()) == 0 and ends(negative) == [0, 4]
    (legend,) = fig.legends
    assert len(legend.get_texts()) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((POINTS[:, :1], LABELS, MODALITY, 0, KINDS), r"shape \(5, 1\); expected"),
        ((POINTS, LABELS[:4], MODALITY, 0, KINDS), "labels has 4 entries, expected 5"),
        ((POINTS, LABELS, MODALITY[:4], 0, KINDS), "modality has 4 entries"),
        ((POINTS, LABELS, [0, 0, 1, 1, 2], 0, KINDS), r"contains \[2\]; expected 0"),
        ((*BATCH, 5, KINDS), "anchor is 5; expected 0 to 4"),
        ((*BATCH, 0, {}), "kinds is empty"),
        ((*BATCH, 0, {"cross": (2, 7)}), r"'cross' names the points \(2, 7\)"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        display.triplet_kinds(*arguments)
