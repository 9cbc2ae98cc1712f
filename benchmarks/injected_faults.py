"""Faults of a training other than a kill: what is wrong, what is said, what is left."""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from killable_training import CLASSES, EACH, Training, write_images

from zssbir_lib.training import read_checkpoint

Fault = Callable[[Training], tuple[str, ...]]  # does harm, returns further words


def full_disk(run: Training) -> tuple[str, ...]:
    """Let a full disk receive the next checkpoint."""
    run.partial.symlink_to("/dev/full")
    return ("--resume",)


def file_for_folder(run: Training) -> tuple[str, ...]:
    """Put a file where the folder should be."""
    for path in run.out.iterdir():
        path.unlink()
    run.out.rmdir()
    run.out.write_text("a file\n")
    return ()


def cut_to(share: float) -> Fault:
    """Return a fault that keeps only the beginning of the checkpoint."""

    def cut(run: Training) -> tuple[str, ...]:
        content = run.checkpoint.read_bytes()
        run.checkpoint.write_bytes(content[: int(share * len(content))])
        return ("--resume",)

    return cut


def flip_a_bit(run: Training) -> tuple[str, ...]:
    """Change one bit in the middle of the checkpoint, where weights are."""
    content = bytearray(run.checkpoint.read_bytes())
    content[len(content) // 2] ^= 1
    run.checkpoint.write_bytes(content)
    return ("--resume",)


def another_format(run: Training) -> tuple[str, ...]:
    """Write a checkpoint as an older version did."""
    torch.save(read_checkpoint(run.checkpoint) | {"format": 1}, run.checkpoint)
    return ("--resume",)


def other_words(*words: str) -> Fault:
    """Return a fault that lies in the command alone."""
    return lambda run: words


def broken_image(run: Training) -> tuple[str, ...]:
    """Break every sketch of a seen class."""
    data = Path(run.command[run.command.index("--data") + 1])
    for path in (data / "sketch" / CLASSES[0]).iterdir():
        path.write_bytes(path.read_bytes()[:100])
    return ("--resume",)


def huge_rate(run: Training) -> tuple[str, ...]:
    """Train with a learning rate that no weight survives, in a fresh folder."""
    run.checkpoint.unlink()
    return ("--set", "learning_rate=1e30", "--set", "schedule=cosine")


FAULTS: dict[str, Fault] = {
    "the disk is full": full_disk,
    "a file in place of the folder": file_for_folder,
    "checkpoint empty": cut_to(0),
    "checkpoint cut to a half": cut_to(0.5),
    "checkpoint lacks its last bytes": cut_to(0.9999),
    "checkpoint with one wrong bit": flip_a_bit,
    "checkpoint of another format": another_format,
    "checkpoint of another recipe": other_words("--resume", "--set", "margin=0.5"),
    "checkpoint of another seed": other_words("--resume", "--seed", "9"),
    "checkpoint of other classes": other_words("--resume", "--seen-classes", "3"),
    "a run without --resume": other_words(),
    "a loss that is not finite": huge_rate,
    "unreadable images, no worker": lambda run: (*broken_image(run), "--workers=0"),
    "unreadable images, two workers": lambda run: (*broken_image(run), "--workers=2"),
    "a worker is killed": other_words("--resume", "--workers", "2"),
    "--parts 0": other_words("--resume", "--parts", "0"),
    "--workers -1": other_words("--resume", "--workers", "-1"),
    "--precision float16": other_words("--resume", "--precision", "float16"),
}


def begin(folder: Path) -> None:
    """Leave a folder with images, and a training killed in its third epoch."""
    write_images(folder / "data")
    run = Training(folder / "data", folder / "run", "triplet")
    run.start()
    if not run.kill_once(lambda: run.checkpoint.exists() and run.step() > 2 * EACH):
        raise OSError(f"it ended before it was killed: {run.log.read_text()[-500:]}")
    run.partial.unlink(missing_ok=True)


def inject(name: str, folder: Path) -> dict[str, Any]:
    """Meet one fault with a command; return exit code, message and what is left.

    Args:
        name: of the fault.
        folder: see `begin`; changed.
    """
    run = Training(folder / "data", folder / "run", "triplet")
    words = FAULTS[name](run)
    before = content(run.checkpoint)
    again = Training(folder / "data", run.out, "triplet", *words)
    again.start()
    if name == "a worker is killed":
        kill_a_worker(again)
    code = again.wait()
    message, lines = told(again)
    return {
        "fault": name,
        "exit_code": code,
        "message": message.replace(f"{folder}/", ""),
        "one_line": lines == 1,
        "left": left_by(again, before),
    }


def told(run: Training) -> tuple[str, int]:
    """Return the error that a command ended with, and how many lines it took.

    Progress bars and warnings do not count.
    """
    lines = run.log.read_text().replace("\r", "\n").splitlines()
    errors = [line for line in lines if re.search(r"^zssbir.*: error: ", line)]
    if errors:
        return errors[-1], len(errors)
    traces = [n for n, line in enumerate(lines) if line.startswith("Traceback")]
    return (lines[-1], len(lines) - traces[0]) if traces else ("", 0)


def content(path: Path) -> bytes | None:
    """Return the bytes of a file, None where there is none."""
    return path.read_bytes() if path.is_file() else None


def fresh_copy(folder: Path) -> Path:
    """Copy images and the begun training to where one fault may have them."""
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    for name in ("data", "run"):
        shutil.copytree(folder / name, copy / name)
    return copy


def kill_a_worker(training: Training) -> None:
    """Kill one of the workers once training goes on."""
    while training.process.poll() is None and training.step() <= 3 * EACH:
        time.sleep(0.005)
    pid = training.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    os.kill(int(children[-1]), signal.SIGKILL)


def left_by(run: Training, before: bytes | None) -> str:
    """Say what a fault left on the disk.

    Args:
        run: the training that met it.
        before: the checkpoint as it was then.
    """
    if run.out.is_file():
        return "the file"
    names = sorted(path.name for path in run.out.iterdir())
    after = content(run.checkpoint)
    if after is None:
        return ", ".join(names) or "nothing"
    grown = "as it was" if after == before else f"of step {run.saved()}"
    return f"{', '.join(names)} ({grown})"
