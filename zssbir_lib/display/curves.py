"""Curves: a training run, what was mined, conventions, seeds, unfinished sketches."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display import style
from zssbir_lib.display.arrays import require, require_length
from zssbir_lib.display.intervals import draw_intervals
from zssbir_lib.evaluation import mean_interval

# Lines are told apart by dashes or marks, not by colour alone.
MINED = [
    dict(color=style.NEUTRAL_COLOUR, linestyle=dash) for dash in ("-", "--", ":", "-.")
]
SEEDS = (
    dict(color="#000000", linestyle="-", linewidth=1.4),
    dict(color="#777777", linestyle="--", linewidth=1.4),
    dict(color="#000000", linestyle=":", linewidth=1.4),
)
CONVENTIONS = (  # where two coincide, a thin one shows on the wide one
    dict(color="#000000", linestyle="-", linewidth=1.4),
    dict(color="#777777", linestyle="--", linewidth=1.4),
    dict(color="#BBBBBB", linestyle="-", linewidth=4.5, zorder=1),
    dict(color="#000000", linestyle="-.", linewidth=1.4),
    dict(color="#000000", linestyle=":", linewidth=1.8),
)
METHODS = (
    dict(color="#000000", marker="D", linestyle="-"),
    dict(color="#009E73", marker="s", linestyle="--"),
    dict(color="#CC79A7", marker="v", linestyle="-."),
    dict(color="#E69F00", marker="P", linestyle=":"),
)
APART = 0.012  # share between the marks of neighbouring methods, so that none hides
AVERAGED = 15  # records, for every place of a curve of what was mined
KINDS = ("within", "hybrid", "cross")
MINED_CURVES = {  # title of a panel -> label -> name in the records
    "share that violates": {kind: f"{kind}/active" for kind in KINDS},
    "weight": {kind: f"{kind}/weight" for kind in KINDS},
    "mean distance": {
        "positive, own": "within/positive",
        "positive, other": "cross/positive",
        "negative, own": "within/negative",
        "negative, other": "cross/negative",
    },
}
Lines = Mapping[str, Sequence[float]]  # label -> values
Scores = Mapping[float, Sequence[float]]  # share drawn -> one value a seed


def _draw_lines(
    axes: Axes, places: Sequence[float], lines: Lines, looks: Sequence[dict[str, Any]]
) -> None:
    """Draw lines over the same places, each with a look of its own."""
    count, most = len(lines), len(looks)
    require(1 <= count <= most, f"{count} lines to draw: give 1 to {most} of them")
    for (label, values), look in zip(lines.items(), looks, strict=False):
        require_length(label, values, len(places))
        axes.plot(places, values, label=label, **look)


def training_curves(
    history: Sequence[Mapping[str, float | None]], title: str | None = None
) -> Figure:
    """Draw the training loss and the validation score, epoch by epoch.

    Every epoch of the history has a "loss", and those that were validated a
    "validation", a fraction from 0 to 1. If none has, the loss is drawn alone.
    """
    require(len(history), "the history is empty: train for at least one epoch")
    losses, scores = {}, {}  # by epoch
    for epoch, entry in enumerate(history, start=1):
        fault = f"epoch {epoch} has no 'loss'; it has {sorted(entry)}"
        require("loss" in entry, fault)
        losses[epoch] = entry["loss"]
        if entry.get("validation") is not None:
            scores[epoch] = entry["validation"]
    fig, panels = style.row_of_panels(2 if scores else 1, 3.0, title)
    _draw_epochs(panels[0], losses, "training loss")
    panels[0].set_ylim(bottom=0)
    if scores:
        _draw_epochs(panels[1], scores, "validation mAP@all")
        best = max(scores, key=scores.__getitem__)
        style.note(panels[1], f"best: {scores[best]:.3f}", (best, scores[best]), (0, 6))
        panels[1].margins(x=0.12, y=0.2)  # room for the text
    return fig


def _draw_epochs(axes: Axes, values: Mapping[int, float], name: str) -> None:
    """Draw values over their epochs; the name stands at the axis."""
    axes.plot(list(values), list(values.values()), "o-", color=style.NEUTRAL_COLOUR)
    axes.set(xlabel="epoch", ylabel=name)
    axes.xaxis.get_major_locator().set_params(integer=True)


def mining_curves(
    records: Sequence[Mapping[str, float]], title: str | None = None
) -> Figure:
    """Draw, step by step, how hard the mined triplets are.

    The left panel shows the share of triplets that violate the margin, the middle one
    the weight of each kind, the right one the mean distance to the hardest positives
    and negatives of the own and the other modality, as far as the records have them.
    There is one record a step or epoch, with names such as "within/active", as
    `training.describe_terms` returns it; every place averages 15 of them.
    """
    count = len(records)
    require(count >= AVERAGED, f"{count} records, expected {AVERAGED} or more")
    window, steps = np.full(AVERAGED, 1 / AVERAGED), range(AVERAGED, count + 1)
    fig, panels = style.row_of_panels(len(MINED_CURVES), 3.1, title)
    for axes, (text, curves) in zip(panels, MINED_CURVES.items(), strict=True):
        lines = {
            label: np.convolve([one[name] for one in records], window, mode="valid")
            for label, name in curves.items()
            if name in records[0]
        }
        _draw_lines(axes, steps, lines, MINED)
        axes.set_xlabel("step")
        axes.set_title(text, fontsize=10)
    for axes in (panels[0], panels[2]):
        axes.legend(fontsize=8)
    return fig


def convention_curves(
    curves: Mapping[str, Sequence[float]],
    ks: Sequence[int],
    relevant: int,
    label: str = "score, 0 to 1",
    title: str | None = None,
) -> Figure:
    """Draw the scores of one ranking against the cut-off, a curve a convention.

    Args:
        curves: for each convention (at most 5) its scores, 0 to 1, one a cut-off.
        ks: the cut-offs K, ascending.
        relevant: R, relevant photos in the gallery; marked where K = R.
        label: what the vertical axis shows.
        title: one sentence, or None.
    """
    fig, (axes,) = style.row_of_panels(1, 3.6)
    _draw_lines(axes, ks, curves, CONVENTIONS)
    axes.axvline(relevant, color="grey", linewidth=0.8, zorder=0)
    style.note(
        axes, f"K = R = {relevant}", (relevant, 0.02), (4, 0), fontsize=8, ha="left"
    )
    axes.set(xlim=(0, max(ks)), ylim=(0, 1), xlabel="cut-off K", ylabel=label)
    style.legend_below(fig, axes, columns=len(CONVENTIONS), handlelength=2.6)
    axes.set_title(title or "")
    return fig


def seed_noise_plot(
    points: Sequence[float],
    apart: Lines,
    runs: Sequence[int],
    seen: Lines,
    title: str | None = None,
) -> Figure:
    """Draw how far equal methods lie apart, and how many seeds show a true difference.

    Args:
        points: sizes of a difference, in points, ascending.
        apart: label to the shares of pairs of equal runs that lie so far apart, 0 to 1,
            one a size; at most 3 lines.
        runs: numbers of paired seeds, ascending.
        seen: label to the chances to see a true difference, 0 to 1, one for each number
            of seeds; at most 3 lines.
        title: one sentence, or None.
    """
    fig, (left, right) = style.row_of_panels(2, 3.0, title)
    _draw_lines(left, points, apart, SEEDS)
    left.set(xlabel="apart by at least, points", ylabel="share of pairs")
    left.set_title("equal methods, different seeds", fontsize=10)
    _draw_lines(right, runs, seen, SEEDS)
    right.set(xlabel="paired seeds", ylabel="chance to see it")
    right.set_title("methods that truly differ by", fontsize=10)
    for axes in (left, right):
        axes.set_ylim(0, 1)
        axes.legend(fontsize=8)
    return fig


def abstraction_plot(
    panels: Mapping[str, Mapping[str, Scores]], title: str | None = None
) -> Figure:
    """Draw mAP@all against the share of the pen's way, with 95 % intervals over seeds.

    `panels` has for each panel its title, and for each method (at most 4) its scores:
    share drawn, above 0 to 1, to one value a seed; a single seed has no interval.
    """
    _check_panels(panels)
    fig, grid = style.row_of_panels(len(panels), 3.5, title, sharey=True)
    for axes, (name, methods) in zip(grid, panels.items(), strict=True):
        for number, (method, scores) in enumerate(methods.items()):
            shares = sorted(scores)
            places = np.add(shares, APART * (number - (len(methods) - 1) / 2))
            marks = [mean_interval(scores[share]) for share in shares]
            look = dict(capsize=2, markersize=5, linewidth=1.4, **METHODS[number])
            draw_intervals(axes, places, marks, upright=True, label=method, **look)
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("share of the pen's way that is drawn")
        axes.set_xlim(0, 1.1)
        shares = sorted({share for scores in methods.values() for share in scores})
        axes.set_xticks(shares, [f"{share:.0%}" for share in shares])
    grid[0].set_ylabel("mAP@all on unseen classes")
    grid[0].set_ylim(bottom=0)
    style.legend_below(fig, grid[0], columns=len(METHODS))
    return fig


def _check_panels(panels: Mapping[str, Mapping[str, Scores]]) -> None:
    """Raise ValueError unless every panel has methods, and every method scores."""
    whole = panels and all(panels.values())
    require(whole, "nothing to draw: give one panel and one method or more")
    for name, methods in panels.items():
        require(
            len(methods) <= len(METHODS),
            f"panel {name!r} has {len(methods)} methods, expected at most "
            f"{len(METHODS)}: draw another figure for the others",
        )
        for method, scores in methods.items():
            require(scores, f"panel {name!r}: method {method!r} has no scores")
