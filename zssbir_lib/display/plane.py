"""Points in the plane, and where a loss moves them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import ArrayLike, as_array, require_length
from zssbir_lib.display.style import FIGURE_WIDTH, MODALITY_COLOURS, MODALITY_MARKERS
from zssbir_lib.modality import PHOTO, SKETCH

LABEL_GAP = 9  # points between the middle of a mark and its name
# Side of the mark: which way the name goes, and which end of it is nearest the mark.
SIDES = {
    "left": ((-1, 0), "right", "center"),
    "right": ((1, 0), "left", "center"),
    "above": ((0, 1), "center", "bottom"),
    "below": ((0, -1), "center", "top"),
}
ROOM = 0.25  # free space around everything that is drawn, data units


def point_planes(
    points: ArrayLike,
    modality: ArrayLike,
    names: Sequence[str],
    moves: Sequence[ArrayLike],
    sides: Sequence[str] | None = None,
    radius: float | None = None,
    panel_titles: Sequence[str] | None = None,
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
            below; None for below.
        radius: of a grey disc around the anchor, or None.
        panel_titles: P titles, or None.
        title: what the panels show together, said in one sentence, or None.

    Returns:
        The figure, with P axes that share their range.

    Raises:
        ValueError: there is nothing to draw, or shapes and numbers differ.
    """
    points, modality = as_array(points), as_array(modality)
    moves = [as_array(one) for one in moves]
    sides = ["below"] * len(points) if sides is None else sides
    _check_planes(points, modality, names, moves, sides)
    if panel_titles is not None:
        require_length("panel_titles", panel_titles, len(moves))
    fig, panels = plt.subplots(
        1,
        len(moves),
        figsize=(FIGURE_WIDTH, 3.6 if len(moves) > 1 else 3.9),
        sharex=True,
        sharey=True,
        squeeze=False,
        layout="constrained",
    )
    low, high = _limits(points, moves, radius)
    for number, axes in enumerate(panels[0]):
        _draw_plane(axes, points, modality, moves[number], radius)
        _write_names(axes, points, names, sides)
        axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        axes.set_xlabel("first coordinate")
        if panel_titles is not None:
            axes.set_title(panel_titles[number], fontsize=10)
    panels[0, 0].set_ylabel("second coordinate")
    if title is not None:
        fig.suptitle(title, fontsize=11, x=0.01, horizontalalignment="left")
    return fig


def _check_planes(
    points: np.ndarray,
    modality: np.ndarray,
    names: Sequence[str],
    moves: Sequence[np.ndarray],
    sides: Sequence[str],
) -> None:
    """Raise ValueError unless every point has a modality, a name and its moves."""
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(f"points have shape {points.shape}; expected (N, 2)")
    require_length("modality", modality, len(points))
    require_length("names", names, len(points))
    require_length("sides", sides, len(points))
    unknown = set(modality.tolist()) - {SKETCH, PHOTO}
    if unknown:
        raise ValueError(f"modality contains {sorted(unknown)}; expected 0 or 1")
    if not set(sides) <= set(SIDES):
        raise ValueError(f"sides are {list(sides)}; choose from {', '.join(SIDES)}")
    if len(moves) == 0:
        raise ValueError("moves is empty: give one (N, 2) for each panel")
    for number, one in enumerate(moves):
        if one.shape != points.shape:
            raise ValueError(
                f"moves[{number}] has shape {one.shape}, the points {points.shape}"
            )


def _limits(
    points: np.ndarray, moves: Sequence[np.ndarray], radius: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest coordinates that anything drawn reaches."""
    reach = radius or 0.0
    ends = [points, points[:1] - reach, points[:1] + reach]
    everything = np.concatenate([*ends, *(points + one for one in moves)])
    return everything.min(axis=0) - ROOM, everything.max(axis=0) + ROOM


def _draw_plane(
    axes: Axes,
    points: np.ndarray,
    modality: np.ndarray,
    move: np.ndarray,
    radius: float | None,
) -> None:
    """Draw disc, points and arrows of one panel."""
    if radius is not None:
        disc = plt.Circle(points[0], radius, color="grey", alpha=0.18, linewidth=0)
        axes.add_patch(disc)
    for kind, marker in MODALITY_MARKERS.items():
        chosen = points[modality == kind]  # (n, 2)
        colour = MODALITY_COLOURS[kind]
        axes.scatter(*chosen.T, color=colour, marker=marker, s=70, zorder=3)
    for start, end in zip(points, points + move, strict=True):
        if np.linalg.norm(end - start) > 1e-6:
            style = {"arrowstyle": "->", "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", end, start, arrowprops=style, zorder=4)


def _write_names(
    axes: Axes, points: np.ndarray, names: Sequence[str], sides: Sequence[str]
) -> None:
    """Write each name on its side of its point."""
    for point, name, side in zip(points, names, sides, strict=True):
        direction, horizontal, vertical = SIDES[side]
        axes.annotate(
            name,
            point,
            xytext=LABEL_GAP * np.array(direction),
            textcoords="offset points",
            horizontalalignment=horizontal,
            verticalalignment=vertical,
            fontsize=9,
        )
