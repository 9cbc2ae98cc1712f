"""What a data set holds: images of every class, and what the public data sets hold."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch

from zssbir_lib.display.style import (
    FIGURE_WIDTH,
    MODALITY_COLOURS,
    MODALITY_MARKERS,
    NEUTRAL_COLOUR,
)
from zssbir_lib.modality import PHOTO, SKETCH

Counts = Mapping[str, tuple[int, int]]  # class -> sketches, photos
Totals = Mapping[str, tuple[int, bool]]  # "seen photos", ... -> images, counted
PLURALS = {SKETCH: "sketches", PHOTO: "photos"}
NAMED_CLASSES = 80  # with more, the names would run into each other
UNSEEN = "unseen"
NARROWEST = 0.2  # panel, as a share of all classes: its title needs the room
SIZES = {PHOTO: 22, SKETCH: 12}  # a sketch's mark does not hide a photo's below it
ROOM = 1.8  # of the longest bar, for the text beside it


def class_counts_plot(
    groups: Mapping[str, Counts],
    published: Mapping[str, Totals],
    title: str | None = None,
) -> Figure:
    """Draw the images of every class, and below it the totals of public data sets.

    Sketches are triangles, photos circles; they are filled for classes that may be
    trained on and open for unseen ones. Classes stand in order of their images.

    Args:
        groups: for each group of classes ("seen", "validation", "unseen") its
            classes, and of each the numbers of sketches and of photos.
        published: for each public data set the numbers of "seen sketches", "unseen
            sketches", "seen photos" and "unseen photos", each with whether it was
            counted (False: about so many); empty draws no totals.
        title: what the figure shows, said in one sentence, or None.

    Returns:
        The figure: an axes for each group, then one for the totals.

    Raises:
        ValueError: there is no class to draw, or a total is missing.
    """
    if not groups or not all(groups.values()):
        raise ValueError("no classes to draw: give one group with one class or more")
    heights = [2.5, 0.75 + 0.5 * len(published)] if published else [2.5]
    fig = plt.figure(figsize=(FIGURE_WIDTH, sum(heights) + 0.3), layout="constrained")
    parts = fig.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _draw_groups(parts[0], groups)
    if published:
        _draw_totals(parts[1], published)
    if title is not None:
        fig.suptitle(title, fontsize=11, x=0.01, horizontalalignment="left")
    return fig


def _draw_groups(fig: SubFigure, groups: Mapping[str, Counts]) -> None:
    """Draw a strip of classes for each group, as wide as it has classes."""
    sizes = [len(counts) for counts in groups.values()]
    panels = fig.subplots(
        1,
        len(groups),
        sharey=True,
        squeeze=False,
        width_ratios=[max(size, sum(sizes) * NARROWEST) for size in sizes],
    )[0]
    for axes, (name, counts) in zip(panels, groups.items(), strict=True):
        _draw_classes(axes, counts, is_open=name == UNSEEN)
        axes.set_title(f"{len(counts)} {name}", fontsize=9)
        if sum(sizes) > NAMED_CLASSES:
            axes.set_xticks([])
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("images of a class")
    handles = [
        plt.Line2D([], [], linestyle="", marker=marker, color=colour, label=PLURALS[k])
        for (k, marker), colour in zip(
            MODALITY_MARKERS.items(), MODALITY_COLOURS.values(), strict=True
        )
    ]
    fig.legend(handles=handles, loc="outside right upper", fontsize=8)


def _draw_classes(axes: Axes, counts: Counts, is_open: bool) -> None:
    """Draw the two numbers of every class, the largest classes first."""
    names = sorted(counts, key=lambda name: (-sum(counts[name]), name))
    numbers = np.array([counts[name] for name in names])  # (C, 2)
    for kind, size in SIZES.items():
        colour = MODALITY_COLOURS[kind]
        face = "white" if is_open else colour
        axes.scatter(
            range(len(names)),
            numbers[:, kind],
            c=face,
            edgecolors=colour,
            marker=MODALITY_MARKERS[kind],
            s=size,
            linewidths=0.9 if is_open else 0,
            clip_on=False,
        )
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=5.5)
    axes.tick_params(axis="x", length=0, pad=1)
    axes.set_xlim(-1, len(names))


def _draw_totals(fig: SubFigure, published: Mapping[str, Totals]) -> None:
    """Draw two bars for every public data set: its sketches, its photos."""
    axes = fig.subplots()
    for place, (name, totals) in enumerate(published.items()):
        for kind, shift in ((SKETCH, -0.2), (PHOTO, 0.2)):
            _draw_bar(axes, place + shift, name, totals, kind)
    longest = max(bar.get_x() + bar.get_width() for bar in axes.patches)
    axes.set(xlim=(0, ROOM * longest), ylim=(len(published) - 0.5, -0.5))
    axes.set_yticks(range(len(published)), list(published), fontsize=8)
    axes.set_xlabel("images, of all classes together", fontsize=8)
    ticks = [tick for tick in axes.get_xticks() if tick <= longest]
    axes.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks], fontsize=8)
    axes.spines["bottom"].set_bounds(0, longest)
    axes.grid(False)
    axes.set_title("Public data sets", fontsize=9)
    handles = [
        Patch(facecolor=NEUTRAL_COLOUR, edgecolor=NEUTRAL_COLOUR, label="seen"),
        Patch(
            facecolor="white", edgecolor=NEUTRAL_COLOUR, hatch="////", label="unseen"
        ),
    ]
    axes.legend(handles=handles, loc="upper right", fontsize=8)


def _draw_bar(axes: Axes, height: float, name: str, totals: Totals, kind: int) -> None:
    """Draw the images of one modality: seen, then unseen; and write how many."""
    groups = [f"seen {PLURALS[kind]}", f"unseen {PLURALS[kind]}"]
    missing = [group for group in groups if group not in totals]
    if missing:
        raise ValueError(f"{name} has no number of {missing[0]}")
    (seen, seen_counted), (unseen, unseen_counted) = (totals[one] for one in groups)
    style = {"height": 0.36, "edgecolor": MODALITY_COLOURS[kind], "linewidth": 0.8}
    axes.barh(height, seen, color=MODALITY_COLOURS[kind], **style)
    axes.barh(height, unseen, left=seen, color="white", hatch="////", **style)
    total = f"{seen + unseen:,}"
    if not (seen_counted and unseen_counted):
        total = f"about {round(seen + unseen, -3):,}"
    text = f"{total} {PLURALS[kind]}, {unseen:,} of them unseen"
    place = {"xytext": (4, 0), "textcoords": "offset points"}
    axes.annotate(
        text, (seen + unseen, height), **place, verticalalignment="center", fontsize=7
    )
