"""Files that are either whole or not there."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name beside it, then rename it.

    Whatever stops the writing, a crash or a full disk included, the file that was there
    before is as it was.

    Args:
        path: the file; its folder must exist.
        write: writes the content to an open file.

    Raises:
        OSError: saying what could not be written, why, and what to do.

    Taught in: notebook 08.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())  # on the disk before it gets its name
        partial.replace(path)
    except (OSError, RuntimeError) as error:
        if not failed_to_write(error):
            raise
        raise OSError(
            f"cannot write {path} ({reason(error)}); what was there before is "
            "untouched: free space or choose another --out, then go on with --resume"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def check_writable(folder: Path) -> None:
    """Create a folder if need be, and raise unless files can be written there.

    Better now than after the first hour of a training.

    Args:
        folder: where results go.

    Raises:
        OSError: saying why not.

    Taught in: notebook 08.
    """
    probe = folder / ".writable.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            probe.write_bytes(b"?")
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(
            f"cannot write to folder {folder} ({reason(error)}): choose another --out, "
            "or change its permissions"
        ) from error


def reason(error: BaseException) -> str:
    """Return the first line of what went wrong first."""
    *_, first = causes(error)
    if isinstance(first, OSError) and first.strerror:
        return first.strerror
    return str(first).splitlines()[0] if str(first) else type(first).__name__


def failed_to_write(error: BaseException) -> bool:
    """Return whether an error is a matter of the disk, and not of something else."""
    by_system = any(isinstance(one, OSError) for one in causes(error))
    return by_system or "PytorchStreamWriter" in str(error)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, the one during whose handling it was raised, and so on.

    PyTorch reports a full disk by an error of its own, behind which is the system's.
    """
    while error is not None:
        yield error
        error = error.__context__
