"""Measure the modality-aware triplet loss: forward and backward, time and memory.

    python benchmarks/mining_speed.py --out results/mining_speed.json

Random unit embeddings of 512 dimensions in float32, four sketches and four photos a
class, one thread. Contestants are timed in turn, in CPU time; the table shows medians.
"floor" is the matrix of all inner products with its gradient: a loss that
differentiates all pairs cannot be faster. "released formula" computes what the
released code of MATHM computes, in the way it does it: the whole distance matrix is
differentiated, and masks are added to it before four reductions. Where it can be
imported, pytorch-metric-learning is measured: batch-hard mining that ignores the
modality, and both ways across modalities (our "cross" alone). Memory is the peak
above the embeddings, in a process of its own.
"""

import argparse
import importlib.metadata
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from zssbir_lib.files import write_json
from zssbir_lib.losses import modality_aware_triplet_loss
from zssbir_lib.training import provenance

DIMENSIONS, IMAGES_A_CLASS, MARGIN = 512, 8, 0.2
FAR = 1000.0  # what the released code adds to rule pairs out
Loss = Callable[[Tensor, Tensor, Tensor], Tensor]


def gram_floor(embeddings: Tensor, labels: Tensor, modality: Tensor) -> Tensor:
    """Return the sum of all inner products."""
    return (embeddings @ embeddings.T).sum()


def ours(embeddings: Tensor, labels: Tensor, modality: Tensor) -> Tensor:
    """Return our loss in the mode that equals the released mode "all"."""
    return modality_aware_triplet_loss(
        embeddings, labels, modality, MARGIN, weighting="mean"
    )


def ours_weighted(embeddings: Tensor, labels: Tensor, modality: Tensor) -> Tensor:
    """Return our loss with the intended weights."""
    return modality_aware_triplet_loss(embeddings, labels, modality, MARGIN)


def released_formula(embeddings: Tensor, labels: Tensor, modality: Tensor) -> Tensor:
    """Return the released mode "all" by a dense, differentiated distance matrix."""
    squares = embeddings.square().sum(1)
    dense = squares[:, None] + squares[None] - 2 * embeddings @ embeddings.T
    distances = dense.clamp(min=1e-12).sqrt()
    same = (labels[:, None] == labels[None]).float()
    own = (modality[:, None] == modality[None]).float()

    def farthest(allowed: Tensor) -> Tensor:
        return (distances - FAR * (1 - allowed)).max(1).values

    def nearest(allowed: Tensor) -> Tensor:
        return (distances + FAR * (1 - allowed)).min(1).values

    positive = farthest(same * own), farthest(same * (1 - own))
    negative = nearest((1 - same) * own), nearest((1 - same) * (1 - own))
    pairs = (
        (positive[0], negative[0]),
        (positive[1], negative[0]),
        (positive[1], negative[1]),
    )
    return torch.cat([torch.relu(p - n + MARGIN) for p, n in pairs]).mean()


def metric_learning_batch_hard() -> Loss:
    """Return pytorch-metric-learning's triplet loss on its batch-hard miner."""
    from pytorch_metric_learning.losses import TripletMarginLoss
    from pytorch_metric_learning.miners import BatchHardMiner

    loss, miner = TripletMarginLoss(margin=MARGIN), BatchHardMiner()
    return lambda embeddings, labels, modality: loss(
        embeddings, labels, miner(embeddings, labels)
    )


def metric_learning_across() -> Loss:
    """Return the same with anchors of one modality and references of the other."""
    from pytorch_metric_learning.losses import TripletMarginLoss
    from pytorch_metric_learning.miners import BatchHardMiner

    loss, miner = TripletMarginLoss(margin=MARGIN), BatchHardMiner()

    def both_ways(embeddings: Tensor, labels: Tensor, modality: Tensor) -> Tensor:
        sketch, photo = (
            (embeddings[modality == m], labels[modality == m]) for m in (0, 1)
        )
        return sum(
            loss(*own, miner(*own, *other), *other)
            for own, other in ((sketch, photo), (photo, sketch))
        )

    return both_ways


