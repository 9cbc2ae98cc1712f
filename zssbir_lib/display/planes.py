"""A few points in the plane: what a loss moves, kinds of triplets, nearest corners."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from zssbir_lib.display import style
from zssbir_lib.display.arrays import (
    Array,
    ArrayLike,
    Names,
    as_array,
    in_plane,
    require,
    require_length,
    require_modality,
    require_points,
)
from zssbir_lib.modality import NAMES

SIDES = {  # of a mark: where its name goes, in points, and which end of it is nearest
    "left": ((-9, 0), "right", "center"),
    "right": ((9, 0), "left", "center"),
    "above": ((0, 9), "center", "bottom"),
    "below": ((0, -9), "center", "top"),
}
ROOM, KINDS_ROOM = 0.25, 0.3  # free space around what is drawn, data units
CORNERS = {"11": (1, 1), "01": (-1, 1), "00": (-1, -1), "10": (1, -1)}  # by their bits


def point_planes(
    points: ArrayLike,
    modality: ArrayLike,
    names: Names,
    moves: Sequence[ArrayLike],
    sides: Names,
    radius: float,
    panel_titles: Names,
    title: str | None = None,
) -> Figure:
    """Draw the same few points once for each loss, with arrows for what it moves.

    Sketches are triangles, photos circles. A point that does not move has no arrow.

    Args:
        points: positions of N points, float (N, 2); the first is the anchor.
        modality: 0 for a sketch, 1 for a photo, integers (N,).
        names: N names to write beside the points.
        moves: for each of P panels, where the points go: float (N, 2), from their
            positions.
        sides: on which side of its point each name stands, of left, right, above and
            below.
        radius: of a grey disc around the anchor.
        panel_titles: P titles.
        title: one sentence, or None.

    Returns:
        The figure, with P axes that share their range.
    """
    points, modality = as_array(points), as_array(modality)
    moves = [as_array(one) for one in moves]
    require_points(points, modality=modality, names=names, sides=sides)
    require_modality(modality)
    _check_moves(points, moves, sides, panel_titles)
    fig, panels = style.row_of_panels(len(moves), 3.6, sharex=True, sharey=True)
    style.write_title(fig, title, **style.AT_LEFT)
    drawn = [points, points[:1] - radius, points[:1] + radius]
    drawn = np.concatenate([*drawn, *(points + one for one in moves)])
    (left, bottom), (right, top) = drawn.min(axis=0) - ROOM, drawn.max(axis=0) + ROOM
    disc = {"color": "grey", "alpha": 0.18, "linewidth": 0}
    for axes, move, name in zip(panels, moves, panel_titles, strict=True):
        axes.add_patch(plt.Circle(points[0], radius, **disc))
        _draw_moves(axes, points, modality, move)
        _write_names(axes, points, names, sides)
        axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
        axes.set_xlabel("first coordinate")
        axes.set_title(name, fontsize=10)
    panels[0].set_ylabel("second coordinate")
    return fig


def _check_moves(
    points: Array, moves: Sequence[Array], sides: Names, panel_titles: Names
) -> None:
    """Raise ValueError unless every panel moves every point, and names have a side."""
    known = set(sides) <= set(SIDES)
    require(known, f"sides are {list(sides)}; choose from {', '.join(SIDES)}")
    require(len(moves), "moves is empty: give one (N, 2) for each panel")
    for number, one in enumerate(moves):
        fault = f"moves[{number}] has shape {one.shape}, the points {points.shape}"
        require(one.shape == points.shape, fault)
    require_length("panel_titles", panel_titles, len(moves))


def _draw_moves(axes: Axes, points: Array, modality: Array, move: Array) -> None:
    """Draw points and arrows of one panel."""
    for kind, look in style.MODALITY_LOOKS.items():
        axes.scatter(*points[modality == kind].T, s=70, zorder=3, **look)
    for start, end in zip(points, points + move, strict=True):
        if np.linalg.norm(end - start) > 1e-6:
            arrow = {"arrowstyle": "->", "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", end, start, arrowprops=arrow, zorder=4)


def _write_names(axes: Axes, points: Array, names: Names, sides: Names) -> None:
    """Write each name on its side of its point."""
    for point, name, side in zip(points, names, sides, strict=True):
        shift, across, up = SIDES[side]
        style.note(axes, name, point, shift, ha=across, va=up, fontsize=9)


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
        title: one sentence, or None.
    """
    points, labels, modality = as_array(points), as_array(labels), as_array(modality)
    require_points(points, labels=labels, modality=modality)
    require_modality(modality)
    _check_kinds(len(points), anchor, kinds)
    fig, panels = style.row_of_panels(len(kinds), 2.6, sharex=True, sharey=True)
    style.write_title(fig, title, **style.AT_LEFT)
    (left, bottom), (right, top) = points.min(axis=0), points.max(axis=0)
    for axes, (name, ends) in zip(panels, kinds.items(), strict=True):
        _draw_triplet(axes, points, anchor, ends)
        _draw_batch(axes, points, labels == labels[anchor], modality)
        axes.scatter(*points[anchor], s=230, facecolors="none", edgecolors="black")
        axes.set(xlim=(left - KINDS_ROOM, right + KINDS_ROOM), aspect="equal")
        axes.set(ylim=(bottom - KINDS_ROOM, top + KINDS_ROOM))
        style.without_scales(axes)
        axes.set_title(name, fontsize=10)
    style.legend_below(fig, panels[0], columns=3, fontsize=9)
    return fig


