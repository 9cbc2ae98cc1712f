"""What RAMLN learns and remembers: margins on a map, and the slots of its memory."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from zssbir_lib.display import style
from zssbir_lib.display.arrays import (
    Array,
    ArrayLike,
    Names,
    as_array,
    require,
    require_labels,
    require_length,
    require_modality,
    require_points,
)
from zssbir_lib.modality import NAMES, SKETCH

ENDS = (0.02, 0.98)  # quantiles of the margins where the scale of colours ends
FAINTEST = 0.15  # opacity of the oldest slot
Slots = tuple[ArrayLike, ArrayLike, ArrayLike]


def margin_map(
    points: ArrayLike,
    margin: ArrayLike,
    difficulty: ArrayLike,
    labels: ArrayLike,
    modality: ArrayLike,
    class_names: Names,
    named: Names = (),
    every: int = 1,
    title: str | None = None,
) -> Figure:
    """Draw images with their margins as colour, and every class's mean margin.

    On the map sketches are triangles, photos circles, and a named class has its name
    where its images lie on average. The few lowest and highest margins share the
    colours at the ends of the scale. Beside the map stands a mark for each class, with
    Spearman's correlation above.

    Args:
        points: positions of N images in the plane, float (N, 2).
        margin: their margins, float (N,).
        difficulty: how hard each is to retrieve by, 0 to 1, float (N,).
        labels: class numbers from 0 to C - 1, integers (N,).
        modality: 0 for a sketch, 1 for a photo, integers (N,).
        class_names: the C names.
        named: names of the classes that are written in both panels.
        every: draw one image in so many on the map; classes are of all images.
        title: one sentence, or None.
    """
    points, margin, difficulty, labels, modality = map(
        as_array, (points, margin, difficulty, labels, modality)
    )
    values = dict(margin=margin, difficulty=difficulty, labels=labels)
    require_points(points, **values, modality=modality)
    require_labels(labels, class_names)
    require_modality(modality)
    there = np.unique(labels)
    drawn = [class_names[label] for label in there]
    for name in named:
        require(name in drawn, f"no image is of the class {name!r}")
    fig, (left, right) = style.row_of_panels(2, 3.7, width_ratios=(1.25, 1))
    style.write_title(fig, title, **style.AT_LEFT)
    _draw_images(left, points[::every], margin[::every], modality[::every])
    means = np.array(
        [[values[labels == i].mean() for values in (difficulty, margin)] for i in there]
    )  # (C, 2)
    _draw_classes(right, means)
    for name in named:
        label = there[drawn.index(name)]
        _write_name(left, name, points[labels == label].mean(axis=0))
        place = means[drawn.index(name)]
        above = place[1] > np.median(means[:, 1])  # away from the other marks
        _write_name(right, name, place, shift=9 if above else -9)
    return fig


def _draw_images(axes: Axes, points: Array, margin: Array, modality: Array) -> None:
    """Draw the images by modality, on one scale of colours."""
    low, high = np.quantile(margin, ENDS)
    scale = {"cmap": "viridis", "vmin": low, "vmax": high}
    for kind, marker in style.MODALITY_MARKERS.items():
        some = modality == kind
        look = {"marker": marker, "s": 13, "linewidths": 0, "label": NAMES[kind]}
        drawn = axes.scatter(*points[some].T, c=margin[some], **scale, **look)
    axes.figure.colorbar(drawn, ax=axes, label="margin", shrink=0.85)
    style.without_scales(axes)
    axes.set_title("images: colour is the margin", fontsize=10)
    axes.legend(loc="upper left", fontsize=8, frameon=True)


def _draw_classes(axes: Axes, means: Array) -> None:
    """Draw mean difficulty and mean margin of every class, (C, 2)."""
    axes.scatter(*means.T, marker="D", s=18, color=style.NEUTRAL_COLOUR, alpha=0.6)
    axes.set(xlabel="mean difficulty, 1 - AP (0 to 1)", ylabel="mean margin")
    axes.margins(x=0.18, y=0.12)
    correlation = spearmanr(*means.T).statistic if len(means) > 1 else 0.0
    axes.set_title(f"every class: rank correlation {correlation:+.2f}", fontsize=10)


def _write_name(axes: Axes, name: str, place: Array, shift: int = 0) -> None:
    """Write a class name on a place, framed, or so many points above it."""
    edge = "none" if shift else "grey"
    box = {"facecolor": "white", "edgecolor": edge, "alpha": 0.8, "pad": 1.2}
    style.note(axes, name, place, (0, shift), va="center", fontsize=8, bbox=box)


def memory_panels(
    memories: Mapping[str, Slots], classes: int, title: str | None = None
) -> Figure:
    """Draw every full slot as a mark over its class: sketches above, photos below.

    Slots of one class and modality are piled up. A slot that was just written is
    dark; the oldest slot of all panels is faint. Empty slots are not drawn.

    Args:
        memories: for each panel its title, and of K slots the classes, int (K,), -1 if
            empty; the modality, 0 sketch, 1 photo, (K,); and the ages, writes since the
            last one to the slot, (K,).
        classes: number C of classes.
        title: one sentence, or None.

    Returns:
        The figure, a panel for each memory, one above the other.
    """
    require(memories, "memories is empty: give one memory or more")
    drawn = {name: _full_slots(slots, classes) for name, slots in memories.items()}
    oldest = max(ages.max(initial=1) for _, _, ages in drawn.values())
    piles = {name: _pile_up(*slots[:2]) for name, slots in drawn.items()}
    reach = max(np.abs(heights).max(initial=2) for heights in piles.values()) + 0.7
    size = (style.FIGURE_WIDTH, 0.9 + (0.3 + 0.23 * reach) * len(drawn))
    share = {"sharex": True, "sharey": True, "squeeze": False}
    fig, panels = plt.subplots(
        len(drawn), 1, figsize=size, layout="constrained", **share
    )
    style.write_title(fig, title, **style.AT_LEFT)
    for axes, (name, slots) in zip(panels[:, 0], drawn.items(), strict=True):
        labels, modality, ages = slots
        _draw_slots(axes, labels, piles[name], modality, ages / oldest)
        text = f"{name}: {len(labels)} of {len(memories[name][0])} slots"
        axes.set_title(text, fontsize=10)
        axes.axhline(0, color="grey", linewidth=0.8)
        axes.set(xlim=(-1, classes), ylim=(-reach, reach))
        axes.set_yticks([-reach / 2, reach / 2], ["photos", "sketches"], fontsize=8)
        axes.tick_params(axis="y", length=0)
        axes.grid(False)
    axes.set_xlabel("class number (faint: written long ago)")
    return fig


def _full_slots(slots: Slots, classes: int) -> list[Array]:
    """Return labels, modality and ages of the slots that hold something."""
    labels, modality, ages = (as_array(part) for part in slots)
    require_length("modality", modality, len(labels))
    require_length("ages", ages, len(labels))
    last = labels.max(initial=-1)
    require(
        last < classes, f"a slot is of class {last}, but there are {classes} classes"
    )
    full = labels >= 0
    require_modality(modality[full])
    return [labels[full], modality[full], ages[full]]


def _pile_up(labels: Array, modality: Array) -> Array:
    """Return each slot's height: 1, 2, ... for sketches, -1, -2, ... for photos."""
    below = pd.Series(labels).groupby([labels, modality]).cumcount().to_numpy()
    return np.where(modality == SKETCH, 1, -1) * (1 + below)


def _draw_slots(
    axes: Axes, labels: Array, heights: Array, modality: Array, share: Array
) -> None:
    """Draw one mark a slot, fainter with its age as a share of the oldest."""
    for kind, look in style.MODALITY_LOOKS.items():
        some = modality == kind
        if some.any():
            faint = 1 - (1 - FAINTEST) * share[some]
            places = labels[some], heights[some]
            axes.scatter(*places, s=34, alpha=faint, linewidths=0, **look)
