"""Doing many independent pieces of work, one after another or in several processes."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

Item = TypeVar("Item")


def run_jobs(
    work: Callable[[Item], None], items: Sequence[Item], jobs: int
) -> Iterator[None]:
    """Do the work for every item, and yield whenever one is done.

    Args:
        work: does it and writes its own result; must be picklable when jobs > 1.
        items: what to do it for, such as the runs of a study.
        jobs: number of processes; with 1 the work is done here, in order.

    Taught in: notebook 02.
    """
    if jobs == 1:
        for item in items:
            yield work(item)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for future in as_completed([pool.submit(work, item) for item in items]):
            yield future.result()
