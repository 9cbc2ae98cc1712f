"""f07_lookalikes: the two unseen classes that the models confuse most."""

import textwrap
from collections.abc import Mapping, Sequence
from statistics import fmean

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from torch import Tensor
from tqdm import tqdm

from paper_figures.material import Material, take_pictures
from paper_figures.words import Drawn, and_list, class_name, percent
from zssbir_lib.data import SketchPhotoData
from zssbir_lib.display import style
from zssbir_lib.display.arrays import (
    Array,
    ArrayLike,
    Names,
    as_array,
    require,
    require_length,
)
from zssbir_lib.display.panels import draw_picture
from zssbir_lib.evaluation import (
    RetrievalSets,
    confusion_matrix,
    mean_interval,
    most_confused_pair,
    mutual_confusion,
    paired_interval,
    rank_gallery,
)

TOP = 10  # photos of each sketch that count
DRAWN_CLASSES = 25  # of a matrix that can be read
SHOWN = 4  # examples of a class and modality
MODEL_WIDTH, CLASS_WIDTH = 15, 11  # characters of a name on one line
Pair = tuple[int, int]
Examples = Mapping[str, tuple[ArrayLike, ArrayLike]]  # class -> sketches, photos
Runs = Mapping[str, list[Tensor]]  # row -> a matrix for each seed


def draw_lookalikes(material: Material) -> Drawn:
    """Search the most confused pair, draw it, and measure how far it is kept apart."""
    rows = material.options.beside, material.options.ours
    runs = measure_runs(material, rows)
    mean = torch.stack([runs[row][0] for row in rows]).mean(dim=0)
    pair = most_confused_pair(mean)
    both = [class_name(material.split.unseen[number]) for number in pair]
    shares = {
        row: [float(mutual_confusion(one)[pair]) for one in runs[row]] for row in rows
    }
    drawn = drawn_classes(mean, pair)
    figure = lookalike_figure(
        {material.names[row]: runs[row][0][drawn][:, drawn] for row in rows},
        [class_name(material.split.unseen[number]) for number in drawn],
        (drawn.index(pair[0]), drawn.index(pair[1])),
        examples(material.pictures.unseen, pair),
        {material.names[row]: judged(values) for row, values in shares.items()},
        f"Of all unseen classes, {and_list(both)} are confused most",
    )
    alt = (
        f"Confusion matrices of {and_list(list(material.names.values()))} over "
        f"unseen classes with {and_list(both)} marked, images of both, and how often "
        "photos of the other class are retrieved"
    )
    caption = describe(material, runs, pair, both, len(drawn))
    return Drawn(figure, alt, f"{caption} {over_seeds(material, shares)}")


def measure_runs(material: Material, rows: tuple[str, str]) -> dict[str, list[Tensor]]:
    """Return each row's confusion matrices, a seed each, the chosen seed first."""
    wanted = [(row, seed) for row in rows for seed in material.seeds()]
    runs: dict[str, list[Tensor]] = {}
    for row, seed in tqdm(wanted, unit="run", desc="confusion"):
        sets = material.unseen_sets(row, seed)
        found = measure_confusion(sets, len(material.split.unseen))
        runs.setdefault(row, []).append(found)
    return runs


def measure_confusion(sets: RetrievalSets, classes: int) -> Tensor:
    """Return the confusion of unseen classes among each sketch's first photos."""
    query, gallery = sets.query, sets.gallery
    top = min(TOP, len(gallery))
    found = gallery.labels[rank_gallery(query.embeddings, gallery.embeddings, top)]
    return confusion_matrix(found, query.labels, classes)


def judged(values: list[float]) -> list[float]:
    """Return the values of seeds that had no part in the search, if there are two."""
    return values[1:] if len(values) > 2 else values


def drawn_classes(confusion: Tensor, pair: Pair) -> list[int]:
    """Return the classes to draw, in their order: all, or the most confused ones."""
    worst = mutual_confusion(confusion).max(dim=1).values
    order = worst.argsort(descending=True, stable=True)[:DRAWN_CLASSES].tolist()
    return sorted({*order, *pair})


