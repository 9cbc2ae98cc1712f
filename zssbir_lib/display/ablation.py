"""An ablation as a figure: rows from top to bottom, lengths side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.style import FIGURE_WIDTH

MARKERS = "osDv^P"
SHADES = ("#222222", "#888888", "#555555", "#AAAAAA")  # colours mean modalities here
SPREAD = 0.5  # share of a row's height over which its splits are drawn


def ablation_plot(
    rows: Sequence[Mapping[str, Any]],
    metric: str = "map@all",
    label: str | None = None,
    title: str | None = None,
) -> Figure:
    """Draw every row's mean and 95 % interval, one panel a length, one mark a split.

    Args:
        rows: entries of a study's summary; `row` is NAME:PROFILE, `split` a name, and
            `metrics[metric]` has `mean`, `low` and `high`.
        metric: which metric.
        label: what the horizontal axis shows; None for the metric's name.
        title: what the ablation shows, said in one sentence, or None.

    Returns:
        The figure, the first row on top; panels share both axes.

    Raises:
        ValueError: there are no rows.
    """
    if len(rows) == 0:
        raise ValueError("no rows to draw: run the ablation first")
    names = list(dict.fromkeys(row["row"].partition(":")[0] for row in rows))
    profiles = list(dict.fromkeys(row["row"].partition(":")[2] for row in rows))
    splits = list(dict.fromkeys(row["split"] for row in rows))
    fig, panels = plt.subplots(
        1,
        len(profiles),
        figsize=(FIGURE_WIDTH, 1.5 + 0.42 * len(names)),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, profile in zip(panels[0], profiles, strict=True):
        shown = [row for row in rows if row["row"].partition(":")[2] == profile]
        for number, split in enumerate(splits):
            offset = SPREAD * ((number + 0.5) / len(splits) - 0.5)
            of_split = [row for row in shown if row["split"] == split]
            heights = [names.index(r["row"].partition(":")[0]) for r in of_split]
            values = [row["metrics"][metric] for row in of_split]
            _draw_split(axes, np.array(heights) + offset, values, number, split)
        axes.set_title(profile)
        axes.set_xlabel(label or f"{metric} on unseen classes")
        axes.grid(axis="x")
    panels[0, 0].set_yticks(range(len(names)), names)
    panels[0, 0].set_ylim(len(names) - 0.4, -0.6)  # the first row on top
    handles, names = panels[0, 0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=len(names))
    if title is not None:
        fig.suptitle(title)
    return fig


def _draw_split(
    axes: Axes,
    heights: np.ndarray,
    values: Sequence[Mapping[str, Any]],
    number: int,
    name: str,
) -> None:
    """Draw the means of one split with their intervals, where there are any."""
    means = np.array([value["mean"] for value in values])
    low, high = (
        np.array([v["mean"] if v[end] is None else v[end] for v in values])
        for end in ("low", "high")
    )
    axes.errorbar(
        means,
        heights,
        xerr=[means - low, high - means],
        fmt=MARKERS[number % len(MARKERS)],
        color=SHADES[number % len(SHADES)],
        markersize=4.5,
        capsize=2,
        label=name,
    )
