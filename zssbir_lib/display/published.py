"""Published results side by side where that is fair, and apart where it is not."""

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zssbir_lib.display.published_panels import (
    MEANINGS,
    Panel,
    benchmark_panels,
    finding,
)
from zssbir_lib.display.style import FIGURE_WIDTH, NEUTRAL_COLOUR
from zssbir_lib.evaluation import PublishedResult

HEADLINES = {
    "sketchy-25": "map@all",
    "tuberlin-30": "map@all",
    "sketchy-21": "map@200",
    "quickdraw-30": "map@all",
}
APART_COLOUR = "#777777"
MARKS = {False: ("s", "real-valued embeddings"), True: ("D", "64-bit codes")}
LEFT, WIDTH = (0.185, 0.685), 0.28  # of the panels, as shares of the figure
ROW, GAP, TOP, BOTTOM = 0.125, 0.46, 0.35, 0.85  # heights in inches
SMALL = 7  # points


def published_plot(
    results: Iterable[PublishedResult],
    headlines: Mapping[str, str] = HEADLINES,
    setting: str = "zero-shot",
    title: str | None = None,
) -> Figure:
    """Draw published values: panels for what can be compared, and one for the rest.

    Values share a panel if they are the same metric, by a known definition, on the same
    unseen classes. All others of a benchmark stand in a grey panel of their own, with
    letters that say why. Where a definition is inferred, a letter says so in the other
    panels. Variants of ablations are left out.

    Args:
        results: published values, in percent.
        headlines: which quantity to show of which benchmark; benchmarks fill the left
            and the right column in turn.
        setting: "zero-shot" or "generalised".
        title: what the figure shows, said in one sentence; None to count.

    Returns:
        The figure. In each panel the oldest method is on top; several values of a
        method, by codes, dimensions or contradicting tables, share its row.

    Raises:
        ValueError: there is no value to draw.
    """
    whole = [one for one in results if one.setting == setting and not one.variant]
    columns: tuple[list[Panel], list[Panel]] = ([], [])
    for number, (benchmark, quantity) in enumerate(headlines.items()):
        columns[number % 2].extend(benchmark_panels(whole, benchmark, quantity))
    panels = columns[0] + columns[1]
    if not panels:
        raise ValueError(
            f"nothing to draw: no {setting} value of {dict(headlines)} among the "
            "results; published_results() has all of them"
        )
    height = TOP + BOTTOM + max(sum(map(_height, column)) for column in columns)
    fig = plt.figure(figsize=(FIGURE_WIDTH, height))
    for left, column in zip(LEFT, columns, strict=True):
        _draw_column(fig, left, column)
    _explain(fig, panels)
    fig.suptitle(title or finding(panels), x=0.01, y=1 - 0.05 / height, ha="left")
    return fig


def _height(panel: Panel) -> float:
    """Return the height of a panel with its title and its axis, in inches."""
    return GAP + ROW * len(panel.methods)


def _draw_column(fig: Figure, left: float, panels: Sequence[Panel]) -> None:
    """Draw panels below each other, every row equally high."""
    height = fig.get_figheight()
    top = height - TOP
    for panel in panels:
        rows = ROW * len(panel.methods)
        bottom = top - GAP / 2 - rows
        _draw_panel(fig.add_axes((left, bottom / height, WIDTH, rows / height)), panel)
        top -= _height(panel)


def _draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw a row for every method of a panel, and why it stands apart."""
    colour = NEUTRAL_COLOUR if panel.fair else APART_COLOUR
    labels = []
    for row, method in enumerate(panel.methods):
        members = panel.row(method)
        labels.append(f"{method} {members[0].year or '(year?)'}")
        for binary in MARKS:
            values = [one.value for one in members if bool(one.binary) == binary]
            if values:
                axes.plot(values, [row] * len(values), **_look(binary, colour))
        axes.text(102, row, panel.letters(method), va="center", fontsize=SMALL)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(0, 100)
    axes.tick_params(labelsize=SMALL, length=2, pad=2)
    axes.grid(axis="x")
    axes.set_title(panel.title, fontsize=SMALL + 1, color=colour, pad=3, x=-0.62)


def _look(binary: bool, colour: str) -> dict[str, object]:
    """Return mark and line of real-valued or binary values."""
    return {
        "marker": MARKS[binary][0],
        "markersize": 3.5,
        "markerfacecolor": "white" if binary else colour,
        "color": colour,
        "linewidth": 0.8,
        "clip_on": False,
    }


def _explain(fig: Figure, panels: Sequence[Panel]) -> None:
    """Write below the panels what axis, marks and letters mean."""
    marks = [
        Line2D([], [], label=label, **_look(binary, NEUTRAL_COLOUR) | {"linestyle": ""})
        for binary, (_, label) in MARKS.items()
    ]
    fig.legend(
        handles=marks,
        loc="lower left",
        fontsize=SMALL,
        title="value in percent, as printed",
        title_fontsize=SMALL,
        alignment="left",
    )
    used = {
        letter for one in panels for row in one.methods for letter in one.letters(row)
    }
    lines = [f"{one}: {MEANINGS[one]}" for one in MEANINGS if one in used]
    fig.text(0.5, 0.01, "\n".join(lines), va="bottom", fontsize=SMALL)