def examples(unseen: SketchPhotoData, pair: Pair) -> dict[str, tuple[Tensor, Tensor]]:
    """Return the first sketches and photos of both classes, as many of each."""
    sets = unseen.sketches, unseen.photos
    places = {number: [images.of_class(number) for images in sets] for number in pair}
    count = [
        min(SHOWN, *(len(places[number][kind]) for number in pair)) for kind in (0, 1)
    ]
    return {
        class_name(unseen.class_names[number]): tuple(
            take_pictures(images, places[number][kind][: count[kind]])
            for kind, images in enumerate(sets)
        )
        for number in pair
    }


def lookalike_figure(
    confusions: Mapping[str, ArrayLike],
    class_names: Names,
    pair: Pair,
    examples: Examples,
    shares: Mapping[str, Sequence[float]],
    title: str | None = None,
) -> Figure:
    """Draw confusion matrices with a pair marked, its images, and how often it errs.

    The matrices, each (C, C), share one scale. Of both classes there are as many
    examples, (3, H, W) each; shares are of the other class's photos, for each run.
    """
    matrices = {name: as_array(one) for name, one in confusions.items()}
    check_figure(matrices, class_names, pair, examples, shares)
    fig = plt.figure(figsize=(style.FIGURE_WIDTH, 5.7), layout="constrained")
    style.write_title(fig, title, **style.AT_LEFT)
    top, below = fig.subfigures(2, 1, height_ratios=[3.8, 1.75])
    draw_confusions(top, matrices, class_names, pair)
    left, right = below.subfigures(1, 2, width_ratios=[1.7, 1])
    draw_examples(left, examples)
    draw_shares(right.subplots(), shares)
    return fig


def check_figure(
    matrices: Mapping[str, Array],
    class_names: Names,
    pair: Pair,
    examples: Examples,
    shares: Mapping[str, Sequence[float]],
) -> None:
    """Raise ValueError unless everything is there for the same models and classes."""
    count = len(class_names)
    given = f"confusions are of {list(matrices)}, shares of {list(shares)}"
    both = matrices and list(matrices) == list(shares)
    require(both, f"{given}: give both for each model")
    for name, matrix in matrices.items():
        fault = f"confusion of {name!r} has shape {matrix.shape}; expected"
        require(matrix.shape == (count, count), f"{fault} ({count}, {count})")
    apart = len(set(pair)) == 2 and 0 <= min(pair) <= max(pair) < count
    require(apart, f"pair is {pair}: expected two classes of 0 to {count - 1}")
    names, found = [class_names[one] for one in pair], list(examples)
    require(found == names, f"examples are of {found}; expected {names}")
    for place, kind in enumerate(("sketches", "photos")):
        first, second = (examples[name][place] for name in names)
        require_length(f"{kind} of {names[1]!r}", second, len(first))


def draw_confusions(
    fig: SubFigure,
    matrices: Mapping[str, Array],
    class_names: Names,
    pair: Pair,
) -> None:
    """Draw a matrix for each model, on one scale; the diagonals are left white."""
    panels = fig.subplots(1, len(matrices), sharey=True, squeeze=False)[0]
    apart = [np.where(np.eye(len(one)), np.nan, one) for one in matrices.values()]
    highest = max(np.nanmax(one) for one in apart)
    frame = {"fill": False, "edgecolor": style.WRONG_COLOUR, "linewidth": 2}
    for axes, name, matrix in zip(panels, matrices, apart, strict=True):
        image = draw_matrix(axes, matrix, class_names, highest)
        for row, column in (pair, pair[::-1]):
            axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **frame))
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("class of the photo retrieved", fontsize=8)
    panels[0].set_ylabel("class of the sketch", fontsize=8)
    bar = fig.colorbar(image, ax=panels, shrink=0.8, pad=0.02)
    bar.set_label("share of the photos retrieved", fontsize=8)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    bar.ax.tick_params(labelsize=7)


def draw_matrix(
    axes: Axes, matrix: Array, class_names: Names, highest: float
) -> AxesImage:
    """Draw one matrix with the names of rows and columns."""
    image = axes.imshow(matrix, cmap="Greys", vmin=0, vmax=highest)
    size = min(7.0, 130 / len(class_names))
    axes.set_xticks(range(len(matrix)), class_names, rotation=90, fontsize=size)
    axes.set_yticks(range(len(matrix)), class_names, fontsize=size)
    axes.tick_params(length=0, pad=2)
    axes.grid(False)
    axes.spines[:].set(visible=True, color="#cccccc")
    return image


