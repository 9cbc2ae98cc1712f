"""Keep two processes from writing the same file at the same time."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Be the only process that writes a file, by a lock on `<name>.lock` beside it.

    The system frees the lock when its process ends, however it ends; a lock file that
    a killed process left behind keeps nobody out.

    Args:
        path: What is to be written; its folder exists.

    Yields:
        Nothing.

    Raises:
        OSError: If another process holds the lock, or the folder cannot be written to.
    """
    lock = path.with_name(path.name + ".lock")
    with open(lock, "ab") as file:
        if not (_try_lock(file) and _is_still(file, lock)):
            raise OSError(
                f"another process is writing {path}; wait until it is done, then run "
                "the same command again"
            )
        try:
            yield
        finally:
            if sys.platform != "win32":
                lock.unlink(missing_ok=True)  # while locked: nobody else may hold it
    if sys.platform == "win32":
        with suppress(OSError):
            lock.unlink(missing_ok=True)  # an open file cannot be removed there


def _try_lock(file: BinaryIO) -> bool:
    """Lock an open file without waiting; False if another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_still(file: BinaryIO, path: Path) -> bool:
    """Tell whether a path still names the file that was opened."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
