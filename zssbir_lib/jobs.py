"""Many independent pieces of work: here, in several processes, or in threads.

Nothing else in the library starts processes or threads, but for PyTorch's own.
"""

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item, Result = TypeVar("Item"), TypeVar("Result")

IMAGES_PER_JOB = 400  # fewer images than this are not worth another process
IN_HAND = 4096  # items handed to the threads at a time
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}  # one order of sums
SILENT = {"PYTHONFAULTHANDLER": ""}  # the death of a worker is told in one line


def run_jobs(
    work: Callable[[Item], Result], items: Sequence[Item], jobs: int
) -> Iterator[Result]:
    """Do the work for every item, and yield each result as it is done.

    Each of several processes has one thread; with one job the work is done here, in
    order, with as many threads as PyTorch has. An error or Ctrl-C ends the processes at
    once; so does the end of this process, however it comes, even by `kill -9`.
    """
    if jobs == 1 or not items:
        yield from map(work, items)
        return
    from joblib.externals.loky import ProcessPoolExecutor, as_completed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # a worker that has grown large is replaced, which is all right
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given")
    pool = ProcessPoolExecutor(
        min(jobs, len(items)),
        initializer=_begin_worker,
        initargs=(os.getpid(),),
        env=ONE_THREAD | SILENT,
    )
    whole = False
    try:
        with _deaf_to_ctrl_c():  # as the workers are, from their first moment
            waiting = [pool.submit(work, item) for item in items]
        for done in as_completed(waiting):
            yield done.result()
        whole = True
    except TerminatedWorkerError as error:
        raise ChildProcessError(
            "a process died, perhaps for want of memory; give the same command again, "
            "which goes on from there, with fewer processes (--jobs or workers)"
        ) from error
    finally:
        pool.shutdown(kill_workers=not whole)


def in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], threads: int
) -> Iterator[Result]:
    """Do the work in threads, results in order; an error cancels what has not begun."""
    if threads == 1 or len(items) < 2:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(items), IN_HAND):
            yield from pool.map(work, items[start : start + IN_HAND])


def available_cores() -> int:
    """Return how many processor cores this process may use, 1 or more."""
    known = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1


def jobs_worth(images: int) -> int:
    """Return how many processes pay: one a core, no more than one per 400 images."""
    return min(available_cores(), 1 + images // IMAGES_PER_JOB)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Ignore Ctrl-C while processes are started: they inherit that, and stay silent."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may ignore it
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end when it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def end_with_parent() -> None:  # which, if killed, cannot tell anybody to stop
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
