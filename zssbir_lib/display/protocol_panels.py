"""What the same sketches retrieve from one gallery and from another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zssbir_lib.display.arrays import ArrayLike, as_array, require_length
from zssbir_lib.display.panels import retrieval_panel
from zssbir_lib.display.style import NEUTRAL_COLOUR

SEEN_MARK = "seen"


@dataclass(frozen=True)
class RetrievedPhotos:
    """The first K photos of Q sketches in one gallery.

    Args:
        pictures: (Q, K, 3, H, W), uint8 or float from 0 to 1, best first.
        correct: whether a photo shows the query's class, bool (Q, K).
        names: Q lists of K class names.
        seen: whether a photo is of a class that was trained on, bool (Q, K).
        scores: average precision of each query, (Q,), 0 to 1.
    """

    pictures: ArrayLike
    correct: ArrayLike
    names: Sequence[Sequence[str]]
    seen: ArrayLike
    scores: ArrayLike


def protocol_panels(
    queries: ArrayLike,
    query_names: Sequence[str],
    galleries: Mapping[str, RetrievedPhotos],
    title: str | None = None,
) -> Figure:
    """Draw for each query a row a gallery: the sketch, then the photos retrieved.

    Right photos have a green frame and a tick, wrong ones a purple frame and a cross,
    photos of classes that were trained on the word "seen".

    Args:
        queries: Q sketches, each (3, H, W) or (H, W), uint8 or float from 0 to 1.
        query_names: Q class names.
        galleries: for each gallery its name and what was retrieved from it.
        title: title of the whole figure, or None.

    Returns:
        The figure, with Q * G * (K + 1) axes: query by query, in each the galleries
        in their order.

    Raises:
        ValueError: there is no gallery, or the numbers of queries and results differ.
    """
    if not galleries:
        raise ValueError("no gallery to draw: give what was retrieved from one or more")
    require_length("query_names", query_names, len(queries))
    for one in galleries.values():
        _check_retrieved(one, len(queries))
    places = [(number, g) for number in range(len(queries)) for g in galleries]
    fig = retrieval_panel(
        [queries[number] for number, _ in places],
        [galleries[g].pictures[number] for number, g in places],
        np.stack([as_array(galleries[g].correct)[number] for number, g in places]),
        result_names=[galleries[g].names[number] for number, g in places],
        title=title,
    )
    width = len(fig.axes) // len(places)  # K + 1
    for row, (number, g) in enumerate(places):
        first, *results = fig.axes[row * width : (row + 1) * width]
        _describe_query(first, g, query_names[number], galleries[g].scores[number])
        for axes, seen in zip(results, galleries[g].seen[number], strict=True):
            if seen:
                _mark_seen(axes)
    return fig


def _check_retrieved(retrieved: RetrievedPhotos, count: int) -> None:
    """Raise ValueError unless everything has a row for each query."""
    for name in ("pictures", "correct", "names", "seen", "scores"):
        require_length(name, getattr(retrieved, name), count)
    correct, seen = as_array(retrieved.correct), as_array(retrieved.seen)
    if correct.shape != seen.shape:
        raise ValueError(f"seen has shape {seen.shape}, correct {correct.shape}")


def _describe_query(axes: Axes, gallery: str, name: str, score: float) -> None:
    """Write the gallery beside a sketch, and below it class and average precision."""
    axes.set_ylabel(gallery, fontsize=7)
    axes.set_xlabel(f"{name}\nAP {float(score):.2f}", fontsize=7, labelpad=2)


def _mark_seen(axes: Axes) -> None:
    """Say on a photo that its class was trained on."""
    axes.text(
        0.06,
        0.07,
        SEEN_MARK,
        transform=axes.transAxes,
        fontsize=6,
        color="white",
        bbox={"facecolor": NEUTRAL_COLOUR, "edgecolor": "none", "pad": 1},
    )
