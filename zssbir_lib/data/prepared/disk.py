"""Room on the disk, and what its refusals mean."""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GIBIBYTE = 2**30
FULL = (errno.ENOSPC, errno.EDQUOT)


def check_room(folder: Path, needed: int) -> None:
    """Check that a disk has room, before hours of work.

    Args:
        folder: A folder on that disk, which need not exist yet.
        needed: Bytes.

    Raises:
        OSError: Saying how much is needed and how much there is.
    """
    folder = folder.absolute()
    existing = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(existing).free
    if needed > free:
        raise OSError(
            f"{folder} needs {gibibytes(needed)}, but its disk has only "
            f"{gibibytes(free)} free: make room, choose another disk, or a smaller "
            "--size"
        )


@contextmanager
def clear_refusals(folder: Path) -> Iterator[None]:
    """Turn the errors of a disk into one line that says what to do.

    Args:
        folder: What is being written.

    Raises:
        OSError: With the folder, the reason and the remedy.
    """
    try:
        yield
    except ChildProcessError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise OSError(
                f"the disk is full, {folder} is not finished: make room and give the "
                f"same command again, which goes on from there, or delete {folder}"
            ) from error
        raise OSError(
            f"cannot write {folder} ({error.strerror or error}): choose another place "
            "or change its permissions"
        ) from error


def gibibytes(count: int) -> str:
    """Return a number of bytes as text, such as "3.5 GiB"."""
    value = count / GIBIBYTE
    return f"{value:.1f} GiB" if value >= 0.1 else f"{value:.4f} GiB"
