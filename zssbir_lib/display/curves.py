"""Curves of a training run, and results with their intervals."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import ArrayLike, as_array, require_length
from zssbir_lib.display.style import FIGURE_WIDTH, NEUTRAL_COLOUR


def training_curves(
    history: Sequence[Mapping[str, float | None]],
    loss: str = "loss",
    validation: str = "validation",
    title: str | None = None,
) -> Figure:
    """Draw the training loss and the validation score, epoch by epoch.

    Args:
        history: one mapping an epoch; every epoch has the loss, and those that were
            validated have the score (a fraction from 0 to 1).
        loss: key of the loss.
        validation: key of the score.
        title: what the curves show, said in one sentence, or None.

    Returns:
        The figure, with the loss on the left axes and the score on the right axes,
        or the loss alone when no epoch was validated.

    Raises:
        ValueError: the history is empty or an epoch has no loss.
    """
    if len(history) == 0:
        raise ValueError("the history is empty: train for at least one epoch")
    for epoch, entry in enumerate(history, start=1):
        if loss not in entry:
            raise ValueError(f"epoch {epoch} has no {loss!r}; it has {sorted(entry)}")
    scores = [entry.get(validation) for entry in history]
    validated = any(score is not None for score in scores)
    fig, panels = plt.subplots(
        1,
        2 if validated else 1,
        figsize=(FIGURE_WIDTH, 3.0),
        squeeze=False,
        layout="constrained",
    )
    _draw_curve(panels[0, 0], [entry[loss] for entry in history], "training loss")
    panels[0, 0].set_ylim(bottom=0)
    if validated:
        _draw_curve(panels[0, 1], scores, "validation mAP@all")
        _mark_best(panels[0, 1], scores)
    if title is not None:
        fig.suptitle(title)
    return fig


def _draw_curve(axes: Axes, values: Sequence[float | None], name: str) -> None:
    """Draw values over epochs 1, 2, ...; the name stands at the axis."""
    epochs = [epoch for epoch, value in enumerate(values, 1) if value is not None]
    drawn = [values[epoch - 1] for epoch in epochs]
    axes.plot(epochs, drawn, "o-", color=NEUTRAL_COLOUR)
    axes.set(xlabel="epoch", ylabel=name)
    axes.xaxis.get_major_locator().set_params(integer=True)


def _mark_best(axes: Axes, scores: Sequence[float | None]) -> None:
    """Write the best validation score beside its point."""
    best = max(
        (epoch for epoch, score in enumerate(scores) if score is not None),
        key=lambda epoch: scores[epoch],
    )
    axes.annotate(
        f"best: {scores[best]:.3f}",
        (best + 1, scores[best]),
        xytext=(0, 6),
        textcoords="offset points",
        horizontalalignment="center",
    )
    axes.margins(x=0.12, y=0.2)  # room for the text


def interval_plot(
    names: Sequence[str],
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
        title: what the comparison shows, said in one sentence, or None.

    Returns:
        The figure.

    Raises:
        ValueError: lengths differ, or a mean lies outside its interval.
    """
    means, lows, highs = as_array(means), as_array(lows), as_array(highs)
    _check_intervals(names, means, lows, highs)
    fig, axes = plt.subplots(
        figsize=(FIGURE_WIDTH, 1.1 + 0.38 * len(names)), layout="constrained"
    )
    heights = np.arange(len(names))
    axes.errorbar(
        means,
        heights,
        xerr=[means - lows, highs - means],
        fmt="o",
        capsize=3,
        color=NEUTRAL_COLOUR,
    )
    for height, mean in zip(heights, means, strict=True):
        axes.annotate(
            f"{mean:.3f}",
            (mean, height),
            xytext=(0, 5),
            textcoords="offset points",
            horizontalalignment="center",
            fontsize=8,
        )
    axes.set_yticks(heights, names)
    axes.set_ylim(len(names) - 0.5, -0.6)  # the first result on top
    axes.set_xlabel(f"{label} (dot: mean, bar: 95 % interval)")
    axes.grid(axis="x")
    if title is not None:
        axes.set_title(title)
    return fig


def _check_intervals(
    names: Sequence[str], means: np.ndarray, lows: np.ndarray, highs: np.ndarray
) -> None:
    """Raise ValueError unless there are N means, each inside its interval."""
    if len(names) == 0:
        raise ValueError("no results to draw: names is empty")
    for kind, values in (("means", means), ("lows", lows), ("highs", highs)):
        require_length(kind, values, len(names))
    for name, mean, low, high in zip(names, means, lows, highs, strict=True):
        if not low <= mean <= high:
            raise ValueError(
                f"{name}: mean {mean:.4g} lies outside its interval "
                f"[{low:.4g}, {high:.4g}]"
            )
