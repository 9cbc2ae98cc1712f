"""Measure the speed and memory of the retrieval evaluation, side by side.

    python benchmarks/evaluation_speed.py --size sketchy --size tuberlin --peers

Random class-structured unit features of 512 dimensions, float32, one thread. Every
contestant is timed once a round, in turn, in CPU time (so that other work on the
machine disturbs little); the table shows medians. "floor" is the matrix product
alone, in chunks of 256 queries: no exact evaluation can be faster. Peers need
seconds or gigabytes for all queries, so they get a part of them; their work is the
same for every query, and their times are scaled. Memory is the peak resident size
during one evaluation above the size before it, in a process of its own.

Peers are measured where they can be imported: pytorch-metric-learning (with
faiss-cpu), open-metric-learning, torchmetrics. Install them in an environment of
their own (with the torch of this project) and run this file there.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import torch  # noqa: E402
from evaluation_contestants import (  # noqa: E402
    CONTESTANTS,
    DIMENSIONS,
    SIZES,
    Contestant,
    Problem,
    make_problem,
)
from tqdm import tqdm  # noqa: E402

PACKAGES = (
    "torch",
    "numpy",
    "pytorch-metric-learning",
    "faiss-cpu",
    "open-metric-learning",
    "torchmetrics",
)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    size: str
    name: str
    computes: str
    queries_timed: int
    milliseconds_a_query: float
    seconds_all_queries: float
    scaled: bool
    times_floor: float
    times_ours: float
    map_first_queries: float | None
    peak_extra_mebibytes: float | None


def part_for(contestant: Contestant, problem: Problem, peer_queries: int) -> Problem:
    """Return all queries for the floor and ours, a part of them for a peer."""
    return problem if contestant.all_queries else problem.first(peer_queries)


def importable(names: list[str]) -> list[str]:
    """Return the contestants that run on a small problem; say why others do not."""
    tiny = make_problem("small", seed=0).first(8)
    able = []
    for name in names:
        try:
            CONTESTANTS[name].run(tiny)
            able.append(name)
        except ImportError as error:
            print(f"{name}: not installed ({error}); left out of the table")
    return able


def time_contestants(
    names: list[str], problem: Problem, rounds: int, peer_queries: int
) -> dict[str, float]:
    """Return the median CPU seconds a query of each contestant."""
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for name in tqdm(names * rounds, desc="timing", unit="run"):
        part = part_for(CONTESTANTS[name], problem, peer_queries)
        start = time.process_time()
        CONTESTANTS[name].run(part)
        seconds[name].append((time.process_time() - start) / len(part.query))
    return {name: statistics.median(values) for name, values in seconds.items()}


def resident_mebibytes(peak: bool) -> float:
    """Return the resident size of this process, now or at its peak.

    Linux tells both; elsewhere the peak stands for both.
    """
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would start at the size of the parent process
        field = "VmHWM:" if peak else "VmRSS:"
        words = status.read_text().split()
        return int(words[words.index(field) + 1]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def measure_memory_here(name: str, size: str, seed: int, peer_queries: int) -> float:
    """Return how far one evaluation goes above the features and the libraries."""
    CONTESTANTS[name].run(make_problem("small", seed))  # load everything first
    part = part_for(CONTESTANTS[name], make_problem(size, seed), peer_queries)
    before = resident_mebibytes(peak=False)
    CONTESTANTS[name].run(part)
    return resident_mebibytes(peak=True) - before


def measure_memory(name: str, size: str, seed: int, peer_queries: int) -> float | None:
    """Return the extra peak memory in MiB, measured in a fresh process."""
    command = [sys.executable, "-W", "ignore", __file__, "--memory-of", name]
    command += ["--size", size, "--seed", str(seed)]
    command += ["--peer-queries", str(peer_queries)]
    done = subprocess.run(command, capture_output=True, text=True)
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None


def measure(size: str, names: list[str], arguments: argparse.Namespace) -> list[Row]:
    """Return the lines of the table for one size."""
    problem = make_problem(size, arguments.seed)
    count = arguments.peer_queries
    seconds = time_contestants(names, problem, arguments.rounds, count)
    rows = []
    for name in names:
        contestant = CONTESTANTS[name]
        score = contestant.run(problem.first(count))
        rows.append(
            Row(
                size=size,
                name=name,
                computes=contestant.computes,
                queries_timed=len(part_for(contestant, problem, count).query),
                milliseconds_a_query=seconds[name] * 1e3,
                seconds_all_queries=seconds[name] * len(problem.query),
                scaled=not contestant.all_queries,
                times_floor=seconds[name] / seconds["floor"],
                times_ours=seconds[name] / seconds["ours"],
                map_first_queries=None if score != score else score,
                peak_extra_mebibytes=measure_memory(name, size, arguments.seed, count),
            )
        )
    return rows


def show(rows: list[Row]) -> None:
    """Print the table."""
    print(
        f"{'size':9} {'contestant':24} {'computes':11} {'ms/query':>8} {'all, s':>8} "
        f"{'x floor':>7} {'x ours':>6} {'MiB':>6}  mAP of the first queries"
    )
    for row in rows:
        memory = row.peak_extra_mebibytes
        print(
            f"{row.size:9} {row.name:24} {row.computes:11} "
            f"{row.milliseconds_a_query:8.3f} {row.seconds_all_queries:7.2f}"
            f"{'*' if row.scaled else ' '} {row.times_floor:7.2f} "
            f"{row.times_ours:6.2f} {'?' if memory is None else round(memory):>6}  "
            f"{'' if row.map_first_queries is None else f'{row.map_first_queries:.6f}'}"
        )
    parts = {row.queries_timed for row in rows if row.scaled}
    if parts:
        print(f"* scaled from the first {max(parts)} queries; memory of those only")


def commit() -> str:
    """Return the commit measured, "-dirty" after it if the library differs."""
    words = ("rev-parse", "--short=10", "HEAD"), ("status", "--porcelain", "zssbir_lib")
    head, changes = (
        subprocess.run(
            ["git", *w], cwd=REPOSITORY, capture_output=True, text=True, check=True
        ).stdout.strip()
        for w in words
    )
    return f"{head}-dirty" if changes else head


def versions() -> dict[str, str]:
    """Return the versions of everything that was measured."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def write_json(path: Path, content: dict) -> None:
    """Write a result file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Speed of retrieval evaluation.")
    parser.add_argument("--size", action="append", choices=SIZES, help="repeatable")
    parser.add_argument("--peers", action="store_true", help="measure peers as well")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peer-queries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the table as JSON")
    parser.add_argument("--memory-of", choices=CONTESTANTS, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    """Measure, print the table, and write it where asked."""
    arguments = parse_arguments()
    torch.set_num_threads(1)
    sizes = arguments.size or ["sketchy"]
    count = arguments.peer_queries
    if arguments.memory_of:
        name = arguments.memory_of
        print(measure_memory_here(name, sizes[0], arguments.seed, count))
        return
    names = list(CONTESTANTS) if arguments.peers else ["floor", "ours"]
    names = importable(names)
    rows = [row for size in sizes for row in measure(size, names, arguments)]
    show(rows)
    if arguments.out:
        command = ["python", "benchmarks/evaluation_speed.py", *sys.argv[1:]]
        content = {
            "command": " ".join(command),
            "seed": arguments.seed,
            "rounds": arguments.rounds,
            "threads": 1,
            "dimensions": DIMENSIONS,
            "instruction_set": torch.backends.cpu.get_cpu_capability(),
            "versions": versions(),
            "commit": commit(),
            "rows": [asdict(row) for row in rows],
        }
        write_json(arguments.out, content)


if __name__ == "__main__":
    main()
