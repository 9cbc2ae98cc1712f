"""Settings of the processor that training needs to be fast and to repeat."""

import torch


def flush_denormals() -> None:
    """Let the processor take numbers below 1e-38 as zero.

    The moments of an optimiser decay towards zero wherever a unit is dead; once they
    are that small, most processors compute ten times slower. The weights do not notice.

    Taught in: notebook 02.
    """
    torch.set_flush_denormal(True)


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
