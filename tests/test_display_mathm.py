"""Figures of notebook 05: curves of what was mined, and rows as intervals."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from zssbir_lib import display
from zssbir_lib.evaluation import mean_interval

NAMES = ("active", "weight", "positive", "negative")
RECORDS = [
    {f"{kind}/{name}": step + place for kind in ("within", "cross") for name in NAMES}
    for place, step in enumerate((0.0, 1.0, 2.0, 3.0))
]
KINDS = ("within", "cross")
PANELS = {
    "world": {
        "a": {"one": [0.5, 0.6], "two": [0.7, 0.8]},
        "more+a": {"one": [0.55, 0.65], "two": [0.75, 0.85]},
        "b": {"one": [0.1, 0.2]},
        "more+b": {"one": [0.2]},
    }
}
VARIANTS = {"with more": "more+", "alone": ""}


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def test_curves_are_running_means_by_kind():
    fig = display.mining_curves(RECORDS, KINDS, width=2, title="Within is done first")
    assert fig.get_suptitle() == "Within is done first"
    for axes in fig.axes[:2]:
        assert [line.get_label() for line in axes.lines] == list(KINDS)
        for line in axes.lines:
            assert line.get_xdata().tolist() == [2, 3, 4]  # the last step averaged
            np.testing.assert_allclose(line.get_ydata(), [1.0, 3.0, 5.0])
    assert len({line.get_linestyle() for line in fig.axes[2].lines}) == 4


def test_distances_that_were_not_recorded_have_no_curve():
    records = [{f"within/{name}": 1.0 for name in NAMES}] * 3
    axes = display.mining_curves(records, ("within",), width=1).axes[2]
    assert [line.get_label() for line in axes.lines] == [
        "positive, own",
        "negative, own",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((RECORDS, KINDS, 5), "width is 5, expected 1 to 4"),
        ((RECORDS, KINDS, 0), "width is 0"),
        ((RECORDS, ("hybrid",), 1), "no kind 'hybrid'"),
    ],
)
def test_curves_that_cannot_be_drawn(arguments, message):
    with pytest.raises(ValueError, match=message):
        display.mining_curves(*arguments)


def test_a_mark_a_split_with_its_interval_and_lines_to_beat():
    lines = {"the best": "more+a"}
    fig = display.row_intervals(PANELS, ["a", "b"], VARIANTS, lines, title="More helps")
    (axes,) = fig.axes
    assert axes.get_title(loc="left") == "world"
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a", "b"]
    more, alone = axes.containers
    assert (more.get_label(), alone.get_label()) == ("with more", "alone")
    places = alone.lines[0].get_xydata()
    np.testing.assert_allclose(places[:, 0], [0.55, 0.75, 0.15])
    assert np.round(places[:, 1]).tolist() == [0, 0, 1]
    assert (more.lines[0].get_xydata()[:2, 1] < places[:2, 1]).all()
    (bars,) = alone.lines[2]
    _, low, high = mean_interval([0.5, 0.6])
    np.testing.assert_allclose(bars.get_segments()[0][:, 0], [low, high])
    (line,) = [one for one in axes.lines if one.get_label() == "the best"]
    np.testing.assert_allclose(line.get_xdata(), 0.7)
    texts = {text.get_text() for text in fig.legends[0].get_texts()}
    assert texts == {"with more", "alone", "the best"}


def test_a_single_run_has_no_interval():
    (axes,) = display.row_intervals(PANELS, ["b"], {"with more": "more+"}, {}).axes
    (bars,) = axes.containers[0].lines[2]
    np.testing.assert_allclose(bars.get_segments()[0][:, 0], [0.2, 0.2])


def test_rows_that_cannot_be_drawn():
    with pytest.raises(ValueError, match="nothing to draw"):
        display.row_intervals({}, ["a"], VARIANTS, {})
    with pytest.raises(ValueError, match="'world' has no entry 'more\\+c'"):
        display.row_intervals(PANELS, ["c"], VARIANTS, {})
    with pytest.raises(ValueError, match="has no entry 'best'"):
        display.row_intervals(PANELS, ["a"], VARIANTS, {"the best": "best"})
