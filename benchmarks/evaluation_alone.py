"""Run one contestant of evaluation_speed.py in a process of its own.

    python benchmarks/evaluation_alone.py "codes: ours" tuberlin 2400 0 cpu

prints its seconds and its extra peak memory in MiB. A peak is of a process: what ran
before in the same one would hide it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

import torch  # noqa: E402
from evaluation_contestants import CONTESTANTS, problem_for  # noqa: E402
from evaluation_meters import extra_mebibytes, seconds_of  # noqa: E402
from evaluation_problem import Problem, make_problem  # noqa: E402


def run_here(
    name: str, size: str, count: int, seed: int, device: str
) -> dict[str, float]:
    """Run a contestant in this process; return "seconds" and "peak" in MiB.

    Args:
        name: of the contestant.
        size: key of `SIZES`.
        count: how many of the queries.
        seed: decides embeddings and labels.
        device: "cpu" or "cuda".
    """
    contestant = CONTESTANTS[name]

    def prepare(which: str, most: int) -> Problem:
        problem = make_problem(which, seed).first(most).to(device)
        return problem_for(contestant, problem, seed)

    contestant.run(prepare("small", 64))  # load everything first
    problem, spent = prepare(size, count), []

    def run() -> None:
        spent.append(seconds_of(lambda: contestant.run(problem), device)[0])

    return {"peak": extra_mebibytes(run, device), "seconds": spent[0]}


def run_alone(
    name: str, size: str, count: int, seed: int, device: str
) -> dict[str, float]:
    """Do the same in a fresh process.

    Raises:
        OSError: the process failed; the message has its last line.
    """
    words = [name, size, str(count), str(seed), device]
    command = [sys.executable, "-W", "ignore", __file__, *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip() or "no message").splitlines()[-1]
        raise OSError(f"{name} at size {size} failed with {done.returncode}: {last}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    torch.set_num_threads(1)
    words = sys.argv[1:]
    print(json.dumps(run_here(*words[:2], int(words[2]), int(words[3]), words[4])))
