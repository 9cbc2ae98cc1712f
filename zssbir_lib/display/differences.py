"""Differences between methods with their intervals, and which of them are certain."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.style import FIGURE_WIDTH, NEUTRAL_COLOUR
from zssbir_lib.evaluation import Comparison

SURE, UNSURE = "significant after correction", "not significant"
OWN_WIDTH, JOINT_WIDTH = 3.5, 1.0  # of the two intervals, in typographic points


def difference_plot(
    comparisons: Sequence[Comparison],
    label: str = "difference in mAP@all",
    title: str | None = None,
) -> Figure:
    """Draw each difference in points, with its own and its joint interval.

    A filled diamond is significant after the correction for several comparisons, an
    open circle is not. The thick line is the interval of that comparison alone, the
    thin one with ends is wide enough for all of them to hold together. The corrected
    p value stands at the right.

    Args:
        comparisons: one a row, the first on top, as `compare_methods` returns them.
        label: what was compared; points are added to it.
        title: what the comparison shows, said in one sentence, or None.

    Returns:
        The figure, with a line at zero: no difference.

    Raises:
        ValueError: there is nothing to draw, or the confidences differ.
    """
    _check_comparisons(comparisons)
    fig, axes = plt.subplots(
        figsize=(FIGURE_WIDTH, 1.5 + 0.34 * len(comparisons)), layout="constrained"
    )
    axes.axvline(0, color="grey", linestyle="--", linewidth=1)
    for height, one in enumerate(comparisons):
        _draw_intervals(axes, height, one)
        _draw_mark(axes, height, one)
        _write_p(axes, height, one)
    axes.set_yticks(range(len(comparisons)), _row_names(comparisons))
    axes.set_ylim(len(comparisons) - 0.4, -0.6)  # the first row on top
    axes.grid(axis="x")
    baselines = {one.baseline for one in comparisons}
    minus = f" to {baselines.pop()}" if len(baselines) == 1 else ""
    axes.set_xlabel(f"{label}{minus}, points")
    _add_legend(fig, comparisons[0].confidence)
    if title is not None:
        fig.suptitle(title)
    return fig


def _check_comparisons(comparisons: Sequence[Comparison]) -> None:
    """Refuse what one figure cannot say."""
    if len(comparisons) == 0:
        raise ValueError("no comparisons to draw: compare one pair or more")
    confidences = sorted({one.confidence for one in comparisons})
    if len(confidences) > 1:
        raise ValueError(
            f"the comparisons have confidences {confidences}: draw one at a time"
        )


def _row_names(comparisons: Sequence[Comparison]) -> list[str]:
    """Name the rows; a baseline that all share stands at the axis instead."""
    if len({one.baseline for one in comparisons}) == 1:
        return [one.name for one in comparisons]
    return [f"{one.name} \N{MINUS SIGN} {one.baseline}" for one in comparisons]


def _draw_intervals(axes: Axes, height: int, one: Comparison) -> None:
    """Draw both intervals, where there are any: joint thin, own thick above it."""
    joint, own = one.joint_interval[1:], one.interval[1:]
    style = {"color": NEUTRAL_COLOUR, "zorder": 2}
    if None not in joint:
        ends = [100 * end for end in joint]
        axes.plot(ends, [height] * 2, "|-", linewidth=JOINT_WIDTH, **style)
    if None not in own:
        ends = [100 * end for end in own]
        style["solid_capstyle"] = "butt"
        axes.plot(ends, [height] * 2, "-", linewidth=OWN_WIDTH, **style)


def _draw_mark(axes: Axes, height: int, one: Comparison) -> None:
    """Draw the difference as a filled diamond or an open circle."""
    axes.plot(one.points[0], height, **_mark(one.significant), zorder=3)


def _mark(sure: bool) -> dict[str, str | float]:
    """Return shape, size and filling of a difference's mark."""
    return {
        "linestyle": "none",
        "marker": "D" if sure else "o",
        "markersize": 6.5,
        "markeredgecolor": NEUTRAL_COLOUR,
        "markerfacecolor": NEUTRAL_COLOUR if sure else "white",
    }


def _write_p(axes: Axes, height: int, one: Comparison) -> None:
    """Write the corrected p value at the right end of the row."""
    p = one.corrected_p
    text = "no interval" if p is None else f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"
    axes.annotate(
        text,
        (1, height),
        xycoords=("axes fraction", "data"),
        xytext=(5, 0),
        textcoords="offset points",
        verticalalignment="center",
        fontsize=8,
    )


def _add_legend(fig: Figure, confidence: float) -> None:
    """Explain marks and lines below the axes."""
    share = f"{100 * confidence:g} %"
    style = {"color": NEUTRAL_COLOUR}
    lines = [
        plt.Line2D([], [], label=SURE, **_mark(True)),
        plt.Line2D([], [], label=UNSURE, **_mark(False)),
        plt.Line2D([], [], linewidth=OWN_WIDTH, label=f"{share} each", **style),
        plt.Line2D([], [], linewidth=JOINT_WIDTH, label=f"{share} together", **style),
    ]
    fig.legend(handles=lines, loc="outside lower center", ncols=4)
