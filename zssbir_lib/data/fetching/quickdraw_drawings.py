"""Fetch the first drawings of a word of QuickDraw, without the rest of its file.

The official files hold over 100,000 drawings each; a range of bytes at the beginning is
fetched, and grows until it holds enough whole lines.
"""

from pathlib import Path

from zssbir_lib.data.fetching.addresses import shown
from zssbir_lib.data.fetching.attempt import Wanted
from zssbir_lib.data.fetching.drawing_lines import Lines, count_drawings
from zssbir_lib.data.fetching.errors import DownloadError
from zssbir_lib.data.fetching.partial_file import PartialFile
from zssbir_lib.data.fetching.patience import Patience
from zssbir_lib.data.fetching.quickdraw_words import check_words, drawings_address
from zssbir_lib.data.fetching.record import read_record
from zssbir_lib.data.fetching.transfer import receive

LINE = 600  # bytes of a drawing, a little more than most have
SPARE = 1.2  # times the bytes that are expected to be enough


def fetch_drawings(
    word: str,
    folder: str | Path,
    count: int,
    recognised_only: bool = False,
    patience: Patience | None = None,
    address: str | None = None,
) -> Path:
    """Fetch the first drawings of a word to FOLDER/<word>.ndjson.

    A file that holds enough is left as it is; one with fewer is continued. What it is
    the beginning of is recorded beside it, in `<word>.ndjson.origin.json`.

    Args:
        word: One of `quickdraw_words`.
        folder: Where the file is to be; it is made.
        count: Drawings wanted, 1 or more; all, if the word has fewer.
        recognised_only: Count only drawings that the game recognised; the others
            between them are in the file all the same.
        patience: How long to wait and how often to try; None for the default.
        address: A copy of the official folder of files; None for the official one.

    Returns:
        The file: whole lines, at least `count` drawings.

    Raises:
        ValueError: If the word is unknown or the count below 1.
        FileExistsError: If a file of that name is none that this fetched.
        DownloadError: If the drawings cannot be fetched.
        OSError: If they cannot be written.

    Source: Quick, Draw! (CC BY 4.0), simplified drawings: strokes on a 256 x 256 grid.
    """
    check_words((word,))
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1 drawing")
    path = Path(folder) / f"{word}.ndjson"
    origin = path.with_name(path.name + ".origin.json")
    if path.exists() and _holds_enough(path, origin, word, count, recognised_only):
        return path
    url = drawings_address(word, address)
    with PartialFile(path, shown(url)) as partial:
        _begin_with(partial, path, origin)
        lines = _grow(partial, url, word, count, recognised_only, patience)
        partial.cut(lines.end)
        partial.finish(record_path=origin)
    return path


def _holds_enough(
    path: Path, origin: Path, word: str, count: int, recognised_only: bool
) -> bool:
    """Tell whether a file that exists will do; raise if it is not known what it is."""
    try:
        lines = count_drawings(path, word, count, recognised_only, whole=True)
        if lines.drawings >= count:
            return True
        problem = f"holds only {lines.drawings} drawings, not {count}"
    except ValueError as error:
        problem = f"is not a file of drawings ({error})"
    else:
        if (record := read_record(origin)) is not None:
            return path.stat().st_size == record.length  # there are no more
    raise FileExistsError(
        f"{path} {problem}, and was not fetched by this program; remove it or choose "
        "another folder"
    )


def _begin_with(partial: PartialFile, path: Path, origin: Path) -> None:
    """Start from the drawings of an earlier call, if their version is known."""
    record = read_record(origin)
    known = record is not None and record.validator and path.exists()
    if partial.size == 0 and known and record.url == partial.record.url:
        partial.restart(record)
        partial.append(path.read_bytes())


def _grow(
    partial: PartialFile,
    url: str,
    word: str,
    count: int,
    recognised_only: bool,
    patience: Patience | None,
) -> Lines:
    """Fetch more and more of the beginning until it holds enough drawings."""
    goal = max(partial.size, count * LINE)
    while True:
        receive(partial, Wanted(url, goal=goal), patience or Patience())
        try:
            lines = count_drawings(
                partial.path, word, count, recognised_only, partial.whole
            )
        except ValueError as error:
            partial.discard()
            raise DownloadError(
                f"{shown(url)} sends no drawings ({error}); nothing was kept: does the "
                "network ask for a login? Open the address in a browser"
            ) from error
        if lines.drawings >= count or partial.whole:
            return lines
        expected = partial.size * count / max(lines.drawings, 1)
        goal = int(min(max(expected, partial.size) * SPARE, partial.size * 4)) + LINE
