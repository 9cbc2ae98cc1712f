"""The house style: one look, colours with fixed meanings, layouts, and saving."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.files import write_shared
from zssbir_lib.modality import PHOTO, SKETCH

SKETCH_COLOUR = "#D55E00"
PHOTO_COLOUR = "#0072B2"
CORRECT_COLOUR = "#009E73"
WRONG_COLOUR = "#AA3377"
NEUTRAL_COLOUR = "#333333"  # curves and results: neither modality, neither verdict

CORRECT_MARK = "\N{CHECK MARK}"
WRONG_MARK = "\N{BALLOT X}"

MODALITY_COLOURS = {SKETCH: SKETCH_COLOUR, PHOTO: PHOTO_COLOUR}
MODALITY_MARKERS = {SKETCH: "^", PHOTO: "o"}
MODALITY_LOOKS = {
    kind: {"marker": marker, "color": MODALITY_COLOURS[kind]}
    for kind, marker in MODALITY_MARKERS.items()
}

FIGURE_WIDTH = 7.0  # of every figure, in inches
AT_LEFT = {"fontsize": 11, "x": 0.01, "horizontalalignment": "left"}  # a long title


def use_house_style() -> None:
    """Load the style of this package into matplotlib, for all later figures.

    Example:
        >>> use_house_style()
        >>> plt.rcParams["figure.dpi"]
        110.0
    """
    plt.style.use("zssbir_lib.display.house")  # display/house.mplstyle


def write_title(fig: Figure, title: str | None, **look: Any) -> None:
    """Write the title of a whole figure, if there is one."""
    if title is not None:
        fig.suptitle(title, **look)


def row_of_panels(
    count: int, height: float, title: str | None = None, **options: Any
) -> tuple[Figure, np.ndarray]:
    """Return a titled figure of the house's width and its axes, side by side."""
    size = (FIGURE_WIDTH, height)
    fig, grid = plt.subplots(
        1, count, figsize=size, squeeze=False, layout="constrained", **options
    )
    write_title(fig, title)
    return fig, grid[0]


def without_scales(axes: Axes) -> None:
    """Leave out ticks and grid, where places have no numbers."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)


def first_on_top(axes: Axes, names: Sequence[str], **text: Any) -> None:
    """Name rows 0, 1, ... from top to bottom, with room at both ends."""
    axes.set_yticks(range(len(names)), names, **text)
    axes.set_ylim(len(names) - 0.4, -0.6)


def note(
    axes: Axes, text: str, place: Sequence[float], shift: Sequence[float], **look: Any
) -> None:
    """Write a text so many points beside a place, centred across it unless told."""
    look = {"ha": "center", **look}
    axes.annotate(text, place, xytext=shift, textcoords="offset points", **look)


def legend_below(fig: Figure, axes: Axes, columns: int, **text: Any) -> None:
    """Explain below all panels what one of them shows."""
    handles, names = axes.get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=columns, **text)


def save_figure(fig: Figure, name: str, folder: str | Path = "figures") -> None:
    """Write a figure as `folder/name.png`, byte for byte the same on every run.

    matplotlib's version is left out, and the file appears only when it is complete.

    Args:
        fig: the figure.
        name: plain file name without folder and `.png`, such as `f02_curve`.
        folder: made if missing; from a notebook, `"../figures"`.
    """
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(
            f"figure name {name!r}: give a plain name without folder and ending, "
            "of letters, digits, - and _, such as 'f02_curve'"
        )
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_shared(
        folder / f"{name}.png",
        lambda file: fig.savefig(file, format="png", metadata={"Software": None}),
    )
