"""Ask a server once for the bytes a partial file lacks, and check what it sends."""

import http.client
from dataclasses import dataclass, replace

from tqdm import tqdm

from zssbir_lib.data.fetching.addresses import shown
from zssbir_lib.data.fetching.answer import (
    BAD_RANGE,
    Answer,
    range_headers,
    read_answer,
)
from zssbir_lib.data.fetching.connection import named_failure, open_address
from zssbir_lib.data.fetching.errors import DownloadError, PassingError
from zssbir_lib.data.fetching.partial_file import PartialFile
from zssbir_lib.data.fetching.patience import Patience, SpeedCheck
from zssbir_lib.data.fetching.record import Record

BLOCK = 2**16  # bytes asked for at a time


@dataclass(frozen=True)
class Wanted:
    """Say which bytes are wanted.

    Args:
        url: The address.
        length: Bytes that the whole file must have; None if unknown.
        goal: Bytes of the beginning that are enough; None for all.
        may_end_early: Accept an answer that only ends, without a length, because a
            checksum will tell whether it was whole.
    """

    url: str
    length: int | None = None
    goal: int | None = None
    may_end_early: bool = False

    def has_enough(self, partial: PartialFile) -> bool:
        """Tell whether a partial file has all the bytes wanted.

        Args:
            partial: The file.

        Returns:
            True if nothing is missing.
        """
        return partial.whole or (self.goal is not None and partial.size >= self.goal)


def attempt(
    partial: PartialFile, wanted: Wanted, patience: Patience, bar: tqdm
) -> None:
    """Ask once for what is missing, and take what comes.

    Args:
        partial: The open file.
        wanted: The bytes.
        patience: How long to wait, and how slow the server may be.
        bar: Counts the bytes.

    Raises:
        DownloadError: If the server refuses, or sends what is not wanted.
        PassingError: If trying again may help.
        OSError: If the bytes cannot be written.
    """
    if not partial.record.validator:  # nothing would tell whether the file has changed
        partial.restart(partial.record)
    headers = range_headers(partial.size, partial.record.validator, wanted.goal)
    try:
        response = open_address(wanted.url, headers, patience.timeout)
    except DownloadError as error:
        if error.status == BAD_RANGE and partial.size:
            partial.restart(replace(partial.record, length=None))
            raise PassingError(f"{shown(wanted.url)} is shorter than before") from error
        raise
    with response:
        answer = read_answer(response.status, response.headers, shown(wanted.url))
        _accept(partial, answer, wanted)
        bar.total = wanted.goal if wanted.goal is not None else partial.record.length
        bar.n = partial.size
        bar.refresh()
        _copy(response, partial, wanted, patience, bar)
        if answer.record.length is None and wanted.goal is None:
            _check_end(response, partial, wanted, patience)


def _accept(partial: PartialFile, answer: Answer, wanted: Wanted) -> None:
    """Make a partial file ready for the bytes of an answer, or refuse them."""
    length = answer.record.length
    if wanted.length is not None and length not in (None, wanted.length):
        raise DownloadError(
            f"{answer.record.url} has {length} bytes, expected {wanted.length}: the "
            "file at that address has changed"
        )
    if not (answer.ends_itself or wanted.length is not None or wanted.may_end_early):
        raise DownloadError(
            f"{answer.record.url} does not say how long it is, so a cut copy could not "
            "be told from a whole one; download it with a browser"
        )
    record = replace(answer.record, length=wanted.length if length is None else length)
    follows = answer.start == partial.size and partial.record.agrees_with(record)
    if not answer.is_part or answer.start == partial.size == 0:
        partial.restart(record)
    elif not follows:
        partial.restart(replace(record, length=None))
        raise PassingError(f"{answer.record.url} has changed since the download began")
    elif partial.record.length is None:
        partial.note(replace(partial.record, length=record.length))


def _copy(
    response: http.client.HTTPResponse,
    partial: PartialFile,
    wanted: Wanted,
    patience: Patience,
    bar: tqdm,
) -> None:
    """Write the bytes of an answer as they arrive."""
    ends = [end for end in (partial.record.length, wanted.goal) if end is not None]
    end, speed = min(ends, default=None), SpeedCheck(patience)
    while end is None or partial.size < end:
        size = BLOCK if end is None else min(BLOCK, end - partial.size)
        block = _read(response, size, wanted.url, patience.timeout)
        if not block:
            break
        partial.append(block)
        bar.update(len(block))
        if partial.size != end:
            speed.count(len(block))
    else:
        return
    if partial.record.length is not None:
        raise PassingError(
            f"the connection ended at byte {partial.size} of {end} announced"
        )
    partial.note(replace(partial.record, length=partial.size))  # it ended by itself


def _check_end(
    response: http.client.HTTPResponse,
    partial: PartialFile,
    wanted: Wanted,
    patience: Patience,
) -> None:
    """Check that nothing follows where a length was recorded but not announced."""
    if _read(response, 1, wanted.url, patience.timeout):
        partial.restart(Record(partial.record.url))
        raise DownloadError(
            f"{shown(wanted.url)} has more bytes than the {wanted.length} expected: "
            "the file at that address has changed"
        )


def _read(
    response: http.client.HTTPResponse, size: int, url: str, timeout: float
) -> bytes:
    """Read what has arrived, at most size bytes; nothing at the end."""
    try:
        return response.read1(size)
    except (OSError, http.client.HTTPException) as error:
        raise named_failure(error, url, timeout) from error
