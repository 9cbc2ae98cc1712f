"""Files that are either whole or not there, and the folder of what is kept for later.

Nothing else in the library writes a file in place. What only looks like it: lines
added to a journal, bytes put into a file under construction (a store's pixels, a
download); both count only once a file renamed at the end, or a checksum, says so.
"""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

VARIABLE = "ZSSBIR_CACHE"


def write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file under a temporary name beside it, then rename it.

    Whatever stops the writing, a crash or a full disk included, the file that was there
    before is as it was. Nobody else may write it meanwhile.
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


def write_shared(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file that other processes may be writing too: the last one stays.

    An OSError is the system's own, for the caller to say what can be done.
    """
    writer = f"{os.getpid()}-{threading.get_ident()}"  # nobody else's
    temporary = path.with_name(f"{path.name}.{writer}.part")
    try:
        with temporary.open("wb") as file:  # with the permissions of every new file
            write(file)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Write a text file as `write_whole` does; its folder is created."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(text.encode()))


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write plain values as a JSON file, as `write_text` does."""
    write_text(json.dumps(content, indent=1) + "\n", path)


def check_writable(folder: Path) -> None:
    """Create a folder if need be, and raise unless files can be written there.

    Better now than after the first hour of a training.
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
    first = causes(error)[-1]
    if isinstance(first, OSError) and first.strerror:
        return first.strerror
    return str(first).splitlines()[0] if str(first) else type(first).__name__


def failed_to_write(error: BaseException) -> bool:
    """Return whether an error is a matter of the disk, and not of something else."""
    by_system = any(isinstance(one, OSError) for one in causes(error))
    return by_system or "PytorchStreamWriter" in str(error)


def causes(error: BaseException) -> list[BaseException]:
    """Return an error, the one during whose handling it was raised, and so on.

    PyTorch reports a full disk by an error of its own, behind which is the system's.
    """
    chain = [error]
    while chain[-1].__context__ is not None:
        chain.append(chain[-1].__context__)
    return chain


def cache_folder() -> Path:
    """Return `$ZSSBIR_CACHE`, or `~/.cache/zssbir`; it need not exist yet."""
    return Path(os.environ.get(VARIABLE) or "~/.cache/zssbir").expanduser()
