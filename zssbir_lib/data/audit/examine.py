"""Examine every file of a data set, on all cores, with a progress bar."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tqdm import tqdm

from zssbir_lib.data.audit.file_facts import FileFacts, examine_file
from zssbir_lib.data.audit.journal import Journal
from zssbir_lib.jobs import jobs_worth, run_jobs

CHUNK = 64  # files handed to a process at a time


def examine_files(
    root: Path, paths: Sequence[str], jobs: int | None = None, fresh: bool = False
) -> dict[str, FileFacts]:
    """Examine files, several at a time; those examined before are not read again.

    Args:
        root: The folder of the data set.
        paths: Files below root.
        jobs: Processes; None for one a core where that pays.
        fresh: Examine every file, even one that has not changed since the last time.

    Returns:
        Path to what the file is.

    Raises:
        ValueError: If jobs is below 1.
        ChildProcessError: If a process died.
        OSError: If the journal cannot be written.
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
        examine = partial(examine_chunk, root)
        for done in run_jobs(examine, chunks, jobs or jobs_worth(len(new))):
            journal.add(done)
            facts |= {one.path: one for one in done}
            bar.update(len(done))
    return {path: facts[path] for path in paths}


def examine_chunk(root: Path, paths: Sequence[str]) -> list[FileFacts]:
    """Examine some files, one after another.

    Args:
        root: The folder of the data set.
        paths: Files below root.

    Returns:
        What they are, in order.
    """
    return [examine_file(root, path) for path in paths]
