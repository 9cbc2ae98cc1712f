"""Measure ranking by packed codes beside ranking by real numbers.

    python benchmarks/code_ranking.py --out results/code_ranking.json

Random unit features of 512 numbers around class centres, as many as QuickDraw has:
92,291 queries and 54,151 photos. 64-bit codes are learned from the photos by ITQ. The
first queries are timed (`--queries`), and the time for all is scaled from them, as
every query does the same work. One thread, CPU time, medians of rounds in turn.

"ours" is `evaluate_retrieval` with all its metrics, codes under the block tie rule.
"product alone" and "distances alone" make all scores and throw them away: no exact
ranking on this path can be faster. "projected" ranks the 64 real numbers that the codes
are the signs of, before they are turned. "counted" finds mAP@all of codes without
sorting, by counting the photos at each of the 65 distances. Memory is the peak of one
run above the size before it, in a process of its own. Scores only show that two ways
agree: here the projection removes noise that real embeddings do not have.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

import numpy as np
import torch
from code_contestants import CONTESTANTS
from evaluation_meters import extra_mebibytes
from evaluation_problem import BITS, SIZES, Problem, make_problem
from tqdm import tqdm

from zssbir_lib.evaluation import fit_itq
from zssbir_lib.files import write_json
from zssbir_lib.training import provenance


def make_problems(queries: int, learned: bool) -> tuple[dict[str, Problem], dict]:
    """Return the problem of each kind, and the seconds that its codes took.

    Args:
        queries: how many of the queries.
        learned: learn the codes; otherwise draw them, which leaves memory untouched.
    """
    drawn = make_problem("quickdraw", seed=0).first(queries)
    sets, labels = (
        (drawn.query, drawn.gallery),
        (drawn.query_labels, drawn.gallery_labels),
    )
    seconds: dict[str, float] = {}
    if learned:
        start = time.process_time()
        encoder = fit_itq(drawn.gallery, BITS)
        seconds["learn"] = time.process_time() - start
        start = time.process_time()
        codes = tuple(encoder.encode(one) for one in sets)
        seconds["encode"] = time.process_time() - start
        mean, directions = encoder.mean.float(), encoder.directions.float()
        projected = tuple((one - mean) @ directions for one in sets)
    else:
        shapes = [(len(one), BITS // 8) for one in sets]
        codes = tuple(torch.randint(256, shape).to(torch.uint8) for shape in shapes)
        projected = tuple(torch.rand(len(one), BITS) for one in sets)
    kinds = {"real": sets, "projected": projected, "codes": codes}
    return {name: Problem(*pair, *labels) for name, pair in kinds.items()}, seconds


def time_contestants(
    problems: dict[str, Problem], rounds: int
) -> dict[str, dict[str, float]]:
    """Return milliseconds a query and mAP@all of each contestant."""
    seconds: dict[str, list[float]] = {name: [] for name in CONTESTANTS}
    scores: dict[str, float] = {}
    for name in tqdm(list(CONTESTANTS) * rounds, desc="timing", unit="run"):
        kind, run = CONTESTANTS[name]
        start = time.process_time()
        scores[name] = run(problems[kind])
        seconds[name].append(time.process_time() - start)
    count = len(problems["real"].query)
    return {
        name: {
            "milliseconds_a_query": statistics.median(seconds[name]) / count * 1e3,
            "map@all": scores[name],
        }
        for name in CONTESTANTS
    }


def memory_here(name: str, queries: int) -> float:
    """Return how far one run goes above the features and the libraries, in MiB."""
    problems, _ = make_problems(queries, learned=False)
    kind, run = CONTESTANTS[name]
    problem = problems[kind]
    run(Problem(*(getattr(problem, field)[:2000] for field in vars(problem))))  # warm
    return extra_mebibytes(lambda: run(problem), "cpu")


def memory_of(name: str, queries: int) -> float:
    """Return the extra peak memory in MiB, measured in a fresh process."""
    command = [sys.executable, __file__, "--memory-of", name, "--queries", str(queries)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def table(
    timed: dict[str, dict[str, float]], problems: dict[str, Problem]
) -> list[dict[str, Any]]:
    """Return one row for each contestant."""
    queries = len(problems["real"].query)
    ours = timed["real: ours"]["milliseconds_a_query"]
    rows = []
    for name, values in timed.items():
        score, each = values["map@all"], values["milliseconds_a_query"]
        gallery = problems[CONTESTANTS[name][0]].gallery
        rows.append(
            {
                "name": name,
                "milliseconds_a_query": round(each, 4),
                "seconds_all_queries": round(
                    each * SIZES["quickdraw"].queries / 1e3, 1
                ),
                "share_of_real_ours": round(each / ours, 3),
                "map@all": None if np.isnan(score) else round(score, 6),
                "gallery_mebibytes": round(gallery.nbytes / 2**20, 2),
                "peak_extra_mebibytes": round(memory_of(name, queries), 1),
            }
        )
    return rows


def main() -> None:
    """Measure, print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--queries", type=int, default=2000, metavar="N")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--out", type=Path, metavar="FILE.json")
    parser.add_argument("--memory-of", choices=CONTESTANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.memory_of:
        print(memory_here(options.memory_of, options.queries))
        return
    problems, seconds = make_problems(options.queries, learned=True)
    rows = table(time_contestants(problems, options.rounds), problems)
    for row in rows:
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    print(seconds)
    command = f"python benchmarks/code_ranking.py --queries {options.queries}"
    content = {
        "queries": SIZES["quickdraw"].queries,
        "queries_timed": options.queries,
        "gallery": SIZES["quickdraw"].gallery,
        "bits": BITS,
        "rounds": options.rounds,
        "threads": 1,
        "seconds_of_codes": {name: round(value, 4) for name, value in seconds.items()},
        "rows": rows,
    }
    if options.out:
        command += f" --rounds {options.rounds} --out {options.out.name}"
        write_json(content | provenance() | {"command": command}, options.out)


if __name__ == "__main__":
    main()
