"""Curves of what was mined: how hard each kind of triplet stays while training."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.style import FIGURE_WIDTH, NEUTRAL_COLOUR

LINES = ("-", "--", ":", "-.")
SHARES = {"active": "share that violates", "weight": "weight"}
DISTANCES = {
    "within/positive": "positive, own",
    "cross/positive": "positive, other",
    "within/negative": "negative, own",
    "cross/negative": "negative, other",
}


def mining_curves(
    records: Sequence[Mapping[str, float]],
    kinds: Sequence[str] = ("within", "hybrid", "cross"),
    width: int = 15,
    title: str | None = None,
) -> Figure:
    """Draw, step by step, how hard the mined triplets are.

    The left panel shows the share of triplets that violate the margin, the middle one
    the weight of each kind, the right one the mean distance to the hardest positives
    and negatives of the own and the other modality, as far as the records have them.

    Args:
        records: one a step or epoch, with names such as "within/active"; see
            `training.describe_terms`.
        kinds: the kinds of triplets that were trained.
        width: number of records that are averaged for every place of a curve.
        title: what the curves show, said in one sentence, or None.

    Returns:
        The figure, with three panels.

    Raises:
        ValueError: there are fewer records than are averaged, or a kind is not in them.
    """
    if not 1 <= width <= len(records):
        raise ValueError(
            f"width is {width}, expected 1 to {len(records)}, the number of records"
        )
    for kind in kinds:
        if f"{kind}/weight" not in records[0]:
            raise ValueError(f"the records have no kind {kind!r}")
    fig, panels = plt.subplots(1, 3, figsize=(FIGURE_WIDTH, 3.1), layout="constrained")
    for axes, (name, text) in zip(panels, SHARES.items(), strict=False):
        curves = {kind: f"{kind}/{name}" for kind in kinds}
        _draw_curves(axes, records, curves, width)
        axes.set_title(text, fontsize=10)
    found = {text: name for name, text in DISTANCES.items() if name in records[0]}
    _draw_curves(panels[2], records, found, width)
    panels[2].set_title("mean distance", fontsize=10)
    for axes in (panels[0], panels[2]):
        axes.legend(fontsize=8)
    if title is not None:
        fig.suptitle(title)
    return fig


def _draw_curves(
    axes: Axes,
    records: Sequence[Mapping[str, float]],
    curves: Mapping[str, str],
    width: int,
) -> None:
    """Draw running means of some records, told apart by their dashes."""
    for style, (label, name) in zip(LINES, curves.items(), strict=False):
        values = np.array([record[name] for record in records])
        smooth = np.convolve(values, np.full(width, 1 / width), mode="valid")
        steps = np.arange(len(smooth)) + width
        axes.plot(steps, smooth, style, color=NEUTRAL_COLOUR, label=label)
    axes.set_xlabel("step")
