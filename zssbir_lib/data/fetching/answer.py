"""What a server says about the bytes that it is about to send."""

import http.client
import re
from dataclasses import dataclass
from email.message import Message

from zssbir_lib.data.fetching.errors import DownloadError
from zssbir_lib.data.fetching.record import Record

CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)", flags=re.IGNORECASE)
PARTIAL = http.client.PARTIAL_CONTENT  # 206: only the bytes that were asked for
BAD_RANGE = http.client.REQUESTED_RANGE_NOT_SATISFIABLE  # 416: no such bytes


@dataclass(frozen=True)
class Answer:
    """Hold what the headers of an answer say.

    Args:
        is_part: Whether only a part of the file follows.
        start: Place of the first byte that follows, from 0.
        record: The version of the file, with its whole length if that is known.
        ends_itself: Whether a cut answer can be told from a whole one.
    """

    is_part: bool
    start: int
    record: Record
    ends_itself: bool


def range_headers(size: int, validator: str | None, goal: int | None) -> dict[str, str]:
    """Return the headers that ask for the bytes still missing.

    Args:
        size: Bytes that are there.
        validator: What tells their version (`Record.validator`).
        goal: Bytes that are wanted; None for all.

    Returns:
        `Range` where not everything is asked for, `If-Range` where bytes are there:
        then a server sends the whole file if it has changed.
    """
    # identity: bytes that were packed for the way would not add up to the file
    headers = {"Accept-Encoding": "identity"}
    if size or goal is not None:
        last = "" if goal is None else str(goal - 1)
        headers["Range"] = f"bytes={size}-{last}"
    if size and validator:
        headers["If-Range"] = validator
    return headers


def read_answer(status: int, headers: Message, url: str) -> Answer:
    """Read the headers of an answer.

    Args:
        status: 200 (all bytes follow) or 206 (some).
        headers: The headers.
        url: The address, for the record and for messages.

    Returns:
        What they say.

    Raises:
        DownloadError: If the answer contradicts itself, or is packed.
    """
    check_not_packed(headers.get("Content-Encoding", ""), url)
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    start = 0
    length = None if chunked else _whole_number(headers.get("Content-Length"))
    if status == PARTIAL:
        start, length = _content_range(headers.get("Content-Range", ""), url)
    record = Record(url, headers.get("ETag"), headers.get("Last-Modified"), length)
    return Answer(status == PARTIAL, start, record, chunked or length is not None)


def check_not_packed(encoding: str, url: str) -> None:
    """Check that the bytes that follow are those of the file.

    Some servers call every `.gz` file encoded in gzip: its bytes are then sent as they
    are, which is what is wanted.

    Args:
        encoding: The header `Content-Encoding`.
        url: The address.

    Raises:
        DownloadError: If the file was packed for the way.
    """
    encoding = encoding.strip().lower()
    itself = encoding in ("gzip", "x-gzip") and url.endswith((".gz", ".tgz"))
    if encoding not in ("", "identity") and not itself:
        raise DownloadError(
            f"{url} is sent packed ({encoding}) although that was declined, so its "
            "bytes cannot be checked; download it with a browser"
        )


def _whole_number(text: str | None) -> int | None:
    """Read a header that holds a number; None where it does not."""
    return int(text) if text is not None and text.strip().isdigit() else None


def _content_range(text: str, url: str) -> tuple[int, int]:
    """Return the first byte and the whole length from a header like `bytes 5-9/100`."""
    found = CONTENT_RANGE.fullmatch(text.strip())
    if found is None:
        raise DownloadError(
            f"{url} answers with a part of the file but does not say which part "
            f"(Content-Range {text!r}); download it with a browser"
        )
    return int(found[1]), int(found[2])