def draw_examples(fig: SubFigure, examples: Examples) -> None:
    """Draw a row for each class: its sketches, then its photos."""
    first_sketches, first_photos = next(iter(examples.values()))
    columns = len(first_sketches) + len(first_photos)
    grid = fig.subplots(len(examples), columns, squeeze=False)
    for row, (name, (sketches, photos)) in zip(grid, examples.items(), strict=True):
        colours = [style.SKETCH_COLOUR] * len(sketches) + [style.PHOTO_COLOUR] * len(
            photos
        )
        pictures = [*sketches, *photos]
        for axes, picture, colour in zip(row, pictures, colours, strict=True):
            draw_picture(axes, picture, frame=colour, linewidth=1.5)
        row[0].set_ylabel(textwrap.fill(name, CLASS_WIDTH), fontsize=8)
    grid[0][0].set_title("sketches", fontsize=8, color=style.SKETCH_COLOUR)
    grid[0][len(first_sketches)].set_title(
        "photos", fontsize=8, color=style.PHOTO_COLOUR
    )


def draw_shares(axes: Axes, shares: Mapping[str, Sequence[float]]) -> None:
    """Draw every run as a ring and the mean of each model with its 95 % interval."""
    for height, values in enumerate(shares.values()):
        mean, low, high = (
            None if end is None else 100 * end for end in mean_interval(values)
        )
        ends = None if low is None else [[mean - low], [high - mean]]
        places = [height + 0.2] * len(values)
        ring = {"facecolors": "none", "edgecolors": style.NEUTRAL_COLOUR, "s": 16}
        axes.scatter(100 * np.asarray(values), places, **ring)
        axes.errorbar(
            mean, height, xerr=ends, fmt="D", color=style.NEUTRAL_COLOUR, capsize=2
        )
    style.first_on_top(
        axes, [textwrap.fill(one, MODEL_WIDTH) for one in shares], fontsize=8
    )
    axes.set_xlim(left=0)
    axes.set_xlabel("photos of the\nother class, %", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x")


def describe(
    material: Material, runs: Runs, pair: Pair, names: list[str], drawn: int
) -> str:
    """Return the caption, without what the seeds show."""
    beside, ours = material.beside, material.ours
    classes = len(material.split.unseen)
    both = [
        directions(name, runs[row][0], names, pair)
        for row, name in material.names.items()
    ]
    part = f" Drawn are the {drawn} classes that are confused most."
    return (
        f"Found by search, not chosen: of the {classes} unseen classes of "
        f"{material.split.name}, {and_list(names)} have the largest share of each "
        f"other's photos among the {TOP} nearest, averaged over both directions and "
        f"over {beside.name} and {ours.name}, both of seed {ours.seed}, whose "
        f"matrices are shown without their diagonals.{part * (drawn < classes)} "
        f"There, {'; '.join(both)}. The examples are the first of each class in the "
        "data set."
    )


def directions(model: str, confusion: Tensor, names: list[str], pair: Pair) -> str:
    """Say how often one model takes either class for the other."""
    there, back = float(confusion[pair]), float(confusion[pair[::-1]])
    return (
        f"by {model}, {percent(there)} of the photos retrieved for "
        f"{names[0]} are of {names[1]} and {percent(back)} the other way round"
    )


def over_seeds(material: Material, shares: Mapping[str, list[float]]) -> str:
    """Say what the seeds show that the pair was not chosen with."""
    rows = material.options.beside, material.options.ours
    beside, ours = (judged(shares[row]) for row in rows)
    if len(shares[rows[1]]) < 3:
        return (
            "Rings are single trainings, those of the search among them: not a proof "
            "that one model keeps the classes further apart."
        )
    mean, low, high = paired_interval(ours, beside)
    sure = "excludes" if low > 0 or high < 0 else "includes"
    return (
        f"Rings are the {len(ours)} other seeds of each, which had no part in the "
        f"search; on average over them the share is {percent(fmean(beside))} by "
        f"{material.names[rows[0]]} and {percent(fmean(ours))} by "
        f"{material.names[rows[1]]}, the paired difference "
        f"{100 * mean:+.1f} points, 95 % interval [{100 * low:+.1f}, "
        f"{100 * high:+.1f}], which {sure} zero."
    )
