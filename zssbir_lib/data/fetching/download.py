"""Fetch one file over HTTP: resumed where it stopped, checked, renamed when whole."""

import hashlib
import hmac
from pathlib import Path

from zssbir_lib.data.fetching.addresses import check_address, shown
from zssbir_lib.data.fetching.attempt import Wanted
from zssbir_lib.data.fetching.errors import DownloadError
from zssbir_lib.data.fetching.partial_file import PartialFile
from zssbir_lib.data.fetching.patience import Patience
from zssbir_lib.data.fetching.transfer import receive

BLOCK = 2**20  # bytes read at a time for a checksum


def download(
    url: str,
    path: str | Path,
    checksum: str | None = None,
    length: int | None = None,
    first_bytes: int | None = None,
    patience: Patience | None = None,
) -> Path:
    """Fetch a file, going on where an earlier try stopped.

    The bytes arrive in `<path>.partial` and get their name when all are there and
    right. A file that is there already is checked, not fetched again.

    Args:
        url: An address of http or https.
        path: Where the file is to be; its folder is made.
        checksum: What the bytes must give, such as "sha256:<64 hexadecimal digits>";
            None to trust the length that the server announces.
        length: Bytes that the file must have; None for what the server announces.
        first_bytes: Fetch only this many bytes of the beginning, or all if the file
            is shorter; None for all.
        patience: How long to wait and how often to try; None for the default.

    Returns:
        The path.

    Raises:
        ValueError: If an argument is out of range.
        DownloadError: If the file cannot be fetched, or its bytes are wrong.
        OSError: If it cannot be written.

    Example:
        >>> download("https://example.org/a.zip", "data/a.zip", length=1234)
    """
    path, patience = Path(path), patience or Patience()
    check_address(url)
    _check_arguments(checksum, length, first_bytes)
    if path.exists():
        check_present(path, checksum, length, first_bytes)
        return path
    wanted = Wanted(url, length, first_bytes, may_end_early=checksum is not None)
    with PartialFile(path, shown(url)) as partial:
        if path.exists():  # another process was faster
            return path
        receive(partial, wanted, patience)
        if checksum is not None:
            _check_bytes(partial, checksum)
        partial.finish()
    return path


def check_present(
    path: Path, checksum: str | None, length: int | None, first_bytes: int | None
) -> None:
    """Check a file that is there already.

    Args:
        path: The file.
        checksum: As for `download`.
        length: As for `download`; not checked where only a beginning is wanted.
        first_bytes: As for `download`.

    Raises:
        FileExistsError: If it is a folder, or not the file that is wanted.
    """
    if not path.is_file():
        raise FileExistsError(f"{path} is no file; remove it or choose another name")
    wrong = ""
    if checksum is not None:
        found = file_checksum(path, checksum.partition(":")[0])
        if not hmac.compare_digest(found, checksum.lower()):
            wrong = f"its checksum is {found}, expected {checksum}"
    if length is not None and first_bytes is None and path.stat().st_size != length:
        wrong = f"it has {path.stat().st_size} bytes, expected {length}"
    if wrong:
        raise FileExistsError(
            f"{path} exists but is another file ({wrong}); remove it or choose another "
            "folder"
        )


def file_checksum(path: Path, algorithm: str) -> str:
    """Return the checksum of a file, such as "sha256:9f86d08...".

    Args:
        path: The file.
        algorithm: A name that `hashlib` knows, such as "sha256" or "md5".

    Returns:
        The algorithm, a colon, and the digest in hexadecimal digits.

    Raises:
        ValueError: If the algorithm is unknown.
    """
    digest = _new_digest(algorithm)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return f"{algorithm}:{digest.hexdigest()}"


def _new_digest(algorithm: str) -> "hashlib._Hash":
    """Return an empty digest."""
    try:
        # an md5 finds accidents; nobody relies on it against intent here
        return hashlib.new(algorithm, usedforsecurity=False)
    except ValueError as error:
        raise ValueError(
            f"checksum {algorithm!r} is unknown, expected sha256:... or md5:..."
        ) from error


def _check_bytes(partial: PartialFile, checksum: str) -> None:
    """Check the bytes that arrived; wrong ones are removed."""
    found = file_checksum(partial.path, checksum.partition(":")[0])
    if not hmac.compare_digest(found, checksum.lower()):
        partial.discard()
        raise DownloadError(
            f"{partial.record.url} sent wrong bytes: checksum {found}, expected "
            f"{checksum}; they were removed: try again, and if it stays so, the file "
            "at that address has changed"
        )


def _check_arguments(
    checksum: str | None, length: int | None, first_bytes: int | None
) -> None:
    """Check the arguments of a download."""
    if checksum is not None:
        if ":" not in checksum:
            raise ValueError(f"checksum is {checksum!r}, expected 'sha256:9f86d...'")
        if first_bytes is not None:
            raise ValueError("a checksum is of the whole file: leave out first_bytes")
        _new_digest(checksum.partition(":")[0])
    if length is not None and length < 0:
        raise ValueError(f"length is {length}, expected 0 bytes or more")
    if first_bytes is not None and first_bytes < 1:
        raise ValueError(f"first_bytes is {first_bytes}, expected at least 1")
