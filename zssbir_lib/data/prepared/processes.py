"""Work on many items in several processes that leave nothing behind.

Taught in: notebook 08.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any


def in_processes(
    function: Callable[[Any], Any], items: Sequence[Any], jobs: int
) -> Iterator[Any]:
    """Apply a function to items in several processes, results as they come.

    An error or Ctrl-C ends the processes at once. Where this process is killed, they
    end too.

    Args:
        function: Called with one item; importable by name (a partial of such is too).
        items: Its arguments.
        jobs: Processes; 1 works without any.

    Returns:
        An iterator over the results, in any order.

    Raises:
        ChildProcessError: If one of the processes died.

    Taught in: notebook 08.
    """
    if jobs == 1 or len(items) < 2:
        yield from map(function, items)
        return
    context = multiprocessing.get_context("spawn")  # safe beside threads, anywhere
    pool = ProcessPoolExecutor(min(jobs, len(items)), context, begin_process)
    others, own = set(multiprocessing.active_children()), set()
    try:
        with deaf_to_ctrl_c():  # as the processes are, from their first moment
            waiting = [pool.submit(function, item) for item in items]
            own = set(multiprocessing.active_children()) - others
        for done in as_completed(waiting):
            yield done.result()
        own = set()  # all is done: they end by themselves
    except BrokenProcessPool as error:
        raise ChildProcessError(
            "a process died, perhaps for want of memory; give the same command again, "
            "which goes on from there, with a smaller --jobs; in a script, put the "
            "call under `if __name__ == '__main__':`"
        ) from error
    finally:
        for process in own:
            process.terminate()
        pool.shutdown(cancel_futures=True)


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Ignore Ctrl-C while processes are started: they inherit that, and stay silent.

    Outside the main thread Python cannot ignore it; nothing is done there.

    Taught in: notebook 08.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def begin_process() -> None:
    """Make a process end when its parent is gone.

    Taught in: notebook 08.
    """
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the parent's end; a killed parent cannot tell its processes to stop."""
    multiprocessing.parent_process().join()
    os._exit(1)
