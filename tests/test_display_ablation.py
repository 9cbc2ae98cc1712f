"""The figure of an ablation: panels, rows, marks, intervals, and what is refused."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from zssbir_lib import display


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def entry(row, split="one", mean=0.5, low=0.4, high=0.6, metric="map@all"):
    values = {"mean": mean, "low": low, "high": high}
    return {"row": row, "split": split, "metrics": {metric: values}}


ROWS = [
    entry(f"{name}:{profile}", split, mean, mean - 0.02, mean + 0.03)
    for profile, split, name, mean in (
        ("quick", "one", "triplet", 0.30),
        ("quick", "one", "all-three", 0.35),
        ("quick", "two", "triplet", 0.40),
        ("quick", "two", "all-three", 0.45),
        ("book", "one", "triplet", 0.50),
        ("book", "one", "all-three", 0.55),
        ("book", "two", "triplet", 0.60),
        ("book", "two", "all-three", 0.65),
    )
]


def marks(panel):
    """Return the marks of a panel by split: places (x, y) and interval ends."""
    found = {}
    for container in panel.containers:
        line, _, (bars,) = container.lines
        ends = [sorted(segment[:, 0]) for segment in bars.get_segments()]
        found[container.get_label()] = (line.get_xydata(), ends)
    return found


def test_one_panel_a_profile_one_height_a_row_one_mark_a_split():
    figure = display.ablation_plot(ROWS, title="More helps")
    assert figure.get_suptitle() == "More helps"
    side = plt.rcParams["axes.titlelocation"]
    assert [panel.get_title(side) for panel in figure.axes] == ["quick", "book"]
    for panel, first in zip(figure.axes, (0.3, 0.5), strict=True):
        places = marks(panel)
        assert list(places) == ["one", "two"]
        for split, mean in (("one", first), ("two", first + 0.1)):
            points, ends = places[split]
            np.testing.assert_allclose(points[:, 0], [mean, mean + 0.05])
            assert np.round(points[:, 1]).tolist() == [0, 1]
            expected = [(x - 0.02, x + 0.03) for x in (mean, mean + 0.05)]
            np.testing.assert_allclose(ends, expected)
        # two splits of a row stand beside each other, around its tick
        heights = [points[:, 1] for points, _ in places.values()]
        np.testing.assert_allclose((heights[0] + heights[1]) / 2, [0, 1])
        assert (np.abs(heights[1] - heights[0]) > 0.2).all()


def test_rows_are_named_from_top_to_bottom():
    figure = display.ablation_plot(ROWS)
    first, other = figure.axes
    assert [label.get_text() for label in first.get_yticklabels()] == [
        "triplet",
        "all-three",
    ]
    assert first.get_yticks().tolist() == [0, 1]
    bottom, top = first.get_ylim()
    assert bottom > 1 and top < 0  # the first row is on top, nothing is cut off
    assert other.get_ylim() == (bottom, top) and other.get_xlim() == first.get_xlim()
    assert figure.get_suptitle() == ""


def test_splits_differ_in_mark_and_are_named_in_the_legend():
    figure = display.ablation_plot(ROWS)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["one", "two"]
    containers = figure.axes[0].containers
    assert len({one.lines[0].get_marker() for one in containers}) == 2
    assert len({one.lines[0].get_color() for one in containers}) == 2


def test_metric_and_label_may_be_chosen():
    rows = [entry("a:quick", metric="p@100", mean=0.7, low=0.6, high=0.8)]
    panel = display.ablation_plot(rows, metric="p@100").axes[0]
    assert panel.get_xlabel() == "p@100 on unseen classes"
    assert marks(panel)["one"][0][0, 0] == 0.7
    named = display.ablation_plot(rows, metric="p@100", label="precision").axes[0]
    assert named.get_xlabel() == "precision"


def test_rows_without_an_interval_are_drawn():
    rows = [entry("a:quick", low=None, high=None), entry("b:quick", mean=0.6)]
    points, ends = marks(display.ablation_plot(rows).axes[0])["one"]
    assert points[:, 0].tolist() == [0.5, 0.6]
    np.testing.assert_allclose(ends, [(0.5, 0.5), (0.4, 0.6)])


def test_a_split_that_lacks_a_profile_leaves_a_gap_and_keeps_its_mark():
    rows = [r for r in ROWS if (r["row"][-5:], r["split"]) != ("quick", "one")]
    assert len(rows) == 6
    figure = display.ablation_plot(rows)
    quick, book = figure.axes
    assert len(marks(quick)["one"][0]) == 0 and len(marks(book)["one"][0]) == 2

    def marker(panel, name):
        (container,) = (one for one in panel.containers if one.get_label() == name)
        return container.lines[0].get_marker(), container.lines[0].get_color()

    assert marker(quick, "two") == marker(book, "two")


def test_a_single_split_stands_at_its_tick():
    points, _ = marks(display.ablation_plot([entry("a:quick")]).axes[0])["one"]
    assert points[0, 1] == pytest.approx(0)


def test_the_figure_grows_with_its_rows_and_can_be_saved(tmp_path):
    few = display.ablation_plot(ROWS)
    many = display.ablation_plot([entry(f"row-{i}:quick") for i in range(9)])
    assert few.get_size_inches()[0] == many.get_size_inches()[0] == 7
    assert many.get_size_inches()[1] > few.get_size_inches()[1] + 2
    display.save_figure(few, "ablation", tmp_path)
    assert (tmp_path / "ablation.png").read_bytes()[1:4] == b"PNG"


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="no rows to draw: run the ablation first"):
        display.ablation_plot([])
