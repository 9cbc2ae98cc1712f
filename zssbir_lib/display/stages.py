"""Drawings that are not finished: a row for each drawing, a column for each share."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import ArrayLike, as_picture, require_length
from zssbir_lib.display.style import FIGURE_WIDTH, SKETCH_COLOUR

LABEL_WIDTH = 0.8  # inches, left of the pictures


def drawing_stages(
    drawings: Mapping[str, Sequence[ArrayLike]],
    shares: Sequence[float],
    title: str | None = None,
) -> Figure:
    """Draw every drawing at several stages, from the first lines to the finished one.

    Args:
        drawings: for each drawing its name, and K images, each (3, H, W), (1, H, W) or
            (H, W), uint8 from 0 to 255 or float from 0 to 1.
        shares: K shares of the pen's way, above 0 to 1, in the order of the images.
        title: what the figure shows, said in one sentence, or None.

    Returns:
        The figure.

    Raises:
        ValueError: there is nothing to draw, a drawing has not one image for each
            share, or an image has another shape.
    """
    if not drawings or not len(shares):
        raise ValueError("nothing to draw: give one drawing and one share or more")
    side = (FIGURE_WIDTH - LABEL_WIDTH) / len(shares)
    height = side * len(drawings) + (0.7 if title else 0.4)
    fig, grid = plt.subplots(
        len(drawings),
        len(shares),
        figsize=(FIGURE_WIDTH, height),
        squeeze=False,
        layout="constrained",
    )
    for row, (name, images) in zip(grid, drawings.items(), strict=True):
        require_length(f"drawing {name!r}", images, len(shares))
        for axes, image in zip(row, images, strict=True):
            axes.imshow(as_picture(image), cmap="gray", vmin=0, vmax=_white(image))
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(visible=True, color=SKETCH_COLOUR)
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for axes, share in zip(grid[0], shares, strict=True):
        axes.set_title(f"{share:.0%}", fontsize=10, loc="center")
    if title is not None:
        fig.suptitle(title)
    return fig


def _white(image: ArrayLike) -> float:
    """Return the value of white paper in an image."""
    return 255 if as_picture(image).dtype.kind == "u" else 1.0
