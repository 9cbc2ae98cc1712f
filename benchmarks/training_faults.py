"""Inject faults into trainings: kill -9 at random moments, full disks, bad files.

    python benchmarks/training_faults.py --out results/training_faults.json

Every fault meets the command line as users start it, `zssbir fit`, on a
small folder of images that the embedded world drew. First each method is trained
without interruption; then the same training is killed at random moments, every third
time while a checkpoint is being written, and resumed until it ends. Metrics, history
and every saved tensor are compared bit for bit. The other faults are tried once each:
exit code, message, and what is left on disk.
"""

import argparse
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

import torch
from injected_faults import FAULTS, begin, fresh_copy, inject
from killable_training import EACH, EPOCHS, METHODS, Training
from tqdm import tqdm

from zssbir_lib.files import write_json
from zssbir_lib.training import provenance, read_checkpoint


def outcome(training: Training) -> dict[str, Any]:
    """Return metrics and history of a finished training, and all that it saved."""
    content = json.loads((training.out / "metrics.json").read_text())
    kept = {name: content[name] for name in ("metrics", "history", "steps")}
    return kept | {"saved": read_checkpoint(training.checkpoint)}


def same(one: Any, other: Any) -> bool:
    """Return whether two nested values are equal bit for bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(same(*pair) for pair in pairs)
    return one == other


def next_moment(
    training: Training, number: int, kills: int, draw: random.Random
) -> Callable[[], bool]:
    """Return what to wait for: a random step and a little more, or a checkpoint.

    Steps are drawn from that part of the training which belongs to this kill, so that
    no training ends before its last kill.
    """
    share = EPOCHS * EACH // (kills + 1)
    step = number * share + draw.randrange(1, share)
    delay, reached = draw.uniform(0, 0.05), []
    writes = number % 3 == 2

    def ready() -> bool:
        if not reached:
            if training.step() >= step and (not writes or training.partial.exists()):
                reached.append(time.monotonic())
            return writes and bool(reached)
        return time.monotonic() - reached[0] >= delay

    return ready


def killed_and_resumed(
    data: Path, folder: Path, method: str, kills: int, seed: int
) -> dict[str, Any]:
    """Train once without and once with kills, and compare."""
    whole = Training(data, folder / f"{method}-whole", method)
    whole.start()
    if whole.wait() != 0:
        raise OSError(f"{method} does not train: {whole.log.read_text()[-500:]}")
    killed = Training(data, folder / f"{method}-killed", method, "--resume")
    draw, found = random.Random(f"{method} {seed}"), []
    for number in range(kills):
        killed.start()
        if not killed.kill_once(next_moment(killed, number, kills, draw)):
            raise OSError(f"{method} ended before kill {number + 1}: train longer")
        shown, saved = killed.step(), killed.saved()
        found.append(
            {"shown": shown, "saved": saved, "partial": killed.partial.exists()}
        )
    killed.start()
    code = killed.wait()
    left = sorted(path.name for path in killed.out.iterdir())
    return {
        "method": method,
        "kills": found,
        "most_repeated": max(one["shown"] - one["saved"] for one in found),
        "exit_code": code,
        "left": left,
        "equal": code == 0 and same(outcome(whole), outcome(killed)),
    }


def main() -> None:
    """Inject every fault, print the tables, write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=3, help="for each method")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin(folder)
        rows = [
            killed_and_resumed(
                folder / "data", folder, method, options.kills, options.seed
            )
            for method in tqdm(METHODS, "methods killed")
        ]
        faults = [
            inject(fault, fresh_copy(folder)) for fault in tqdm(FAULTS, "other faults")
        ]
    print_tables(rows, faults)
    if options.out:
        content = {"epochs": EPOCHS, "steps_per_epoch": EACH, "seed": options.seed}
        content |= {"kills": rows, "faults": faults} | provenance()
        content["command"] = (
            f"python benchmarks/training_faults.py --kills {options.kills} "
            f"--seed {options.seed}"
        )
        write_json(content, options.out)


def print_tables(rows: list[dict[str, Any]], faults: list[dict[str, Any]]) -> None:
    """Print what was killed, and what was said to every other fault."""
    for row in rows:
        shown = ", ".join(
            f"{one['shown']} (saved {one['saved']}{'*' * one['partial']})"
            for one in row["kills"]
        )
        print(
            f"{row['method']:<8} killed at step {shown}; at most {row['most_repeated']}"
            f" steps repeated; {'equal' if row['equal'] else 'NOT EQUAL'}"
        )
    print("* the kill left a checkpoint half written beside the whole one\n")
    for one in faults:
        print(f"{one['fault']}: exit code {one['exit_code']}, left: {one['left']}")
        print(f"    {one['message']}{'' if one['one_line'] else ' (NOT ONE LINE)'}")


if __name__ == "__main__":
    main()
