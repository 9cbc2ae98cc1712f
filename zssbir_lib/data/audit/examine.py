"""Examine every file of a data set, on all cores, with a progress bar.

Taught in: notebook 08.
"""

import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path

from tqdm import tqdm

from zssbir_lib.data.audit.file_facts import FileFacts, examine_file
from zssbir_lib.data.audit.journal import Journal
from zssbir_lib.data.prepared.processes import begin_process, deaf_to_ctrl_c
from zssbir_lib.world.rendering import available_cores

CHUNK = 64  # files handed to a process at a time
TRIAL = 4  # chunks examined before more processes are thought of
SECONDS_TO_SAVE = 2.0  # with less work left, more processes do not pay
# A forked process is there at once, a spawned one loads PyTorch first, for seconds.
# These only decode and hash, so forking is safe here (it is not on other systems).
START_METHOD = "fork" if sys.platform == "linux" else "spawn"


def examine_files(
    root: Path, paths: Sequence[str], jobs: int | None = None, fresh: bool = False
) -> dict[str, FileFacts]:
    """Examine files, several at a time; those examined before are not read again.

    Args:
        root: The folder of the data set.
        paths: Files below root.
        jobs: Processes; None for one a core where that pays, after a short trial.
        fresh: Examine every file, even one that has not changed since the last time.

    Returns:
        Path to what the file is.

    Raises:
        ValueError: If jobs is below 1.
        ChildProcessError: If a process died.
        OSError: If the journal cannot be written.

    Taught in: notebook 08.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs is {jobs}, expected 1 process or more")
    journal = Journal(root, fresh)
    facts = journal.remembered()
    new = [path for path in paths if path not in facts]
    chunks = [new[start : start + CHUNK] for start in range(0, len(new), CHUNK)]
    remembered = len(paths) - len(new)
    with tqdm(
        total=len(paths), initial=remembered, desc="checking images", unit="image"
    ) as bar:
        for done in _examine_all(root, chunks, jobs):
            journal.add(done)
            facts |= {one.path: one for one in done}
            bar.update(len(done))
    return {path: facts[path] for path in paths}


def _examine_all(
    root: Path, chunks: Sequence[Sequence[str]], jobs: int | None
) -> Iterator[list[FileFacts]]:
    """Examine some chunks here, the rest in as many processes as pay or were asked."""
    trial = chunks[:TRIAL] if jobs is None else []
    rest = chunks[len(trial) :]
    begun = time.perf_counter()
    for chunk in trial:
        yield examine_chunk(root, chunk)
    if jobs is None:
        seconds = (time.perf_counter() - begun) / max(len(trial), 1) * len(rest)
        jobs = available_cores() if seconds > SECONDS_TO_SAVE else 1
    yield from _in_processes(root, rest, jobs)


def examine_chunk(root: Path, paths: Sequence[str]) -> list[FileFacts]:
    """Examine some files, one after another.

    Args:
        root: The folder of the data set.
        paths: Files below root.

    Returns:
        What they are, in order.

    Taught in: notebook 08.
    """
    return [examine_file(root, path) for path in paths]


def _in_processes(
    root: Path, chunks: Sequence[Sequence[str]], jobs: int
) -> Iterator[list[FileFacts]]:
    """Examine chunks in any order; Ctrl-C ends the processes at once."""
    if jobs == 1 or len(chunks) < 2:
        yield from map(partial(examine_chunk, root), chunks)
        return
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context(START_METHOD)
    pool = ProcessPoolExecutor(min(jobs, len(chunks)), context, begin_process)
    try:
        for future in as_completed(_submit(pool, root, chunks)):
            yield future.result()
    except BrokenProcessPool as error:
        raise ChildProcessError(
            "a process that decodes images died, perhaps for want of memory; the same "
            "command goes on from there, try it with --jobs 1; in a script, put the "
            "call under `if __name__ == '__main__':`"
        ) from error
    except BaseException:  # Ctrl-C above all
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        raise
    pool.shutdown()


def _submit(
    pool: ProcessPoolExecutor, root: Path, chunks: Sequence[Sequence[str]]
) -> list[Future]:
    """Hand out the chunks; this starts the processes."""
    with deaf_to_ctrl_c():
        return [pool.submit(examine_chunk, root, chunk) for chunk in chunks]
