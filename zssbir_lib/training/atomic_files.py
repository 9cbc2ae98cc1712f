"""Files that are either whole or not there."""

import os
from collections.abc import Callable
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

    Taught in: notebook 02.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())  # on the disk before it gets its name
        partial.replace(path)
    except (OSError, RuntimeError) as error:  # PyTorch reports full disks its own way
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

    Taught in: notebook 02.
    """
    probe = folder / ".writable.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"?")
        probe.unlink()
    except OSError as error:
        raise OSError(
            f"cannot write to folder {folder} ({reason(error)}): choose another --out, "
            "or change its permissions"
        ) from error


def reason(error: BaseException) -> str:
    """Return the first line of what went wrong, of its cause if there is one."""
    while error.__context__ is not None:
        error = error.__context__
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
