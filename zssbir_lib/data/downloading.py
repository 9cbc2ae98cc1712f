"""Files over the network: whole and checked, or not there at all.

A file has its name only when all of its bytes are there and right. What broke off
leaves nothing behind: the same command begins that file anew and leaves alone what is
whole.
"""

import hashlib
import http.client
import io
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from tqdm import tqdm

from zssbir_lib.files import write_shared

TIMEOUT = 30.0  # seconds without any byte
PAUSES = (1.0, 5.0)  # seconds before each further try
BLOCK = 2**16  # bytes read at a time
PASSING = (408, 425, 429, 500, 502, 503, 504)  # answers that may change by themselves
REFUSALS = {404: "it may have moved", 410: "it is gone", 403: "it is not public"}
ONLINE = "check that this computer is online, then run the same command again"


class DownloadError(OSError):
    """A file that could not be fetched: one line that says why, and what to do."""


class _PassingError(DownloadError):
    """A failure that may pass by itself, so that trying again is worth it."""


def download(
    url: str, path: str | Path, checksum: str | None = None, length: int | None = None
) -> Path:
    """Fetch a file. One that is there already is checked, not fetched again.

    Args:
        url: an address of http or https.
        path: where the file is to be; its folder is made.
        checksum: what the bytes must give, such as "sha256:<64 hexadecimal digits>";
            None to trust the length that the server announces.
        length: bytes that the file must have; None for what the server announces.

    Raises:
        FileExistsError: another file of that name is there.
        DownloadError: the file cannot be fetched, or its bytes are wrong; nothing is
            left on the disk then.

    Example:
        >>> download("https://example.org/a.zip", "data/a.zip", length=1234)
    """
    path = Path(path)
    if not path.exists():
        fetch(url, path, partial(_receive, checksum=checksum, length=length))
    elif wrong := _difference(path, checksum, length):
        raise FileExistsError(
            f"{path} exists but is another file ({wrong}); remove it or choose another "
            "folder"
        )
    return path


def _difference(path: Path, checksum: str | None, length: int | None) -> str:
    """Say how a file differs from the one that is wanted, if it does."""
    if not path.is_file():
        return "a folder"
    if length is not None and path.stat().st_size != length:
        return f"it has {path.stat().st_size} bytes, expected {length}"
    algorithm, _, wanted = (checksum or "").partition(":")
    if checksum is not None:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, algorithm).hexdigest()
        if found != wanted.lower():
            return f"its checksum is {algorithm}:{found}, expected {checksum}"
    return ""


def _receive(
    body: "Body", file: BinaryIO, checksum: str | None, length: int | None
) -> None:
    """Write the bytes of an answer as they come, and check that all are there."""
    expected = body.announced if length is None else length
    if body.announced not in (None, expected):
        raise _other_length(body, body.announced, expected)
    if expected is None and checksum is None and not body.response.chunked:
        raise DownloadError(
            f"{body.url} does not say how long it is, so a cut copy could not be told "
            "from a whole one; nothing was written: download it with a browser"
        )
    algorithm, _, wanted = (checksum or "md5:").partition(":")
    digest = hashlib.new(algorithm, usedforsecurity=False)  # finds accidents
    with tqdm(
        total=expected, unit="B", unit_scale=True, desc=Path(body.url).name
    ) as bar:
        while block := body.read(BLOCK):
            file.write(block)
            digest.update(block)
            bar.update(len(block))
    if expected not in (None, body.size):
        raise _other_length(body, body.size, expected)
    if checksum is not None and digest.hexdigest() != wanted.lower():
        raise DownloadError(
            f"{body.url} sent wrong bytes: checksum {algorithm}:{digest.hexdigest()}, "
            f"expected {checksum}; they were removed: try again, and if it stays so, "
            "the file at that address has changed"
        )


def _other_length(body: "Body", found: int, expected: int) -> DownloadError:
    """Return the error of a file that is not as long as it should be."""
    return DownloadError(
        f"{body.url} has {found} bytes, expected {expected}: the file at that address "
        "has changed; nothing was kept"
    )


# a file over the network: tried again where that helps, written whole


def fetch(url: str, path: Path, receive: Callable[..., object]) -> None:
    """Let `receive(body, file)` write a file, which gets its name at the end."""
    for pause in (*PAUSES, None):
        try:
            with disk_errors(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            with _open(url) as response:
                write_file(path, partial(receive, Body(response)))
            return
        except _PassingError as error:
            if pause is None:
                raise DownloadError(
                    f"{error} ({len(PAUSES) + 1} times in a row); nothing was kept: "
                    "run the same command again, later if need be"
                ) from error
            time.sleep(pause)


class Body(io.RawIOBase):
    """The bytes of an answer; what goes wrong while they come is a DownloadError."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.response, self.announced, self.size = response, response.length, 0
        self.url = _shown(response.url)

    def readable(self) -> bool:
        """Say that bytes can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes; too early an end is an error."""
        with _named_failures(self.url):
            count = self.response.readinto(buffer)
        self.size += count
        if not count and self.response.length:
            raise _PassingError(
                f"the connection to {urlsplit(self.url).netloc} ended at byte "
                f"{self.size} of {self.announced} announced"
            )
        return count


def _open(url: str) -> http.client.HTTPResponse:
    """Ask for an address; redirects are followed, but not out of https."""
    if not url.startswith(("http://", "https://")):
        raise DownloadError(f"{url!r}, expected an address http://... or https://...")
    request = urllib.request.Request(url, headers={"User-Agent": "zssbir_lib"})
    with _named_failures(_shown(url)):
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    safe = ("https:",) if url.startswith("https:") else ("http:", "https:")
    if not response.url.startswith(safe):
        response.close()
        raise DownloadError(
            f"{_shown(url)} redirects to {_shown(response.url)}, which is unprotected; "
            "nothing was written: look for its new address on the project's page"
        )
    return response


@contextmanager
def _named_failures(url: str) -> Iterator[None]:
    """Say in one line what kept a connection from being made or kept up."""
    host = urlsplit(url).netloc
    try:
        yield
    except HTTPError as error:
        said = f"{url} answers {error.code} {error.reason}".splitlines()[0].rstrip()
        if error.code in PASSING:
            raise _PassingError(said) from error
        raise DownloadError(
            f"{said}: {REFUSALS.get(error.code, 'the server refuses')}; nothing was "
            "written: look for it on the project's page"
        ) from error
    except URLError as error:  # before anything was sent
        reason = error.reason
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise DownloadError(
                f"the certificate of {host} is not valid ({reason.verify_message}); "
                "nothing was written: check this computer's clock and whether the "
                "network asks for a login"
            ) from error
        verb = "find" if isinstance(reason, socket.gaierror) else "reach"
        detail = getattr(reason, "strerror", None) or reason
        raise DownloadError(
            f"cannot {verb} {host} ({detail}); nothing was written: {ONLINE}"
        ) from error
    except TimeoutError as error:
        raise _PassingError(f"{host} sends nothing for {TIMEOUT:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        detail = getattr(error, "strerror", None) or type(error).__name__
        raise _PassingError(f"the connection to {host} was lost ({detail})") from error


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be written, and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise  # not the system's: it says already what to do
        remedy = "choose a folder that you may write to"
        if error.errno in (ENOSPC, EDQUOT):
            remedy = "free some space, then run the same command again"
        raise OSError(f"cannot write {path} ({error.strerror}): {remedy}") from error


def write_file(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file whole or not at all; its folder is made."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_shared(path, write)


def _shown(url: str) -> str:
    """Return an address as it may be printed: without password, query, fragment."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=place, query="", fragment="").geturl()
