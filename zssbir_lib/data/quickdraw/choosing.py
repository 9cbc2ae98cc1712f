"""Which drawings of a file are read: the first so many, only recognised ones."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from zssbir_lib.data.quickdraw.drawing import Drawing
from zssbir_lib.data.quickdraw.malformed import MalformedLog


def check_file(path: str | Path) -> Path:
    """Check that a file of drawings exists.

    Args:
        path: The file.

    Returns:
        Its path.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}; expected a file of QuickDraw's")
    return path


def choose(
    drawings: Iterator[Drawing],
    log: MalformedLog,
    first: int | None = None,
    recognised_only: bool = False,
) -> Iterator[Drawing]:
    """Keep the first drawings, or only recognised ones, and warn at the end.

    Args:
        drawings: All drawings of a file.
        log: What the reader left out; it gives its warning when no drawing is left.
        first: Stop after this many that are kept; None for all.
        recognised_only: Keep only those that the game recognised.

    Returns:
        An iterator over the drawings kept.

    Raises:
        ValueError: If `first` is negative, or, while reading, if it is not known
            whether a drawing was recognised.
    """
    if first is not None and first < 0:
        raise ValueError(
            f"cannot read the first {first} drawings, expected 0 or more, or None"
        )
    kept = (one for one in drawings if not recognised_only or _recognised(one))

    def read() -> Iterator[Drawing]:
        yield from islice(kept, first)
        log.warn()

    return read()


def _recognised(drawing: Drawing) -> bool:
    """Say whether the game recognised a drawing; not knowing is an error."""
    if drawing.recognised is None:
        raise ValueError(
            f"a drawing of {drawing.word!r} does not say whether it was recognised; "
            "read the file with recognised_only=False"
        )
    return drawing.recognised