CONTESTANTS: dict[str, Callable[[], Loss]] = {
    "floor": lambda: gram_floor,
    "ours": lambda: ours,
    "ours, intended weights": lambda: ours_weighted,
    "released formula": lambda: released_formula,
    "pytorch-metric-learning": metric_learning_batch_hard,
    "the same across modalities": metric_learning_across,
}


def importable() -> dict[str, Loss]:
    """Return the contestants that are installed; say which are not."""
    able = {}
    for name, make in CONTESTANTS.items():
        try:
            able[name] = make()
        except ImportError as error:
            print(f"{name}: not installed ({error}); left out of the table")
    return able


def make_batch(count: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Return embeddings, labels and modality of a balanced batch."""
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(count, DIMENSIONS, generator=generator)
    labels = torch.arange(count) // IMAGES_A_CLASS
    modality = torch.arange(count) % 2
    return functional.normalize(embeddings, dim=1), labels, modality


def seconds_of(loss: Loss, batch: tuple[Tensor, Tensor, Tensor], times: int) -> float:
    """Return CPU seconds of a forward and backward pass, averaged over some."""
    leaf = batch[0].requires_grad_()
    started = time.process_time()
    for _ in range(times):
        leaf.grad = None
        loss(leaf, *batch[1:]).backward()
    return (time.process_time() - started) / times


def time_contestants(
    contestants: dict[str, Loss], count: int, rounds: int
) -> dict[str, float]:
    """Return each contestant's median CPU seconds, timed in turn."""
    batch, times = make_batch(count), max(1, 2048 // count)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for loss in contestants.values():
        seconds_of(loss, batch, 1)  # warm up
    for name in tqdm(list(contestants) * rounds, desc=f"batch {count}", unit="run"):
        seconds[name].append(seconds_of(contestants[name], batch, times))
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_mebibytes(name: str, count: int) -> float:
    """Return how far one pass goes above what stood before it, in a new process."""
    command = [sys.executable, __file__, "--memory-of", name, "--batch", str(count)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(run.stdout.split()[-1])


def print_peak(name: str, count: int) -> None:
    """Print the peak of one forward and backward pass of this process."""
    loss, batch = CONTESTANTS[name](), make_batch(count)
    seconds_of(loss, make_batch(64), 1)  # load what is loaded once
    before = resident_mebibytes("VmRSS:")
    seconds_of(loss, batch, 1)
    print(resident_mebibytes("VmHWM:") - before)


def resident_mebibytes(field: str) -> float:
    """Return the resident size of this process, now (VmRSS) or at its peak (VmHWM)."""
    words = Path("/proc/self/status").read_text().split()
    return int(words[words.index(field) + 1]) / 2**10


def measure(batches: list[int], rounds: int) -> list[dict[str, Any]]:
    """Return one line a batch size and contestant."""
    contestants, rows = importable(), []
    for count in batches:
        seconds = time_contestants(contestants, count, rounds)
        for name, value in seconds.items():
            row = {"batch": count, "name": name, "ms": round(1e3 * value, 3)}
            row["times_floor"] = round(value / seconds["floor"], 2)
            row["times_ours"] = round(value / seconds["ours"], 2)
            row["peak_mebibytes"] = round(peak_mebibytes(name, count), 1)
            rows.append(row)
            print(
                f"{count:>6} {name:<26}{row['ms']:>10.2f} ms {row['times_floor']:>7.2f}"
                f" x floor {row['times_ours']:>6.2f} x ours"
                f" {row['peak_mebibytes']:>8.1f} MiB"
            )
    return rows


def main() -> None:
    """Measure, print the table, write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, action="append", metavar="B")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--memory-of", help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory_of:
        print_peak(options.memory_of, options.batch[0])
        return
    batches = options.batch or [64, 256, 1024, 4096]
    rows = measure(batches, options.rounds)
    if options.out:
        content = {"rows": rows, "dimensions": DIMENSIONS} | provenance()
        content["command"] = (
            f"python benchmarks/mining_speed.py --rounds {options.rounds}"
        )
        try:
            peer = "pytorch-metric-learning"
            content["versions"][peer] = importlib.metadata.version(peer)
        except importlib.metadata.PackageNotFoundError:
            pass
        write_json(content, options.out)


if __name__ == "__main__":
    main()
