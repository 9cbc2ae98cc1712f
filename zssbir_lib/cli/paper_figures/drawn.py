"""A figure with the words that belong to it."""

from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawn:
    """A figure, what it looks like in a sentence, and what was measured.

    Attributes:
        figure: the picture.
        alt: what is to be seen, for readers who cannot see it.
        caption: what was measured, on what, with which numbers.
    """

    figure: Figure
    alt: str
    caption: str
