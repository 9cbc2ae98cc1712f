"""f07_lookalikes: the two unseen classes that the models confuse most."""

from collections.abc import Mapping
from statistics import fmean

import torch
from torch import Tensor
from tqdm import tqdm

from paper_figures.material import Material, take_pictures
from paper_figures.words import Drawn, and_list, class_name, percent
from zssbir_lib.data import SketchPhotoData
from zssbir_lib.display import lookalike_figure
from zssbir_lib.evaluation import (
    RetrievalSets,
    confusion_matrix,
    most_confused_pair,
    mutual_confusion,
    paired_interval,
    rank_gallery,
)

TOP = 10  # photos of each sketch that count
DRAWN_CLASSES = 25  # of a matrix that can be read
SHOWN = 4  # examples of a class and modality
Pair = tuple[int, int]
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
