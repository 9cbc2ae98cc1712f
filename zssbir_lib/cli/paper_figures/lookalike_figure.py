"""f07_lookalikes: the two unseen classes that the models confuse most."""

from collections.abc import Mapping
from statistics import fmean

import torch
from torch import Tensor

from zssbir_lib.cli.paper_figures.drawn import Drawn
from zssbir_lib.cli.paper_figures.lookalike_search import (
    TOP,
    Pair,
    drawn_classes,
    judged,
    measure_runs,
    shared_of,
)
from zssbir_lib.cli.paper_figures.material import Material
from zssbir_lib.cli.paper_figures.names import (
    and_list,
    class_name,
    percent,
)
from zssbir_lib.cli.paper_figures.pictures import take_pictures
from zssbir_lib.data import SketchPhotoData
from zssbir_lib.display import lookalike_figure
from zssbir_lib.evaluation import most_confused_pair, paired_interval

SHOWN = 4  # examples of a class and modality
Runs = Mapping[str, list[Tensor]]  # row -> a matrix for each seed


def draw_lookalikes(material: Material) -> Drawn:
    """Search the most confused pair, draw it, and measure how far it is kept apart."""
    rows = material.options.beside, material.options.ours
    runs = measure_runs(material, rows)
    first = torch.stack([runs[row][0] for row in rows])
    pair = most_confused_pair(first.mean(dim=0))
    shares = {row: [shared_of(one, pair) for one in runs[row]] for row in rows}
    drawn = drawn_classes(first.mean(dim=0), pair)
    names = [class_name(material.split.unseen[number]) for number in drawn]
    places = drawn.index(pair[0]), drawn.index(pair[1])
    figure = lookalike_figure(
        {material.names[row]: runs[row][0][drawn][:, drawn] for row in rows},
        names,
        places,
        examples(material.pictures.unseen, pair),
        {material.names[row]: judged(values) for row, values in shares.items()},
        f"Of all unseen classes, {and_list(pair_names(material, pair))} are confused "
        "most",
    )
    alt = (
        f"Confusion matrices of {and_list(list(material.names.values()))} over "
        f"unseen classes with {and_list(pair_names(material, pair))} marked, images of "
        "both, and how often photos of the other class are retrieved"
    )
    return Drawn(figure, alt, describe(material, runs, pair, shares, drawn))


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


def pair_names(material: Material, pair: Pair) -> list[str]:
    """Return the readable names of both classes."""
    return [class_name(material.split.unseen[number]) for number in pair]


def describe(
    material: Material,
    runs: Runs,
    pair: Pair,
    shares: Mapping[str, list[float]],
    drawn: list[int],
) -> str:
    """Return the caption."""
    beside, ours = material.beside, material.ours
    classes, names = len(material.split.unseen), pair_names(material, pair)
    both = [
        directions(name, runs[row][0], names, pair)
        for row, name in material.names.items()
    ]
    part = f" Drawn are the {len(drawn)} classes that are confused most."
    return (
        f"Found by search, not chosen: of the {classes} unseen classes of "
        f"{material.split.name}, {and_list(names)} have the largest share of each "
        f"other's photos among the {TOP} nearest, averaged over both directions and "
        f"over {beside.name} and {ours.name}, both of seed {ours.seed}, whose "
        f"matrices are shown without their diagonals.{part * (len(drawn) < classes)} "
        f"There, {'; '.join(both)}. The examples are the first of each class in the "
        "data set. "
        f"{over_seeds(material, shares)}"
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
    models = material.beside, material.ours
    beside, ours = (judged(shares[model.row]) for model in models)
    if len(shares[material.ours.row]) < 3:
        return (
            "Rings are single trainings, those of the search among them: not a proof "
            "that one model keeps the classes further apart."
        )
    mean, low, high = paired_interval(ours, beside)
    sure = "excludes" if low > 0 or high < 0 else "includes"
    return (
        f"Rings are the {len(ours)} other seeds of each, which had no part in the "
        f"search; on average over them the share is {percent(fmean(beside))} by "
        f"{material.names[models[0].row]} and {percent(fmean(ours))} by "
        f"{material.names[models[1].row]}, the paired difference "
        f"{100 * mean:+.1f} points, 95 % interval [{100 * low:+.1f}, "
        f"{100 * high:+.1f}], which {sure} zero."
    )
