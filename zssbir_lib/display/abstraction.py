"""How retrieval goes with sketches that are not finished: score against share drawn."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.style import FIGURE_WIDTH
from zssbir_lib.evaluation import mean_interval

# one look a method: told apart by mark and line, not by colour alone
LOOKS = (
    dict(color="#000000", marker="D", linestyle="-"),
    dict(color="#009E73", marker="s", linestyle="--"),
    dict(color="#CC79A7", marker="v", linestyle="-."),
    dict(color="#E69F00", marker="P", linestyle=":"),
)
APART = 0.012  # share between the marks of neighbouring methods, so that none hides
Scores = Mapping[float, Sequence[float]]


def abstraction_plot(
    panels: Mapping[str, Mapping[str, Scores]],
    label: str = "mAP@all on unseen classes",
    title: str | None = None,
) -> Figure:
    """Draw scores against the share of the pen's way, with 95 % intervals over seeds.

    Args:
        panels: for each panel its title, and for each method (at most 4) its scores:
            share drawn, above 0 to 1, to one value a seed.
        label: what the vertical axis shows.
        title: what the figure shows, said in one sentence, or None.

    Returns:
        The figure, a line a method; with a single seed there is no interval.

    Raises:
        ValueError: there is nothing to draw, a method has no scores, or there are more
            methods than looks.
    """
    _check_panels(panels)
    fig, grid = plt.subplots(
        1,
        len(panels),
        figsize=(FIGURE_WIDTH, 3.5),
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, (name, methods) in zip(grid[0], panels.items(), strict=True):
        for number, (method, scores) in enumerate(methods.items()):
            shift = APART * (number - (len(methods) - 1) / 2)
            _draw_method(axes, scores, shift, label=method, **LOOKS[number])
        axes.set_title(name, fontsize=10)
        axes.set_xlabel("share of the pen's way that is drawn")
        axes.set_xlim(0, 1.1)
        shares = sorted({share for scores in methods.values() for share in scores})
        axes.set_xticks(shares, [f"{share:.0%}" for share in shares])
    grid[0, 0].set_ylabel(label)
    grid[0, 0].set_ylim(bottom=0)
    handles, texts = grid[0, 0].get_legend_handles_labels()
    fig.legend(handles, texts, loc="outside lower center", ncols=len(LOOKS))
    if title is not None:
        fig.suptitle(title)
    return fig


def _check_panels(panels: Mapping[str, Mapping[str, Scores]]) -> None:
    """Check that every panel has methods, and every method scores."""
    if not panels or not all(panels.values()):
        raise ValueError("nothing to draw: give one panel and one method or more")
    for name, methods in panels.items():
        if len(methods) > len(LOOKS):
            raise ValueError(
                f"panel {name!r} has {len(methods)} methods, expected at most "
                f"{len(LOOKS)}: draw another figure for the others"
            )
        empty = [one for one, scores in methods.items() if not scores]
        if empty:
            raise ValueError(f"panel {name!r}: method {empty[0]!r} has no scores")


def _draw_method(axes: Axes, scores: Scores, shift: float, **look: str) -> None:
    """Draw the means of one method as a line, with an interval at every share."""
    shares = sorted(scores)
    marks = [mean_interval(scores[share]) for share in shares]
    means = [mean for mean, _, _ in marks]
    lengths = [
        [0.0 if end is None else abs(end - mean) for end in ends]  # one seed: none
        for mean, *ends in marks
    ]
    axes.errorbar(
        np.add(shares, shift),
        means,
        yerr=np.transpose(lengths),
        capsize=2,
        markersize=5,
        linewidth=1.4,
        **look,
    )
