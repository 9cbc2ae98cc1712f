"""Write whole files only, and say in one line why a file cannot be written."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from zssbir_lib.files import write_shared

AGAIN = "then run the same command again"
ELSEWHERE = "choose a folder that you may write to"
REMEDIES = {
    errno.ENOSPC: f"free some space, {AGAIN}",
    errno.EDQUOT: f"free some of your quota, {AGAIN}",
    errno.EACCES: ELSEWHERE,
    errno.EPERM: ELSEWHERE,
    errno.EROFS: ELSEWHERE,
}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be written, and what to do.

    Args:
        path: The file, by its final name.

    Yields:
        Nothing.

    Raises:
        OSError: In place of the system's own.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise  # not the system's: it says already what to do
        remedy = REMEDIES.get(error.errno, "choose another folder")
        reason = error.strerror or type(error).__name__
        raise OSError(f"cannot write {path} ({reason}): {remedy}") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder and rename it.

    Args:
        path: The file.
        content: All of its bytes.

    Raises:
        OSError: If it cannot be written; nothing is left then.
    """
    with disk_errors(path):
        write_shared(path, lambda file: file.write(content))
