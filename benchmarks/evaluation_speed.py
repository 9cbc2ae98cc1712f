"""Measure the speed and memory of the retrieval evaluation, side by side.

    python benchmarks/evaluation_speed.py --size tuberlin --size quickdraw --peers

Random class-structured unit features of 512 dimensions, float32, one thread. Every
contestant is timed once a round, in turn, in CPU time (so that other work on the
machine disturbs little); the table shows medians, of the first queries where there are
many (`--queries`). "floor" is the matrix product alone, in chunks of 256 queries: no
exact evaluation of real embeddings can be faster. "codes" are 64 bits packed in eight
bytes.

Then every contestant runs once in a process of its own, which tells the seconds for all
queries and the extra memory: the peak during the run above the size before it. Where
all queries would take longer than `--longest`, that run takes the first queries as well
and the seconds are scaled from the rounds (marked *). Peers need seconds or gigabytes
for all queries, so they get a part of them; their work is the same for every query.

Peers are measured where they can be imported: pytorch-metric-learning (with
faiss-cpu), open-metric-learning, torchmetrics. Install them in an environment of
their own (with the torch of this project) and run this file there.

With `--device cuda` the clock of the wall is read, and PyTorch's own peak of allocated
memory. Where no GPU is found, the table says "not yet run on a GPU".

The file is written after each size; the same command on the same commit goes on from
there.
"""

import argparse
import os
import statistics
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import torch  # noqa: E402
from evaluation_alone import run_alone  # noqa: E402
from evaluation_contestants import CONTESTANTS, OURS, problem_for  # noqa: E402
from evaluation_meters import seconds_of  # noqa: E402
from evaluation_problem import SIZES, Problem, make_problem  # noqa: E402
from evaluation_rows import (  # noqa: E402
    NOT_RUN,
    Row,
    rows_so_far,
    show,
    table_file,
)
from tqdm import tqdm  # noqa: E402

from zssbir_lib.files import write_json  # noqa: E402


def importable(names: list[str]) -> list[str]:
    """Return the contestants that run on a small problem; say why others do not."""
    tiny = make_problem("small", seed=0).first(8)
    able = []
    for name in names:
        try:
            CONTESTANTS[name].run(problem_for(CONTESTANTS[name], tiny, seed=0))
            able.append(name)
        except ImportError as error:
            print(f"{name}: not installed ({error}); left out of the table")
    return able


def runnable(names: list[str], device: str) -> list[str]:
    """Return the contestants that a device can run: on a GPU, no peers, no numpy."""
    if device == "cpu":
        return names
    return [n for n in names if not (CONTESTANTS[n].peer or CONTESTANTS[n].numpy)]


def count_for(name: str, size: str, options: argparse.Namespace) -> int:
    """Return how many queries of a size are timed in a round."""
    most = options.peer_queries if CONTESTANTS[name].peer else options.queries
    return min(most, SIZES[size].queries)


def time_rounds(
    problems: dict[str, Problem], rounds: int, device: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the median seconds a query of each contestant, and its score."""
    seconds: dict[str, list[float]] = {name: [] for name in problems}
    scores: dict[str, float] = {}
    for name in tqdm(list(problems) * rounds, desc="timing", unit="run"):
        run, problem = CONTESTANTS[name].run, problems[name]
        spent, scores[name] = seconds_of(lambda r=run, p=problem: r(p), device)
        seconds[name].append(spent / len(problem.query))
    return {name: statistics.median(values) for name, values in seconds.items()}, scores


def measure(
    size: str, device: str, names: list[str], options: argparse.Namespace
) -> list[Row]:
    """Return the lines of the table for one size on one device."""
    names = runnable(names, device)
    if device != "cpu" and not torch.cuda.is_available():
        return [Row.not_run(size, device, name, NOT_RUN) for name in names]
    problem = make_problem(size, options.seed).to(device)
    problems = {
        name: problem_for(
            CONTESTANTS[name],
            problem.first(count_for(name, size, options)),
            options.seed,
        )
        for name in names
    }
    seconds, scores = time_rounds(problems, options.rounds, device)
    everything = SIZES[size].queries
    del problem, problems  # room for the processes that follow
    rows = []
    for name in tqdm(names, desc="alone", unit="run"):
        timed = count_for(name, size, options)
        short = seconds[name] * everything <= options.longest
        count = everything if short and not CONTESTANTS[name].peer else timed
        alone = run_alone(name, size, count, options.seed, device)
        rows.append(
            Row.measured(size, device, name, timed, seconds, scores[name], count, alone)
        )
    return rows


def read_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Speed of retrieval evaluation.")
    parser.add_argument("--size", action="append", choices=SIZES, help="repeatable")
    parser.add_argument("--device", action="append", choices=("cpu", "cuda"))
    parser.add_argument("--peers", action="store_true", help="measure peers as well")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--queries", type=int, default=20_000, help="timed in a round")
    parser.add_argument("--peer-queries", type=int, default=300)
    parser.add_argument(
        "--longest", type=float, default=240, metavar="S", help="of a run of all"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the table as JSON")
    return parser.parse_args()


def main() -> None:
    """Measure, print the table, and write it where asked."""
    options = read_options()
    torch.set_num_threads(1)
    sizes, devices = options.size or ["sketchy"], options.device or ["cpu"]
    names = importable(list(CONTESTANTS if options.peers else OURS))
    done = rows_so_far(options)
    for size in sizes:
        for device in devices:
            if any((row.size, row.device) == (size, device) for row in done):
                continue
            done += measure(size, device, names, options)
            if options.out:
                write_json(table_file(done, options), options.out)
    show(done)


if __name__ == "__main__":
    main()
