"""What is compared by code_ranking.py: rankings by real numbers and by packed codes."""

from collections.abc import Callable

import numpy as np
import torch
from evaluation_problem import BITS, Problem
from torch import Tensor

from zssbir_lib.evaluation import evaluate_retrieval

QUERIES_AT_A_TIME = 64  # 64 x 54,151 distances of eight bytes: 26 MiB


def product_alone(problem: Problem) -> float:
    """Multiply queries and gallery and throw the scores away."""
    buffer = torch.empty(256, len(problem.gallery))
    for chunk in problem.query.split(256):
        torch.mm(chunk, problem.gallery.T, out=buffer[: len(chunk)])
    return float("nan")


def ours_real(problem: Problem) -> float:
    """Evaluate real numbers."""
    return evaluate(problem, "euclidean")


def ours_codes(problem: Problem) -> float:
    """Evaluate packed codes."""
    return evaluate(problem, "hamming")


def evaluate(problem: Problem, distance: str) -> float:
    """Return mAP@all, one of all metrics that are computed."""
    return evaluate_retrieval(
        problem.query,
        problem.gallery,
        problem.query_labels,
        problem.gallery_labels,
        distance=distance,
    )["map@all"]


def distances_alone(problem: Problem) -> float:
    """Compare codes bit by bit and throw the distances away."""
    query, gallery = words(problem.query), words(problem.gallery)
    for start in range(0, len(query), QUERIES_AT_A_TIME):
        np.bitwise_count(query[start : start + QUERIES_AT_A_TIME, None] ^ gallery)
    return float("nan")


def counted(problem: Problem) -> float:
    """Return mAP@all by counting the photos at each distance, tied ones in a block."""
    query, gallery = words(problem.query), words(problem.gallery)
    labels = problem.gallery_labels.numpy()
    members = {label: np.flatnonzero(labels == label) for label in np.unique(labels)}
    scores = []
    for code, label in zip(query, problem.query_labels.tolist(), strict=True):
        distances = np.bitwise_count(code ^ gallery)
        found = np.bincount(distances, minlength=BITS + 1).cumsum()
        relevant = np.bincount(distances[members[label]], minlength=BITS + 1)
        precision = relevant.cumsum() / found.clip(min=1)
        scores.append(relevant @ precision / relevant.sum())
    return float(np.mean(scores))


def words(codes: Tensor) -> np.ndarray:
    """Read codes of eight bytes as whole numbers of 64 bits."""
    return codes.numpy().view(np.uint64)[:, 0]


CONTESTANTS: dict[str, tuple[str, Callable[[Problem], float]]] = {
    "real: product alone": ("real", product_alone),
    "real: ours": ("real", ours_real),
    "projected: ours": ("projected", ours_real),
    "codes: distances alone": ("codes", distances_alone),
    "codes: ours": ("codes", ours_codes),
    "codes: counted, mAP alone": ("codes", counted),
}
