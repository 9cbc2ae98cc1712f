"""Settings of processor and memory that training needs to be fast and to repeat."""

import ctypes
import platform

import torch

KEPT_BYTES = 2**30
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # numbers of glibc's mallopt


def flush_denormals() -> None:
    """Let the processor take numbers below 1e-38 as zero.

    The moments of an optimiser decay towards zero wherever a unit is dead; once they
    are that small, most processors compute ten times slower. The weights do not notice.

    Taught in: notebook 02.
    """
    torch.set_flush_denormal(True)


def keep_freed_memory() -> bool:
    """Keep up to a gibibyte of freed memory for the next step, where glibc is used.

    Every step asks for the same large blocks and frees them. Blocks that are given back
    to the system come again as new pages, which it has to clear first, and on a CPU
    that is a good part of a large network's step. Results are the same.

    Returns:
        Whether the C library could be told.

    Taught in: notebook 02.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    tell = ctypes.CDLL(None).mallopt
    return all(tell(name, KEPT_BYTES) for name in (TRIM_THRESHOLD, MMAP_THRESHOLD))


def use_threads(count: int) -> None:
    """Limit the threads that PyTorch computes with.

    A result repeats bit for bit only with the same number of threads.

    Args:
        count: number of threads, 1 or more.

    Raises:
        ValueError: the count is below 1.

    Taught in: notebook 02.
    """
    if count < 1:
        raise ValueError(f"the number of threads must be 1 or more, got {count}")
    torch.set_num_threads(count)
