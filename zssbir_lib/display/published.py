"""Published results side by side where that is fair, and apart where it is not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from zssbir_lib.display import style
from zssbir_lib.display.arrays import require
from zssbir_lib.evaluation import PublishedResult, like_with_like, obstacles
from zssbir_lib.evaluation.published import (
    UNKNOWN_CLASSES,
    UNKNOWN_DEFINITION,
    UNKNOWN_PROTOCOL,
)

HEADLINES = {  # of a benchmark: they fill the left and the right column in turn
    "sketchy-25": "map@all",
    "tuberlin-30": "map@all",
    "sketchy-21": "map@200",
    "quickdraw-30": "map@all",
}
LETTERS = {UNKNOWN_DEFINITION: "d", UNKNOWN_CLASSES: "c", UNKNOWN_PROTOCOL: "p"}
CAVEAT, ALONE, INFERRED = "x", "s", "i"
MEANINGS = {
    **{letter: why for why, letter in LETTERS.items()},
    CAVEAT: "another reason, written in its caveat",
    ALONE: "the only method with its definition and classes",
    INFERRED: "the definition is inferred, not read in code",
}
FAMILIES = {"sake": ", classes of SAKE", "sempcyc": ", classes of SEM-PCYC"}
LAST = 9999  # stands in for a year that is not known
APART_COLOUR = "#777777"
MARKS = {False: ("s", "real-valued embeddings"), True: ("D", "64-bit codes")}
LEFT, WIDTH = (0.185, 0.685), 0.28  # of the panels, as shares of the figure
ROW, GAP, TOP, BOTTOM = 0.125, 0.46, 0.35, 0.85  # heights in inches
SMALL = 7  # points


@dataclass(frozen=True)
class Panel:
    """A panel of the figure: its values, and whether they can be compared."""

    title: str
    results: tuple[PublishedResult, ...]
    fair: bool

    @property
    def methods(self) -> list[str]:
        """Return the methods, oldest first; those of unknown year last."""
        years = {result.method: result.year or LAST for result in self.results}
        return sorted(years, key=lambda method: (years[method], method.lower()))

    @property
    def height(self) -> float:
        """Return its height with title and axis, in inches."""
        return GAP + ROW * len(self.methods)

    def row(self, method: str) -> list[PublishedResult]:
        """Return the values of a method."""
        return [result for result in self.results if result.method == method]

    def letters(self, method: str) -> str:
        """Return what is to be known about the row of a method, keys of `MEANINGS`."""
        members = self.row(method)
        if not self.fair:
            return reason_letters(members)
        return INFERRED * any(one.metric_from == "inferred" for one in members)


def reason_letters(members: Iterable[PublishedResult]) -> str:
    """Return a letter for each reason why the values of a method stand apart."""
    found = [why for member in members for why in obstacles(member)]
    letters = {LETTERS.get(why, CAVEAT) for why in found} or {ALONE}
    return "".join(letter for letter in MEANINGS if letter in letters)


def benchmark_panels(
    results: Sequence[PublishedResult], benchmark: str, quantity: str
) -> list[Panel]:
    """Return the fair panels of a benchmark, two methods or more, then what is left."""
    shown = [r for r in results if (r.benchmark, r.quantity) == (benchmark, quantity)]
    panels = []
    for group, members in like_with_like(shown).items():
        if len({member.method for member in members}) > 1:
            title = f"{benchmark}: {group.metric}{FAMILIES.get(group.split, '')}"
            panels.append(Panel(title, tuple(members), fair=True))
    fair = {member for panel in panels for member in panel.results}
    apart = tuple(result for result in shown if result not in fair)
    if apart:
        title = f"{benchmark}: {quantity}, not comparable"
        panels.append(Panel(title, apart, fair=False))
    return panels


def published_plot(results: Iterable[PublishedResult]) -> Figure:
    """Draw published values: panels for what can be compared, and one for the rest.

    Values (in percent, zero-shot, without variants of ablations) share a panel if they
    are the same metric, by a known definition, on the same unseen classes. All others
    of a benchmark stand in a grey panel of their own, with letters that say why. Where
    a definition is inferred, a letter says so in the other panels.

    The title counts what can be compared. In each panel the oldest method is on top;
    several values of a method, by codes, dimensions or contradicting tables, share its
    row.
    """
    whole = [one for one in results if one.setting == "zero-shot" and not one.variant]
    columns: tuple[list[Panel], list[Panel]] = ([], [])
    for number, (benchmark, quantity) in enumerate(HEADLINES.items()):
        columns[number % 2].extend(benchmark_panels(whole, benchmark, quantity))
    panels = columns[0] + columns[1]
    fault = f"nothing to draw: no zero-shot value of {HEADLINES} among the results"
    require(panels, f"{fault}; published_results() has all of them")
    highest = max(sum(panel.height for panel in column) for column in columns)
    height = TOP + BOTTOM + highest
    fig = plt.figure(figsize=(style.FIGURE_WIDTH, height))
    for left, column in zip(LEFT, columns, strict=True):
        _draw_column(fig, left, column)
    _explain(fig, panels)
    fig.suptitle(_finding(panels), x=0.01, y=1 - 0.05 / height, ha="left")
    return fig


def _finding(panels: Sequence[Panel]) -> str:
    """Count the methods that can be compared, in one sentence."""
    every = {method for panel in panels for method in panel.methods}
    fair = {method for panel in panels if panel.fair for method in panel.methods}
    return (
        f"{len(fair)} of {len(every)} methods share definition and classes with another"
    )


def _draw_column(fig: Figure, left: float, panels: Sequence[Panel]) -> None:
    """Draw panels below each other, every row equally high."""
    height = fig.get_figheight()
    top = height - TOP
    for panel in panels:
        rows = ROW * len(panel.methods)
        bottom = top - GAP / 2 - rows
        _draw_panel(fig.add_axes((left, bottom / height, WIDTH, rows / height)), panel)
        top -= panel.height


def _draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw a row for every method of a panel, and why it stands apart."""
    colour = style.NEUTRAL_COLOUR if panel.fair else APART_COLOUR
    labels = []
    for row, method in enumerate(panel.methods):
        members = panel.row(method)
        labels.append(f"{method} {members[0].year or '(year?)'}")
        for binary in MARKS:
            values = [one.value for one in members if bool(one.binary) == binary]
            if values:
                axes.plot(values, [row] * len(values), **_look(binary, colour))
        axes.text(102, row, panel.letters(method), va="center", fontsize=SMALL)
    style.first_on_top(axes, labels)
    axes.set_xlim(0, 100)
    axes.tick_params(labelsize=SMALL, length=2, pad=2)
    axes.grid(axis="x")
    axes.set_title(panel.title, fontsize=SMALL + 1, color=colour, pad=3, x=-0.62)


def _look(binary: bool, colour: str) -> dict[str, Any]:
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
        Line2D(
            [],
            [],
            label=label,
            **_look(binary, style.NEUTRAL_COLOUR) | {"linestyle": ""},
        )
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
