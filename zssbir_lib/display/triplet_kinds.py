"""Kinds of triplets in the plane: which positive, which negative, of one anchor."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import ArrayLike, as_array, require_length
from zssbir_lib.display.style import FIGURE_WIDTH, MODALITY_COLOURS, MODALITY_MARKERS
from zssbir_lib.modality import PHOTO, SKETCH

LINES = {"positive": "-", "negative": "--"}
ROOM = 0.3  # free space around the points, data units


def triplet_kinds(
    points: ArrayLike,
    labels: ArrayLike,
    modality: ArrayLike,
    anchor: int,
    kinds: Mapping[str, tuple[int, int]],
    title: str | None = None,
) -> Figure:
    """Draw a batch once for each kind of triplet, with the triplet of one anchor.

    Sketches are triangles, photos circles; the anchor's class is filled, every other
    class hollow. The anchor has a ring around it. A solid line leads to its positive,
    a dashed one to its negative.

    Args:
        points: positions of N points, float (N, 2).
        labels: class numbers, integers (N,).
        modality: 0 for a sketch, 1 for a photo, integers (N,).
        anchor: position of the anchor in the batch, 0 to N - 1.
        kinds: for each panel its title, and the positions of the positive and the
            negative; below 0 where there is none.
        title: what the panels show together, said in one sentence, or None.

    Returns:
        The figure, a panel for each kind; panels share their range.

    Raises:
        ValueError: there is nothing to draw, or shapes and numbers do not fit.
    """
    points, labels, modality = as_array(points), as_array(labels), as_array(modality)
    _check_kinds(points, labels, modality, anchor, kinds)
    fig, panels = plt.subplots(
        1,
        len(kinds),
        figsize=(FIGURE_WIDTH, 2.6),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    low, high = points.min(axis=0) - ROOM, points.max(axis=0) + ROOM
    for axes, (name, chosen) in zip(panels[0], kinds.items(), strict=True):
        _draw_lines(axes, points, anchor, chosen)
        _draw_points(axes, points, labels == labels[anchor], modality)
        axes.scatter(*points[anchor], s=230, facecolors="none", edgecolors="black")
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        axes.set(xticks=[], yticks=[])
        axes.set_title(name, fontsize=10)
    handles, names = panels[0, 0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=3, fontsize=9)
    if title is not None:
        fig.suptitle(title, fontsize=11, x=0.01, horizontalalignment="left")
    return fig


def _check_kinds(
    points: np.ndarray,
    labels: np.ndarray,
    modality: np.ndarray,
    anchor: int,
    kinds: Mapping[str, tuple[int, int]],
) -> None:
    """Raise ValueError unless points, labels and positions fit together."""
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"points have shape {points.shape}; expected (N, 2)")
    require_length("labels", labels, len(points))
    require_length("modality", modality, len(points))
    unknown = set(modality.tolist()) - {SKETCH, PHOTO}
    if unknown:
        raise ValueError(f"modality contains {sorted(unknown)}; expected 0 or 1")
    if not 0 <= anchor < len(points):
        raise ValueError(f"anchor is {anchor}; expected 0 to {len(points) - 1}")
    if not kinds:
        raise ValueError("kinds is empty: name at least one kind of triplet")
    for name, chosen in kinds.items():
        if max(chosen) >= len(points):
            raise ValueError(
                f"kind {name!r} names the points {chosen}, but there are {len(points)}"
            )


def _draw_lines(
    axes: Axes, points: np.ndarray, anchor: int, chosen: tuple[int, int]
) -> None:
    """Draw the lines from the anchor to its positive and its negative."""
    for (name, style), end in zip(LINES.items(), chosen, strict=True):
        there = [anchor, end] if end >= 0 else []  # an empty line keeps its label
        x, y = points[there].T
        axes.plot(x, y, style, color="black", linewidth=1.4, label=f"to the {name}")


def _draw_points(
    axes: Axes, points: np.ndarray, own: np.ndarray, modality: np.ndarray
) -> None:
    """Draw all points: modality by mark and colour, the anchor's class filled."""
    names = {SKETCH: "sketch", PHOTO: "photo"}
    for kind, marker in MODALITY_MARKERS.items():
        colour = MODALITY_COLOURS[kind]
        for is_own, face in ((True, colour), (False, "white")):
            there = points[(modality == kind) & (own == is_own)]  # (n, 2)
            owner = "its class" if is_own else "another"
            style = {"marker": marker, "s": 60, "zorder": 3, "edgecolors": colour}
            label = f"{names[kind]}, {owner}"
            axes.scatter(*there.T, facecolors=face, label=label, **style)
