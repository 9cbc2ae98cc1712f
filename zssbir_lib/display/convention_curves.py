"""One ranking under several conventions: a score for each, against the cut-off."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import require_length
from zssbir_lib.display.style import FIGURE_WIDTH

# one look a convention: where two curves coincide, the thin one shows on the wide one
LOOKS = (
    dict(color="#000000", linestyle="-", linewidth=1.4),
    dict(color="#777777", linestyle="--", linewidth=1.4),
    dict(color="#BBBBBB", linestyle="-", linewidth=4.5),
    dict(color="#000000", linestyle="-.", linewidth=1.4),
    dict(color="#000000", linestyle=":", linewidth=1.8),
)


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
        title: what the figure shows, said in one sentence, or None.

    Returns:
        The figure.

    Raises:
        ValueError: there is nothing to draw, there are more conventions than looks, or
            a curve has not one score for each cut-off.
    """
    if not 1 <= len(curves) <= len(LOOKS):
        raise ValueError(
            f"{len(curves)} conventions to draw: give 1 to {len(LOOKS)} of them"
        )
    for name, scores in curves.items():
        require_length(name, scores, len(ks))
    fig, axes = plt.subplots(figsize=(FIGURE_WIDTH, 3.6), layout="constrained")
    for number, (name, scores) in enumerate(curves.items()):
        order = 2 - (LOOKS[number]["linewidth"] > 4)  # the wide one behind the others
        axes.plot(ks, scores, label=name, zorder=order, **LOOKS[number])
    axes.axvline(relevant, color="grey", linewidth=0.8, zorder=0)
    axes.annotate(
        f"K = R = {relevant}",
        (relevant, 0.02),
        xytext=(4, 0),
        fontsize=8,
        textcoords="offset points",
    )
    axes.set(xlim=(0, max(ks)), ylim=(0, 1), xlabel="cut-off K", ylabel=label)
    fig.legend(loc="outside lower center", ncols=len(LOOKS), handlelength=2.6)
    if title is not None:
        axes.set_title(title)
    return fig
