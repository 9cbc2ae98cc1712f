"""Rows of a table as intervals: variants beside each other, and lines to beat."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.style import FIGURE_WIDTH, NEUTRAL_COLOUR
from zssbir_lib.evaluation import mean_interval

FACES = (NEUTRAL_COLOUR, "white", "#999999")
LINES = ("-", "--", ":", "-.")
SPREAD = 0.55  # share of a row's height over which its variants are drawn
Runs = Mapping[str, Sequence[float]]


def row_intervals(
    panels: Mapping[str, Mapping[str, Runs]],
    rows: Sequence[str],
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
        title: what the figure shows, said in one sentence, or None.

    Returns:
        The figure.

    Raises:
        ValueError: an entry is missing, or there is nothing to draw.
    """
    if not panels or not rows:
        raise ValueError("nothing to draw: give one panel and one row or more")
    fig, grid = plt.subplots(
        1,
        len(panels),
        figsize=(FIGURE_WIDTH, 1.6 + 0.4 * len(rows)),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, (name, entries) in zip(grid[0], panels.items(), strict=True):
        wanted = [prefix + row for prefix in variants.values() for row in rows]
        missing = [one for one in (*wanted, *references.values()) if one not in entries]
        if missing:
            raise ValueError(f"panel {name!r} has no entry {missing[0]!r}")
        _draw_variants(axes, entries, rows, variants)
        for style, (text, entry) in zip(LINES, references.items(), strict=False):
            mean = np.mean(np.concatenate([*entries[entry].values()]))
            axes.axvline(mean, linestyle=style, color="grey", label=text)
        axes.set_title(name, fontsize=10)
        axes.set_xlabel(label)
        axes.grid(axis="x")
    grid[0, 0].set_yticks(range(len(rows)), rows)
    grid[0, 0].set_ylim(len(rows) - 0.4, -0.6)  # the first row on top
    handles, texts = grid[0, 0].get_legend_handles_labels()
    fig.legend(handles, texts, loc="outside lower center", ncols=3)
    if title is not None:
        fig.suptitle(title)
    return fig


def _draw_variants(
    axes: Axes,
    entries: Mapping[str, Runs],
    rows: Sequence[str],
    variants: Mapping[str, str],
) -> None:
    """Draw every split of every row, the variants of a row below each other."""
    for number, (text, prefix) in enumerate(variants.items()):
        shift = SPREAD * ((number + 0.5) / len(variants) - 0.5)
        marks = [
            (height + shift, *mean_interval(values))
            for height, row in enumerate(rows)
            for values in entries[prefix + row].values()
        ]
        heights, means, *ends = zip(*marks, strict=True)
        low, high = (
            [
                mean if end is None else end
                for mean, end in zip(means, side, strict=True)
            ]
            for side in ends
        )
        axes.errorbar(
            means,
            heights,
            xerr=[np.subtract(means, low), np.subtract(high, means)],
            fmt="o",
            color=NEUTRAL_COLOUR,
            markerfacecolor=FACES[number % len(FACES)],
            markersize=5,
            capsize=2,
            label=text,
        )
