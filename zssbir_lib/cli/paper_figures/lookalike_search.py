"""Search unseen classes that look alike, in the confusion of several trainings."""

from torch import Tensor
from tqdm import tqdm

from zssbir_lib.cli.paper_figures.material import Material, TrainedModel
from zssbir_lib.evaluation import confusion_matrix, mutual_confusion, rank_gallery

TOP = 10  # photos of each sketch that count
DRAWN_CLASSES = 25  # of a matrix that can be read
Pair = tuple[int, int]


def measure_runs(material: Material, rows: tuple[str, str]) -> dict[str, list[Tensor]]:
    """Return each row's confusion matrices, a seed each, the chosen seed first."""
    wanted = [(row, seed) for row in rows for seed in material.seeds()]
    runs: dict[str, list[Tensor]] = {}
    for row, seed in tqdm(wanted, unit="run", desc="confusion"):
        found = measure_confusion(material, material.model(row, seed))
        runs.setdefault(row, []).append(found)
    return runs


def measure_confusion(material: Material, model: TrainedModel) -> Tensor:
    """Return the confusion of unseen classes among each sketch's first photos."""
    sets = material.unseen_sets(model)
    query, gallery = sets.query, sets.gallery
    top = min(TOP, len(gallery))
    found = gallery.labels[rank_gallery(query.embeddings, gallery.embeddings, top)]
    return confusion_matrix(found, query.labels, len(material.split.unseen))


def shared_of(confusion: Tensor, pair: Pair) -> float:
    """Return the mean share of photos of a pair's other class, 0 to 1."""
    return float(mutual_confusion(confusion)[pair])


def judged(values: list[float]) -> list[float]:
    """Return the values of seeds that had no part in the search, if there are two."""
    return values[1:] if len(values) > 2 else values


def drawn_classes(confusion: Tensor, pair: Pair) -> list[int]:
    """Return the classes to draw, in their order: all, or the most confused ones."""
    worst = mutual_confusion(confusion).max(dim=1).values
    order = worst.argsort(descending=True, stable=True)[:DRAWN_CLASSES].tolist()
    return sorted({*order, *pair})