def _check_kinds(count: int, anchor: int, kinds: Mapping[str, Sequence[int]]) -> None:
    """Raise ValueError unless anchor, positives and negatives are in the batch."""
    inside = 0 <= anchor < count
    require(inside, f"anchor is {anchor}; expected 0 to {count - 1}")
    require(kinds, "kinds is empty: name at least one kind of triplet")
    for name, ends in kinds.items():
        fault = f"kind {name!r} names the points {ends}, but there are {count}"
        require(max(ends) < count, fault)


def _draw_triplet(axes: Axes, points: Array, anchor: int, ends: Sequence[int]) -> None:
    """Draw the lines from the anchor to its positive and its negative."""
    dashes = {"positive": "-", "negative": "--"}
    for (name, dash), end in zip(dashes.items(), ends, strict=True):
        there = [anchor, end] if end >= 0 else []  # an empty line keeps its label
        x, y = points[there].T
        axes.plot(x, y, dash, color="black", linewidth=1.4, label=f"to the {name}")


def _draw_batch(axes: Axes, points: Array, own: Array, modality: Array) -> None:
    """Draw all points: modality by mark and colour, the anchor's class filled."""
    for kind, marker in style.MODALITY_MARKERS.items():
        colour = style.MODALITY_COLOURS[kind]
        for is_own, face in ((True, colour), (False, "white")):
            there = points[(modality == kind) & (own == is_own)]  # (n, 2)
            label = f"{NAMES[kind]}, {'its class' if is_own else 'another'}"
            look = {"marker": marker, "s": 60, "zorder": 3, "edgecolors": colour}
            axes.scatter(*there.T, facecolors=face, label=label, **look)


def code_corners(stages: Mapping[str, ArrayLike], title: str | None = None) -> Figure:
    """Draw photos' embeddings, the corner nearest to each, and the way between.

    `stages` has for each panel its title and the embeddings, (N, 2); a bit of the
    code is 1 where a number is above 0.
    """
    require(stages, "nothing to draw: give one stage or more")
    clouds = {name: as_array(points) for name, points in stages.items()}
    for name, points in clouds.items():
        shape = points.shape
        require(in_plane(points), f"{name!r} has shape {shape}: expected (N, 2)")
    reach = 1.08 * max(1.0, *(np.abs(points).max() for points in clouds.values()))
    height = style.FIGURE_WIDTH / max(2, len(clouds)) + 0.4
    fig, panels = style.row_of_panels(len(clouds), height, title)
    for axes, (name, points) in zip(panels, clouds.items(), strict=True):
        _draw_corners(axes, points)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        axes.set(xlabel="first number", ylabel="second number")
        axes.set_title(name, fontsize=10)
    return fig


def _draw_corners(axes: Axes, points: Array) -> None:
    """Draw the points of a panel, the axes that cut them, and the four corners."""
    nearest = np.where(points > 0, 1, -1)
    ways = np.stack([points, nearest], axis=1)  # (N, 2 ends, 2)
    axes.add_collection(LineCollection(ways, colors="#BBBBBB", linewidths=0.7))
    axes.plot(*points.T, "o", color=style.PHOTO_COLOUR, markersize=4)
    axes.plot(*zip(*CORNERS.values(), strict=True), "s", color="black", markersize=6)
    for code, corner in CORNERS.items():
        place = 0.5 + 0.45 * np.array(corner)  # near the panel's corner, 0 to 1
        axes.text(*place, code, ha="center", va="center", transform=axes.transAxes)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.grid(False)
