"""Fetch the bytes still missing into a partial file, trying again where that helps."""

from tqdm import tqdm

from zssbir_lib.data.fetching.attempt import Wanted, attempt
from zssbir_lib.data.fetching.errors import DownloadError, PassingError, Unreachable
from zssbir_lib.data.fetching.partial_file import PartialFile
from zssbir_lib.data.fetching.patience import Patience
from zssbir_lib.data.fetching.record import Record


def receive(partial: PartialFile, wanted: Wanted, patience: Patience) -> None:
    """Fetch until a partial file has all the bytes wanted, with a progress bar.

    A failure that may pass is tried again after a pause; a byte gained starts the
    count of tries anew.

    Args:
        partial: The open file.
        wanted: The bytes.
        patience: How long to wait and how often to try.

    Raises:
        DownloadError: If the bytes cannot be had; what has arrived stays.
        OSError: If they cannot be written.
    """
    if wanted.length is not None and partial.record.length not in (None, wanted.length):
        partial.restart(Record(partial.record.url))
    failures, most, at_start = 0, partial.size, partial.size
    with _progress_bar(partial) as bar:
        while not wanted.has_enough(partial):
            try:
                attempt(partial, wanted, patience, bar)
            except PassingError as error:
                failures = 1 if partial.size > most else failures + 1
                most = max(most, partial.size)
                if isinstance(error, Unreachable) and most == at_start:
                    raise DownloadError(f"{error}; {_kept(partial)}") from error
                seconds = _pause(partial, patience, failures, error)
                bar.set_postfix_str(f"{error}; trying again in {seconds:.0f} s")
                patience.sleep(seconds)
            except DownloadError as error:
                raise DownloadError(
                    f"{error}; {_kept(partial)}", error.status
                ) from error
    if wanted.goal is not None:
        partial.cut(wanted.goal)


def _pause(
    partial: PartialFile, patience: Patience, failures: int, error: PassingError
) -> float:
    """Return how long to wait; giving up says what is kept."""
    try:
        return patience.pause_after(failures, error)
    except DownloadError as last:
        raise DownloadError(f"{last}; {_kept(partial)}", last.status) from error


def _kept(partial: PartialFile) -> str:
    """Say what an unfinished download leaves."""
    if partial.size == 0:
        return "nothing was written"
    whole = "" if partial.record.length is None else f" of {partial.record.length}"
    return (
        f"{partial.size}{whole} bytes are kept in {partial.path}: the same command "
        "goes on from there"
    )


def _progress_bar(partial: PartialFile) -> tqdm:
    """Return a bar that counts bytes."""
    return tqdm(
        desc=partial.final.name,
        total=partial.record.length,
        initial=partial.size,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
    )
