"""Measure what learning margins costs: time and memory of a step of RAMLN.

    python benchmarks/meta_step_cost.py --out results/meta_step_cost.json

One thread, real training steps on random pixels at the recipe's batch size, every
contestant once a round in turn, medians of CPU time; on a GPU (--device cuda), of wall
time. "plain" has fixed margins. The peak memory of each contestant is that of a process
of its own that takes a few steps: of the whole process on the CPU, and what torch has
allocated on a GPU.
"""

import argparse
import multiprocessing
import os
import resource
import time
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

import torch
from step_cost import Stepper, median_seconds, random_data
from tqdm import tqdm

from zssbir_lib.files import write_json
from zssbir_lib.training import Method, find_method, prepare_processor, provenance

BASELINE = "plain"
ROWS: dict[str, dict[str, Any]] = {
    BASELINE: dict(form="fixed"),
    "exact, heads": dict(),
    "exact, heads, 3 steps": dict(),
    "first order, heads": dict(gradient="first_order"),
    "exact, all weights": dict(scope="all"),
    "first order, all weights": dict(gradient="first_order", scope="all"),
}
VARIANTS = Path(__file__).resolve().parents[1] / "studies" / "ramln_variants.py"
KINDS = {"exact, heads, 3 steps": f"{VARIANTS}:ThreeSteps"}  # others are RAMLN itself
FIRST_STEPS = 4  # before time and peak are read


def method_of(row: str, options: argparse.Namespace) -> Method:
    """Return a contestant; its margins are learned from the first step."""
    changes: dict[str, Any] = {"weights": options.weights} if options.weights else {}
    if options.batch_size:
        changes["batch_size"] = options.batch_size
    margins = dict(warm_up=0) | ROWS[row]
    kind = find_method(KINDS.get(row, "ramln"))
    return kind.named(options.backbone, margins=margins, **changes)


def peak_memory(row: str, options: argparse.Namespace) -> float:
    """Return the peak memory of a few steps, MiB, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak_in_this_process, (row, options))


def _peak_in_this_process(row: str, options: argparse.Namespace) -> float:
    """Take steps and return the peak; memory already held by the process counts."""
    torch.set_num_threads(1)
    method = method_of(row, options)
    step = Stepper(random_data(method.recipe.image_size), method, options.device)
    for _ in range(FIRST_STEPS):
        step()
    if options.device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / 2**20
    return peak_resident()


def peak_resident() -> float:
    """Return the most memory that this process has held, MiB.

    Linux hands `ru_maxrss` on from the parent process; its own VmHWM it does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if "VmHWM" in x)
        return int(line.split()[1]) / 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Return one line a contestant, relative to a step with fixed margins."""
    data = random_data(method_of(BASELINE, options).recipe.image_size)
    steppers = {n: Stepper(data, method_of(n, options), options.device) for n in ROWS}
    on_gpu = options.device.startswith("cuda")
    clock = time.perf_counter if on_gpu else time.process_time
    seconds = median_seconds(
        steppers, options.rounds, options.steps, clock, warm_up=FIRST_STEPS
    )
    del steppers, data
    peaks = {n: peak_memory(n, options) for n in tqdm(ROWS, desc="memory")}
    return [
        {
            "name": name,
            "ms": round(1e3 * seconds[name], 2),
            "relative": round(seconds[name] / seconds[BASELINE], 3),
            "peak_mib": round(peaks[name]),
            "more_mib": round(peaks[name] - peaks[BASELINE]),
        }
        for name in ROWS
    ]


def main() -> None:
    """Measure, print the table, write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="small")
    parser.add_argument("--weights", help="as for `zssbir fit`")
    parser.add_argument("--batch-size", type=int, help="(default: the recipe's)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=8, help="steps in a round")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    prepare_processor()
    rows = measure(options)
    for row in rows:
        print(
            f"{row['name']:<28}{row['ms']:>9.1f} ms a step {row['relative']:>7.2f} x "
            f"{row['peak_mib']:>6} MiB at most ({row['more_mib']:+} MiB)"
        )
    if options.out:
        batch = method_of(BASELINE, options).recipe.batch_size
        content = {"backbone": options.backbone, "batch_size": batch, "rows": rows}
        content |= provenance(options.device)
        content["command"] = (
            f"python benchmarks/meta_step_cost.py --backbone {options.backbone} "
            f"--batch-size {batch} --device {options.device} "
            f"--rounds {options.rounds} --steps {options.steps}"
        )
        write_json(content, options.out)


if __name__ == "__main__":
    main()
