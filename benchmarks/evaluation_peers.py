"""Other libraries that evaluation_speed.py measures, where they are installed."""

import numpy as np
import torch
from evaluation_problem import Problem


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
