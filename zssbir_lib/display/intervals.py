"""Results with their intervals: methods, rows of tables, and differences."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display import style
from zssbir_lib.display.arrays import (
    Array,
    ArrayLike,
    Names,
    as_array,
    require,
    require_length,
)
from zssbir_lib.evaluation import Comparison, mean_interval

SPLIT_MARKERS = "osDv^P"
SPLIT_SHADES = ("#222222", "#888888", "#555555", "#AAAAAA")  # colours mean modalities
SPLIT_SPREAD = 0.5  # share of a row's height over which its splits are drawn
VARIANT_FACES = (style.NEUTRAL_COLOUR, "white", "#999999")
VARIANT_SPREAD = 0.55
REFERENCE_LINES = ("-", "--", ":", "-.")
OWN_WIDTH, JOINT_WIDTH = 3.5, 1.0  # of a difference's two intervals, in points

Mark = tuple[float, float | None, float | None]  # mean, low, high
Runs = Mapping[str, Sequence[float]]


def draw_intervals(
    axes: Axes,
    places: Sequence[float],
    marks: Iterable[Mark],
    upright: bool = False,
    **look: Any,
) -> None:
    """Draw means with their intervals; where an end is None there is no interval."""
    marks = list(marks)
    means = np.array([mean for mean, _, _ in marks])
    lengths = [
        [0.0 if end is None else abs(end - mean) for end in ends]
        for mean, *ends in marks
    ]
    lengths = np.reshape(lengths, (-1, 2)).T  # (2, N)
    if upright:
        axes.errorbar(places, means, yerr=lengths, **look)
    else:
        axes.errorbar(means, places, xerr=lengths, **look)


def interval_plot(
    names: Names,
    means: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    label: str = "mAP@all on unseen classes",
    title: str | None = None,
) -> Figure:
    """Draw results as dots with horizontal 95 % intervals, the first on top.

    Args:
        names: N names, one a result.
        means: N values, the dots.
        lows: N lower ends of the intervals.
        highs: N upper ends of the intervals.
        label: what the values are, with the range if it is not 0 to 1.
        title: one sentence, or None.
    """
    means, lows, highs = as_array(means), as_array(lows), as_array(highs)
    _check_intervals(names, means, lows, highs)
    fig, (axes,) = style.row_of_panels(1, 1.1 + 0.38 * len(names))
    heights, marks = range(len(names)), zip(means, lows, highs, strict=True)
    draw_intervals(axes, heights, marks, fmt="o", capsize=3, color=style.NEUTRAL_COLOUR)
    for height, mean in zip(heights, means, strict=True):
        style.note(axes, f"{mean:.3f}", (mean, height), (0, 5), fontsize=8)
    axes.set_yticks(heights, names)
    axes.set_ylim(len(names) - 0.5, -0.6)  # the first result on top
    axes.set_xlabel(f"{label} (dot: mean, bar: 95 % interval)")
    axes.grid(axis="x")
    axes.set_title(title or "")
    return fig


def _check_intervals(names: Names, means: Array, lows: Array, highs: Array) -> None:
    """Raise ValueError unless there are N means, each inside its interval."""
    require(len(names), "no results to draw: names is empty")
    for kind, values in (("means", means), ("lows", lows), ("highs", highs)):
        require_length(kind, values, len(names))
    for name, mean, low, high in zip(names, means, lows, highs, strict=True):
        interval = f"[{low:.4g}, {high:.4g}]"
        require(
            low <= mean <= high,
            f"{name}: mean {mean:.4g} lies outside its interval {interval}",
        )


def ablation_plot(
    rows: Sequence[Mapping[str, Any]],
    label: str = "map@all on unseen classes",
    title: str | None = None,
) -> Figure:
    """Draw every row's mean and 95 % interval, one panel a length, one mark a split.

    Args:
        rows: entries of a study's summary; `row` is NAME:PROFILE, `split` a name, and
            `metrics["map@all"]` has `mean`, `low` and `high`.
        label: what the horizontal axis shows.
        title: one sentence, or None.

    Returns:
        The figure, the first row on top; panels share both axes.
    """
    require(len(rows), "no rows to draw: run the ablation first")
    cells: dict[tuple[str, str], dict[str, Mark]] = {}  # profile, split -> by name
    for row in rows:
        name, _, profile = row["row"].partition(":")
        value = row["metrics"]["map@all"]
        mark = (value["mean"], value["low"], value["high"])
        cells.setdefault((profile, row["split"]), {})[name] = mark
    names = list(dict.fromkeys(row["row"].partition(":")[0] for row in rows))
    profiles = list(dict.fromkeys(profile for profile, _ in cells))
    splits = list(dict.fromkeys(row["split"] for row in rows))
    height = 1.5 + 0.42 * len(names)
    fig, panels = style.row_of_panels(
        len(profiles), height, title, sharex=True, sharey=True
    )
    for axes, profile in zip(panels, profiles, strict=True):
        for number, split in enumerate(splits):
            marks = cells.get((profile, split), {})
            offset = SPLIT_SPREAD * ((number + 0.5) / len(splits) - 0.5)
            heights = [names.index(name) + offset for name in marks]
            look = dict(markersize=4.5, capsize=2, label=split)
            look["fmt"] = SPLIT_MARKERS[number % len(SPLIT_MARKERS)]
            look["color"] = SPLIT_SHADES[number % len(SPLIT_SHADES)]
            draw_intervals(axes, heights, marks.values(), **look)
        axes.set_title(profile)
        axes.set_xlabel(label)
        axes.grid(axis="x")
    style.first_on_top(panels[0], names)
    style.legend_below(fig, panels[0], columns=len(splits))
    return fig


def row_intervals(
    panels: Mapping[str, Mapping[str, Runs]],
    rows: Names,
    variants: Mapping[str, str],
    references: Mapping[str, str],
    label: str = "mAP@all on unseen classes",
    title: str | None = None,
) -> Figure:
    """Draw means with 95 % intervals: a row for each name, a mark for each variant.

    Every split of a row has its own mark. References are vertical lines, at the mean
    over splits and seeds.

    Args:
        panels: for each panel its title, and for each entry of the table its runs:
            values by split.
        rows: names of the rows, the first on top.
        variants: label of each variant, and what stands before the row's name in the
            entries of the table.
        references: label of each line, and its entry.
        label: what the horizontal axis shows.
        title: one sentence, or None.
    """
    require(panels and rows, "nothing to draw: give one panel and one row or more")
    wanted = [prefix + row for prefix in variants.values() for row in rows]
    wanted += references.values()
    fig, grid = style.row_of_panels(
        len(panels), 1.6 + 0.4 * len(rows), title, sharey=True
    )
    for axes, (name, entries) in zip(grid, panels.items(), strict=True):
        for one in wanted:
            require(one in entries, f"panel {name!r} has no entry {one!r}")
        _draw_variants(axes, entries, rows, variants)
        for dash, text in zip(REFERENCE_LINES, references, strict=False):
            mean = np.mean(np.concatenate([*entries[references[text]].values()]))
            axes.axvline(mean, linestyle=dash, color="grey", label=text)
        axes.set_title(name, fontsize=10)
        axes.set_xlabel(label)
        axes.grid(axis="x")
    style.first_on_top(grid[0], rows)
    style.legend_below(fig, grid[0], columns=3)
    return fig


def _draw_variants(
    axes: Axes,
    entries: Mapping[str, Runs],
    rows: Names,
    variants: Mapping[str, str],
) -> None:
    """Draw every split of every row, the variants of a row below each other."""
    for number, (text, prefix) in enumerate(variants.items()):
        shift = VARIANT_SPREAD * ((number + 0.5) / len(variants) - 0.5)
        marks = [
            (height + shift, mean_interval(values))
            for height, row in enumerate(rows)
            for values in entries[prefix + row].values()
        ]
        face = VARIANT_FACES[number % len(VARIANT_FACES)]
        look = dict(
            fmt="o", color=style.NEUTRAL_COLOUR, markerfacecolor=face, markersize=5
        )
        draw_intervals(axes, *zip(*marks, strict=True), capsize=2, label=text, **look)


def difference_plot(
    comparisons: Sequence[Comparison], title: str | None = None
) -> Figure:
    """Draw differences in mAP@all, in points, with their own and joint intervals.

    One stands in each row, the first on top, as `compare_methods` returns them.

    A filled diamond is significant after the correction for several comparisons, an
    open circle is not. The thick line is the interval of that comparison alone, the
    thin one with ends is wide enough for all of them to hold together. The corrected
    p value stands at the right; the dashed line is no difference.
    """
    require(len(comparisons), "no comparisons to draw: compare one pair or more")
    confidences = sorted({one.confidence for one in comparisons})
    require(
        len(confidences) == 1,
        f"the comparisons have confidences {confidences}: draw one at a time",
    )
    fig, (axes,) = style.row_of_panels(1, 1.5 + 0.34 * len(comparisons), title)
    axes.axvline(0, color="grey", linestyle="--", linewidth=1)
    for height, one in enumerate(comparisons):
        _draw_difference(axes, height, one)
        _write_p(axes, height, one.corrected_p)
    baselines = {one.baseline for one in comparisons}
    if len(baselines) == 1:
        names, minus = [one.name for one in comparisons], f" to {baselines.pop()}"
    else:
        names = [f"{one.name} \N{MINUS SIGN} {one.baseline}" for one in comparisons]
        minus = ""
    style.first_on_top(axes, names)
    axes.grid(axis="x")
    axes.set_xlabel(f"difference in mAP@all{minus}, points")
    _explain_differences(fig, confidences[0])
    return fig


def _draw_difference(axes: Axes, height: int, one: Comparison) -> None:
    """Draw the mark above both intervals, where there are any."""
    joint = {"marker": "|", "linewidth": JOINT_WIDTH}
    own = {"linewidth": OWN_WIDTH, "solid_capstyle": "butt"}
    for (_, *ends), look in ((one.joint_interval, joint), (one.interval, own)):
        if None not in ends:
            points = [100 * end for end in ends]
            axes.plot(
                points, [height] * 2, color=style.NEUTRAL_COLOUR, zorder=2, **look
            )
    axes.plot(one.points[0], height, **_mark(one.significant), zorder=3)


def _mark(sure: bool) -> dict[str, Any]:
    """Return shape, size and filling of a difference's mark."""
    return {
        "linestyle": "none",
        "marker": "D" if sure else "o",
        "markersize": 6.5,
        "markeredgecolor": style.NEUTRAL_COLOUR,
        "markerfacecolor": style.NEUTRAL_COLOUR if sure else "white",
    }


def _write_p(axes: Axes, height: int, p: float | None) -> None:
    """Write the corrected p value at the right end of the row."""
    text = "no interval" if p is None else f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"
    look = dict(ha="left", va="center", fontsize=8, xycoords=("axes fraction", "data"))
    style.note(axes, text, (1, height), (5, 0), **look)


def _explain_differences(fig: Figure, confidence: float) -> None:
    """Explain marks and lines below the axes."""
    share = f"{100 * confidence:g} %"
    line = {"color": style.NEUTRAL_COLOUR}
    handles = [
        plt.Line2D([], [], label="significant after correction", **_mark(True)),
        plt.Line2D([], [], label="not significant", **_mark(False)),
        plt.Line2D([], [], linewidth=OWN_WIDTH, label=f"{share} each", **line),
        plt.Line2D([], [], linewidth=JOINT_WIDTH, label=f"{share} together", **line),
    ]
    fig.legend(handles=handles, loc="outside lower center", ncols=4)
