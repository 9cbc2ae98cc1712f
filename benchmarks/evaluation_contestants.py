"""What is compared by evaluation_speed.py: the floor, this library, and its peers."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zssbir_lib.evaluation import evaluate_retrieval

SIZES = {  # queries, gallery, classes
    "small": (500, 2_000, 20),
    "sketchy": (12_694, 12_553, 21),
    "tuberlin": (2_400, 27_989, 30),
    "quickdraw": (92_291, 54_151, 30),
}
DIMENSIONS = 512


@dataclass(frozen=True)
class Problem:
    """Embeddings and labels to score."""

    query: Tensor
    gallery: Tensor
    query_labels: Tensor
    gallery_labels: Tensor

    def first(self, count: int) -> "Problem":
        """Return the problem with fewer queries."""
        return Problem(
            self.query[:count],
            self.gallery,
            self.query_labels[:count],
            self.gallery_labels,
        )


@dataclass(frozen=True)
class Contestant:
    """A way to evaluate, and whether it takes part with all queries."""

    name: str
    computes: str
    run: Callable[[Problem], float]
    all_queries: bool


def make_problem(size: str, seed: int) -> Problem:
    """Draw unit features around class centres, of imbalanced classes."""
    queries, photos, classes = SIZES[size]
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, DIMENSIONS, generator=generator)
    shares = torch.rand(classes, generator=generator) + 0.5

    def draw(count: int) -> tuple[Tensor, Tensor]:
        labels = shares.multinomial(count, replacement=True, generator=generator)
        features = torch.empty(count, DIMENSIONS)
        for start in range(0, count, 1024):  # in pieces: no large temporary
            part = labels[start : start + 1024]
            noise = torch.randn(len(part), DIMENSIONS, generator=generator)
            mixed = noise + 0.15 * centres[part]
            features[start : start + 1024] = torch.nn.functional.normalize(mixed)
        return features, labels

    query, query_labels = draw(queries)
    gallery, gallery_labels = draw(photos)
    return Problem(query, gallery, query_labels, gallery_labels)


def run_floor(problem: Problem) -> float:
    """Multiply queries and gallery in chunks of 256 and throw the scores away."""
    buffer = torch.empty(256, len(problem.gallery))
    for chunk in problem.query.split(256):
        torch.mm(chunk, problem.gallery.T, out=buffer[: len(chunk)])
    return float("nan")


def run_ours(problem: Problem) -> float:
    """Compute every metric with this library."""
    return evaluate_retrieval(
        problem.query, problem.gallery, problem.query_labels, problem.gallery_labels
    )["map@all"]


def run_pytorch_metric_learning(problem: Problem) -> float:
    """Compute mAP@all, which leaves the ranking of all photos to faiss."""
    import faiss
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

    faiss.omp_set_num_threads(1)
    calculator = AccuracyCalculator(include=("mean_average_precision",), k=None)
    return calculator.get_accuracy(
        problem.query, problem.query_labels, problem.gallery, problem.gallery_labels
    )["mean_average_precision"]


def lend_numpy_name() -> None:
    """Let open-metric-learning 3.1.0 load: it asks numpy 2 for a removed name."""
    np.float_ = np.float64  # noqa: NPY201


def run_oml(problem: Problem) -> float:
    """Compute mAP@all, mAP@200, P@100 and P@200 by OML's public functions."""
    lend_numpy_name()
    from oml.functional.knn import batched_knn_qg
    from oml.functional.metrics import calc_retrieval_metrics

    depth = len(problem.gallery)
    _, retrieved, relevant = batched_knn_qg(
        problem.query,
        problem.gallery,
        top_n=depth,
        labels_query=problem.query_labels,
        labels_gallery=problem.gallery_labels,
    )
    values = calc_retrieval_metrics(
        retrieved, relevant, None, (), (100, 200), (200, depth), verbose=False
    )
    return float(values["map"][depth])


def run_oml_inner(problem: Problem) -> float:
    """Compute the same by two inner functions, on a ranking that torch makes."""
    lend_numpy_name()
    from oml.functional.metrics import calc_map, calc_precision

    distances = torch.cdist(problem.query, problem.gallery)
    order = distances.topk(len(problem.gallery), largest=False).indices
    relevant = problem.gallery_labels[order] == problem.query_labels[:, None]
    count = relevant.sum(dim=1).tolist()
    calc_precision(relevant, count, top_k=(100, 200))
    depths = (200, len(problem.gallery))
    return float(calc_map(relevant, count, top_k=depths)[1].mean())


def run_torchmetrics(problem: Problem) -> float:
    """Compute mAP@all; scores are made positive, which this package needs."""
    from torchmetrics.retrieval import RetrievalMAP

    scores = 2 + problem.query @ problem.gallery.T
    target = problem.query_labels[:, None] == problem.gallery_labels
    indexes = torch.arange(len(problem.query))[:, None].expand_as(target)
    metric = RetrievalMAP()
    metric.update(scores.flatten(), target.flatten(), indexes.flatten())
    return float(metric.compute())


CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        Contestant("floor", "scores only", run_floor, True),
        Contestant("ours", "16 metrics", run_ours, True),
        Contestant(
            "pytorch-metric-learning", "mAP", run_pytorch_metric_learning, False
        ),
        Contestant("open-metric-learning", "4 metrics", run_oml, False),
        Contestant("OML, two functions", "4 metrics", run_oml_inner, False),
        Contestant("torchmetrics", "mAP", run_torchmetrics, False),
    )
}
