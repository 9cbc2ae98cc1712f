"""Clocks and memory of a device, for benchmarks."""

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch


def seconds_of(run: Callable[[], float], device: str) -> tuple[float, float]:
    """Return the seconds that a call takes, and what it returns.

    CPU seconds of this process on a CPU, where other work on the machine then disturbs
    little; seconds of the clock on a GPU, which is waited for before the clock is read.
    """
    if device == "cpu":
        start = time.process_time()
        value = run()
        return time.process_time() - start, value
    torch.cuda.synchronize(device)
    start = time.perf_counter()
    value = run()
    torch.cuda.synchronize(device)
    return time.perf_counter() - start, value


def extra_mebibytes(run: Callable[[], object], device: str) -> float:
    """Return how far a call goes above the memory that is in use before it."""
    if device == "cpu":
        forget_peak()
        before = resident_mebibytes(peak=False)
        run()
        return resident_mebibytes(peak=True) - before
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    run()
    return (torch.cuda.max_memory_allocated(device) - before) / 2**20


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


def forget_peak() -> None:
    """Start the peak size of this process anew, where the system can (Linux)."""
    references = Path("/proc/self/clear_refs")
    if references.exists():
        references.write_text("5")
