"""The figure of published results: panels, rows, marks, and why values stand apart."""

import dataclasses

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest

from zssbir_lib import display
from zssbir_lib.display.published import Panel, benchmark_panels, reason_letters
from zssbir_lib.evaluation import PublishedResult, published_results, select_results

RESULTS = published_results()


@pytest.fixture(autouse=True)
def clean_figures():
    """Start every test with the house style and close what it drew."""
    with plt.rc_context():
        display.use_house_style()
        yield
    plt.close("all")


def result(method, printed="50.0", year=2020, **changes):
    """Return a made-up value that can be compared."""
    known = PublishedResult(
        method=method,
        venue=None,
        year=year,
        backbone=None,
        variant=None,
        benchmark="tuberlin-30",
        setting="zero-shot",
        metric="map@all/voc",
        metric_from="code",
        printed=printed,
        dimensions=512,
        binary=False,
        split="sake",
        sources=("sbtknet-table-2",),
        caveat=None,
        note=None,
    )
    return dataclasses.replace(known, **changes)


FEW = [
    result("young", "60.5", year=2023),
    result("undated", "70.5", year=None),
    result("old", "40.5", year=2019),
    result("old", "30.5", year=2019, binary=True, dimensions=64),
    result("vague", "80.5", metric="map@all/unknown", split="unknown"),
]


def rows(axes):
    """Return the drawn values of a panel by label, real-valued and then binary."""
    labels = [label.get_text() for label in axes.get_yticklabels()]
    found = {label: [] for label in labels}
    for line in axes.lines:
        for x, y in line.get_xydata():
            found[labels[int(y)]].append((float(x), line.get_marker()))
    return found


def title_of(axes):
    """Return the title on the side where the house style puts it."""
    return axes.get_title(plt.rcParams["axes.titlelocation"])


def test_what_can_be_compared_and_what_cannot_are_apart():
    fair, apart = display.published_plot(FEW).axes
    assert title_of(fair) == "tuberlin-30: map@all/voc, classes of SAKE"
    assert title_of(apart) == "tuberlin-30: map@all, not comparable"
    assert rows(fair) == {
        "old 2019": [(40.5, "s"), (30.5, "D")],
        "young 2023": [(60.5, "s")],
        "undated (year?)": [(70.5, "s")],
    }
    assert rows(apart) == {"vague 2020": [(80.5, "s")]}
    assert [text.get_text() for text in fair.texts] == ["", "", ""]
    assert [text.get_text() for text in apart.texts] == ["dc"]
    assert fair.get_xlim() == apart.get_xlim() == (0, 100)


def test_the_oldest_method_is_on_top_rows_are_equally_high_and_methods_counted():
    figure = display.published_plot(FEW)
    fair, apart = figure.axes
    bottom, top = fair.get_ylim()
    assert bottom > 2 and top < 0
    heights = [axes.get_position().height for axes in (fair, apart)]
    assert heights[0] == pytest.approx(3 * heights[1])
    assert figure.get_suptitle() == (
        "3 of 4 methods share definition and classes with another"
    )


def test_the_legend_explains_the_letters_in_use_and_no_others():
    figure = display.published_plot(FEW)
    (text,) = figure.texts[:1]
    lines = text.get_text().splitlines()
    assert [line[0] for line in lines] == ["d", "c"]
    assert lines[1] == "c: the unseen classes are not known"
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["real-valued embeddings", "64-bit codes"]


def test_an_inferred_definition_is_marked_in_a_fair_panel():
    guessed = result("guessed", "20.5", metric_from="inferred")
    figure = display.published_plot([*FEW, guessed])
    letters = [text.get_text() for text in figure.axes[0].texts]
    assert letters == ["", "i", "", ""]  # old, guessed, young, undated
    assert figure.texts[0].get_text().splitlines()[-1] == (
        "i: the definition is inferred, not read in code"
    )


@pytest.mark.parametrize(
    ("members", "letters"),
    [
        ([result("a")], "s"),
        ([result("a", metric="map@all/unknown")], "d"),
        ([result("a", split="unknown")], "c"),
        ([result("a", setting="generalised")], "p"),
        ([result("a", caveat="a copied row")], "x"),
        ([result("a", caveat="one"), result("a", caveat="two")], "x"),
        ([result("a", caveat="one"), result("a", metric="map@all/unknown")], "dx"),
        ([result("a"), result("a", split="unknown")], "c"),
    ],
)
def test_letters_of_reasons(members, letters):
    assert reason_letters(members) == letters


def test_a_group_of_one_method_is_apart():
    alone = [result("a"), result("a", binary=True, dimensions=64)]
    (panel,) = benchmark_panels(alone, "tuberlin-30", "map@all")
    assert not panel.fair and panel.results == tuple(alone)
    assert benchmark_panels(alone, "tuberlin-30", "map@200") == []
    assert benchmark_panels(alone, "sketchy-25", "map@all") == []


def test_methods_are_sorted_by_year_and_name():
    years = {"b": 2020, "C": 2020, "a": None, "z": 2018}
    panel = Panel("", tuple(result(m, year=y) for m, y in years.items()), fair=True)
    assert panel.methods == ["z", "b", "C", "a"]
    assert panel.row("b") == [result("b")]


def test_every_headline_value_is_drawn_once():
    figure = display.published_plot(RESULTS)
    for benchmark, quantity in (
        ("sketchy-25", "map@all"),
        ("sketchy-21", "map@200"),
        ("tuberlin-30", "map@all"),
        ("quickdraw-30", "map@all"),
    ):
        wanted = {"benchmark": benchmark, "quantity": quantity, "variant": None}
        shown = select_results(RESULTS, setting="zero-shot", **wanted)
        panels = [a for a in figure.axes if title_of(a).startswith(benchmark)]
        drawn = [x for axes in panels for line in axes.lines for x in line.get_xdata()]
        assert sorted(drawn) == sorted(one.value for one in shown)
        assert [title_of(axes).endswith("not comparable") for axes in panels] == [
            *[False] * (len(panels) - 1),
            True,
        ]


def test_lenient_values_have_a_panel_of_their_own():
    axes = {title_of(axes): axes for axes in display.published_plot(RESULTS).axes}
    lenient = rows(axes["sketchy-21: map@200/hits"])
    strict = rows(axes["sketchy-21: map@200/voc"])
    assert lenient["SBTKNet 2021"] == [(72.24, "s")]
    assert strict["SBTKNet 2021"] == [(50.2, "s")]
    assert "SAKE 2019" in strict and "SAKE 2019" not in lenient
