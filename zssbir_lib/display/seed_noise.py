"""What seeds alone do: equal methods look different, different ones do not."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import require_length
from zssbir_lib.display.style import FIGURE_WIDTH

LOOKS = (
    dict(color="#000000", linestyle="-"),
    dict(color="#777777", linestyle="--"),
    dict(color="#000000", linestyle=":"),
)
Lines = Mapping[str, Sequence[float]]


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
        title: what the figure shows, said in one sentence, or None.

    Returns:
        The figure: equal methods at the left, different ones at the right.

    Raises:
        ValueError: a panel has no line or too many, or a line has another length than
            its axis.
    """
    fig, (left, right) = plt.subplots(
        1, 2, figsize=(FIGURE_WIDTH, 3.0), layout="constrained"
    )
    _draw_lines(left, points, apart)
    left.set(xlabel="apart by at least, points", ylabel="share of pairs")
    left.set_title("equal methods, different seeds", fontsize=10)
    _draw_lines(right, runs, seen)
    right.set(xlabel="paired seeds", ylabel="chance to see it")
    right.set_title("methods that truly differ by", fontsize=10)
    if title is not None:
        fig.suptitle(title)
    return fig


def _draw_lines(axes: Axes, places: Sequence[float], lines: Lines) -> None:
    """Draw the lines of one panel with their legend."""
    if not 1 <= len(lines) <= len(LOOKS):
        raise ValueError(f"{len(lines)} lines in a panel: give 1 to {len(LOOKS)}")
    for (label, values), look in zip(lines.items(), LOOKS, strict=False):
        require_length(label, values, len(places))
        axes.plot(places, values, label=label, linewidth=1.4, **look)
    axes.set_ylim(0, 1)
    axes.legend(fontsize=8)
