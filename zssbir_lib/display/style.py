"""The house style: one look, and colours and marks with fixed meanings."""

import matplotlib.pyplot as plt

from zssbir_lib.modality import PHOTO, SKETCH

SKETCH_COLOUR = "#D55E00"
PHOTO_COLOUR = "#0072B2"
CORRECT_COLOUR = "#009E73"
WRONG_COLOUR = "#AA3377"
NEUTRAL_COLOUR = "#333333"  # curves and results: neither modality, neither verdict

SKETCH_MARKER = "^"
PHOTO_MARKER = "o"
CORRECT_MARK = "\N{CHECK MARK}"
WRONG_MARK = "\N{BALLOT X}"

MODALITY_COLOURS = {SKETCH: SKETCH_COLOUR, PHOTO: PHOTO_COLOUR}
MODALITY_MARKERS = {SKETCH: SKETCH_MARKER, PHOTO: PHOTO_MARKER}

FIGURE_WIDTH = 7.0
"""Width of every figure in inches."""


def use_house_style() -> None:
    """Load the style file of this package into matplotlib.

    It sets sizes, fonts, the grid and the cycle of colours for all later figures.

    Example:
        >>> use_house_style()
        >>> plt.rcParams["figure.dpi"]
        110.0
    """
    plt.style.use("zssbir_lib.display.house")  # display/house.mplstyle
