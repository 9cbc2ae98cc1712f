"""Read a file of drawings by its ending."""

from collections.abc import Iterator
from pathlib import Path

from zssbir_lib.data.quickdraw.binary import read_binary
from zssbir_lib.data.quickdraw.drawing import Drawing
from zssbir_lib.data.quickdraw.lines import read_ndjson


def read_drawings(
    path: str | Path,
    first: int | None = None,
    recognised_only: bool = False,
    on_malformed: str = "raise",
) -> Iterator[Drawing]:
    """Read the drawings of a file, text or binary, one by one.

    Args:
        path: A file that ends in .ndjson (`read_ndjson`) or .bin (`read_binary`).
        first: Stop after this many drawings; None reads to the end.
        recognised_only: Leave out drawings that the game did not recognise.
        on_malformed: "raise" or "skip", for records that are no drawings.

    Returns:
        An iterator over the drawings, in the order of the file.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the ending is another one or an argument is not allowed.
        MalformedDrawing: While reading, naming file, place and reason.
    """
    readers = {".ndjson": read_ndjson, ".bin": read_binary}
    ending = Path(path).suffix.lower()
    if ending not in readers:
        raise ValueError(
            f"{path} ends in {ending!r}, expected .ndjson or .bin (a .npy file holds "
            "bitmaps, not strokes: QuickDrawBitmaps reads it)"
        )
    return readers[ending](
        path,
        first=first,
        recognised_only=recognised_only,
        on_malformed=on_malformed,
    )
