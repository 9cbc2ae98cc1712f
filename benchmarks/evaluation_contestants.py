"""What is compared by evaluation_speed.py: the floor, this library, and its peers."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from code_contestants import counted, ours_codes, ours_real
from evaluation_peers import (
    run_oml,
    run_oml_inner,
    run_pytorch_metric_learning,
    run_torchmetrics,
)
from evaluation_problem import Problem, coded


@dataclass(frozen=True)
class Contestant:
    """A way to evaluate.

    Attributes:
        name: in the table.
        computes: what comes out.
        run: from a problem to mAP@all, or NaN.
        kind: "real" embeddings or packed "codes".
        peer: another library, which gets few queries and no GPU.
        numpy: works in numpy alone, so on no GPU.
    """

    name: str
    computes: str
    run: Callable[[Problem], float]
    kind: str = "real"
    peer: bool = False
    numpy: bool = False


def run_floor(problem: Problem) -> float:
    """Multiply queries and gallery in chunks of 256 and throw the scores away."""
    buffer = problem.gallery.new_empty(256, len(problem.gallery))
    for chunk in problem.query.split(256):
        torch.mm(chunk, problem.gallery.T, out=buffer[: len(chunk)])
    return float("nan")


def problem_for(contestant: Contestant, problem: Problem, seed: int) -> Problem:
    """Return a problem in real numbers or in codes, as a contestant needs it."""
    return coded(problem, seed) if contestant.kind == "codes" else problem


CONTESTANTS = {
    contestant.name: contestant
    for contestant in (
        Contestant("floor", "scores only", run_floor),
        Contestant("ours", "16 metrics", ours_real),
        Contestant("codes: ours", "16 metrics", ours_codes, "codes"),
        Contestant("codes: counted", "mAP", counted, "codes", numpy=True),
        Contestant(
            "pytorch-metric-learning", "mAP", run_pytorch_metric_learning, peer=True
        ),
        Contestant("open-metric-learning", "4 metrics", run_oml, peer=True),
        Contestant("OML, two functions", "4 metrics", run_oml_inner, peer=True),
        Contestant("torchmetrics", "mAP", run_torchmetrics, peer=True),
    )
}
OURS = tuple(one.name for one in CONTESTANTS.values() if not one.peer)
