"""An external memory as a picture: which slots are full, of what, and since when."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import ArrayLike, as_array, require_length
from zssbir_lib.display.style import FIGURE_WIDTH, MODALITY_COLOURS, MODALITY_MARKERS
from zssbir_lib.modality import PHOTO, SKETCH

Slots = tuple[ArrayLike, ArrayLike, ArrayLike]
FAINTEST = 0.15  # opacity of the oldest slot
SIDES = {SKETCH: 1, PHOTO: -1}  # of the line in the middle: above, below


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
        title: what the panels show together, said in one sentence, or None.

    Returns:
        The figure, a panel for each memory, one above the other.

    Raises:
        ValueError: there is nothing to draw, or shapes and numbers do not fit.
    """
    if not memories:
        raise ValueError("memories is empty: give one memory or more")
    drawn = {name: _full_slots(slots, classes) for name, slots in memories.items()}
    oldest = max(ages.max(initial=1) for _, _, ages in drawn.values())
    piles = {name: _pile_up(*slots[:2]) for name, slots in drawn.items()}
    reach = max(np.abs(heights).max(initial=2) for heights in piles.values()) + 0.7
    fig, panels = plt.subplots(
        len(drawn),
        1,
        figsize=(FIGURE_WIDTH, 0.9 + (0.3 + 0.23 * reach) * len(drawn)),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    for axes, (name, slots) in zip(panels[:, 0], drawn.items(), strict=True):
        labels, modality, ages = slots
        _draw_marks(axes, labels, piles[name], modality, ages / oldest)
        axes.set_title(
            f"{name}: {len(labels)} of {len(memories[name][0])} slots", fontsize=10
        )
        axes.axhline(0, color="grey", linewidth=0.8)
        axes.set(xlim=(-1, classes), ylim=(-reach, reach))
        axes.set_yticks([-reach / 2, reach / 2], ["photos", "sketches"], fontsize=8)
        axes.tick_params(axis="y", length=0)
        axes.grid(False)
    axes.set_xlabel("class number (faint: written long ago)")
    if title is not None:
        fig.suptitle(title, fontsize=11, x=0.01, horizontalalignment="left")
    return fig


def _full_slots(
    slots: Slots, classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels, modality and ages of the slots that hold something."""
    labels, modality, ages = (as_array(part) for part in slots)
    require_length("modality", modality, len(labels))
    require_length("ages", ages, len(labels))
    if len(labels) and labels.max() >= classes:
        raise ValueError(
            f"a slot is of class {labels.max()}, but there are {classes} classes"
        )
    full = labels >= 0
    unknown = set(modality[full].tolist()) - set(SIDES)
    if unknown:
        raise ValueError(f"modality contains {sorted(unknown)}; expected 0 or 1")
    return labels[full], modality[full], ages[full]


def _pile_up(labels: np.ndarray, modality: np.ndarray) -> np.ndarray:
    """Return each slot's height: 1, 2, ... for sketches, -1, -2, ... for photos."""
    heights = np.zeros(len(labels), dtype=int)
    for place, (label, kind) in enumerate(zip(labels, modality, strict=True)):
        before = (labels[:place] == label) & (modality[:place] == kind)
        heights[place] = SIDES[int(kind)] * (1 + before.sum())
    return heights


def _draw_marks(
    axes: Axes,
    labels: np.ndarray,
    heights: np.ndarray,
    modality: np.ndarray,
    share: np.ndarray,
) -> None:
    """Draw one mark a slot, fainter with its age as a share of the oldest."""
    for kind, marker in MODALITY_MARKERS.items():
        some = modality == kind
        if not some.any():
            continue
        axes.scatter(
            labels[some],
            heights[some],
            marker=marker,
            s=34,
            color=MODALITY_COLOURS[kind],
            alpha=1 - (1 - FAINTEST) * share[some],
            linewidths=0,
        )
