"""Drawings as images: black ink on white paper, one by one or a file of them."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from zssbir_lib.data.quickdraw.drawing import (
    SMOOTHING,
    Drawing,
    check_share,
    check_smoothing,
    partial_drawing,
    smooth_drawing,
)
from zssbir_lib.data.quickdraw.reading import read_drawings
from zssbir_lib.files import write_shared

SMALLEST_SIZE, LARGEST_SIZE = 8, 4096
WIDTH = 0.015
PADDING = 0.05
PIECE = 6.0  # pixels; long lines are cut into pieces, each with a small window
PAIRS = 2**20  # pieces times pixels of a window looked at together
SEGMENTS = 4096  # straight lines cut into pieces together
SETTINGS = ".rendering.json"  # hidden: readers of class folders pass over it
LONGEST_NAME = 100  # characters


def render_drawing(
    drawing: Drawing,
    size: int = 224,
    width: float = WIDTH,
    padding: float = PADDING,
    smoothing: float = SMOOTHING,
    share: float = 1.0,
) -> np.ndarray:
    """Render a drawing into the middle of a square (S, S) uint8, its aspect ratio kept.

    255 is paper, 0 is ink, between them the edges. Lengths are shares of the image's
    side, so that one drawing looks the same at every size. A part of a drawing stays at
    its place: `share` cuts after the whole was smoothed and placed, and the ink of a
    smaller share is ink of a larger one.

    Args:
        drawing: the whole drawing.
        size: S, the side in pixels, 8 to 4096.
        width: width of the pen, above 0; 0.015 is 3.4 of 224 pixels.
        padding: empty paper on each side that the ink never touches, 0 or more.
        smoothing: how far curves may leave the straight line (`smooth_drawing`); 0 for
            none.
        share: how much of the length of all strokes is drawn (`partial_drawing`).
    """
    _check_rendering(size, width, padding, smoothing, share)
    room = size * (1 - 2 * padding - width)
    whole = _placed(smooth_drawing(drawing, smoothing), size, room)
    part = partial_drawing(whole, share)
    ink = draw_ink(part.strokes, size, width * size)
    return 255 - np.rint(255 * ink).astype(np.uint8)


def _check_rendering(
    size: int, width: float, padding: float, smoothing: float, share: float
) -> None:
    """Raise for the argument of `render_drawing` that is out of range."""
    if not isinstance(size, int) or not SMALLEST_SIZE <= size <= LARGEST_SIZE:
        raise ValueError(
            f"size is {size!r}, expected a whole number of pixels from "
            f"{SMALLEST_SIZE} to {LARGEST_SIZE}"
        )
    if not 0 < width <= 0.25:
        raise ValueError(
            f"width is {width}, expected above 0 and at most 0.25 of the image's side"
        )
    if not 0 <= padding or not 2 * padding + width < 0.9:
        raise ValueError(
            f"padding is {padding}, expected 0 or more; with a pen of width {width} "
            f"it must stay below {(0.9 - width) / 2:g} of the image's side"
        )
    check_smoothing(smoothing)
    check_share(share)


def _placed(drawing: Drawing, size: int, room: float) -> Drawing:
    """Move a drawing into the middle, its longer side `room` pixels; dots stay dots."""
    points = np.concatenate(drawing.strokes).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    side = (high - low).max()
    scale = room / side if side > 0 else 0.0
    middle = (low + high) / 2
    strokes = tuple(
        ((stroke - middle) * scale + size / 2).astype(np.float32)
        for stroke in drawing.strokes
    )
    return replace(drawing, strokes=strokes)


# ink: every pixel looks for the nearest line


def draw_ink(strokes: Sequence[np.ndarray], size: int, width: float) -> np.ndarray:
    """Draw lines (N, 2) in pixels with a round pen; (S, S) float32, 1 is ink.

    A pixel is as dark as the pen covers it, judged by the distance from its centre to
    the nearest point of a line: exact for lines along the axes, close for others.
    Where lines meet, the darker one counts, so adding a line never makes a pixel
    lighter. The centre of the first pixel is (0.5, 0.5); points lie within 0 to S.
    """
    longest = max(PIECE, width)
    border = int(np.ceil((longest + width) / 2 + 1))
    span = size + 2 * border + 1  # so that every window lies on the canvas
    at_once = max(1, PAIRS // (2 * border + 1) ** 2)
    nearest = np.full(span * span, np.inf, dtype=np.float32)  # squared distances
    for some_lines in _in_parts(_straight_lines(strokes), SEGMENTS):
        for pieces in _in_parts(_cut(some_lines, longest), at_once):
            pixels, squares = _window(pieces, border, span)
            np.minimum.at(nearest, pixels.ravel(), squares.ravel())  # fast when flat
    image = slice(border, border + size)
    inside = nearest.reshape(span, span)[image, image]
    return coverage(np.sqrt(inside), width)


def coverage(distances: np.ndarray, width: float) -> np.ndarray:
    """Return how much of a pixel at a distance a straight line covers, 0 to 1."""
    far = np.minimum(distances + 0.5, width / 2)
    near = np.maximum(distances - 0.5, -width / 2)
    return np.clip(far - near, 0, 1)


def _in_parts(lines: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """Yield so many lines at a time, so that memory does not grow with the drawing."""
    for first in range(0, len(lines), count):
        yield lines[first : first + count]


def _straight_lines(strokes: Sequence[np.ndarray]) -> np.ndarray:
    """Return the start of every straight line and the way to its end, (P, 2, 2)."""
    lines = [stroke if len(stroke) > 1 else stroke[[0, 0]] for stroke in strokes]
    starts = np.concatenate([line[:-1] for line in lines]).astype(np.float64)
    ends = np.concatenate([line[1:] for line in lines])
    return np.stack([starts, ends - starts], axis=1)


def _cut(lines: np.ndarray, longest: float) -> np.ndarray:
    """Cut straight lines into equal pieces, (P, 2, 2) -> (Q, 2, 2), Q >= P."""
    lengths = np.hypot(lines[:, 1, 0], lines[:, 1, 1])
    counts = np.maximum(np.ceil(lengths / longest).astype(int), 1)  # a dot stays one
    pieces = np.repeat(lines, counts, axis=0)
    pieces[:, 1] /= np.repeat(counts, counts)[:, None]
    numbers = np.arange(len(pieces)) - np.repeat(counts.cumsum() - counts, counts)
    pieces[:, 0] += numbers[:, None] * pieces[:, 1]
    return pieces


def _window(
    pieces: np.ndarray, border: int, span: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels around each piece and their squared distances from it."""
    offsets = np.arange(-border, border + 1)
    middles = np.floor(pieces[:, 0] + pieces[:, 1] / 2)  # (P, 2)
    corners = middles.astype(int) + border
    columns = corners[:, :1] + offsets  # (P, W)
    rows = corners[:, 1:] + offsets
    squares = _squared_distances(
        (pieces[:, 0] - middles - 0.5).astype(np.float32),
        pieces[:, 1].astype(np.float32),
        offsets.astype(np.float32),
    )
    return rows[:, :, None] * span + columns[:, None, :], squares


def _squared_distances(
    starts: np.ndarray, ways: np.ndarray, offsets: np.ndarray
) -> np.ndarray:
    """Return squared distances (P, W, W) from a grid (W, W) to lines (P, 2)."""
    x = offsets[None, None, :] - starts[:, 0, None, None]  # (P, 1, W)
    y = offsets[None, :, None] - starts[:, 1, None, None]  # (P, W, 1)
    way_x, way_y = ways[:, 0, None, None], ways[:, 1, None, None]
    squared = np.maximum(way_x**2 + way_y**2, 1e-12)
    along = np.clip((x * way_x + y * way_y) / squared, 0, 1)  # (P, W, W)
    return (x - along * way_x) ** 2 + (y - along * way_y) ** 2


# a file of drawings


@dataclass(frozen=True)
class SketchFiles:
    """What a call of `drawings_to_folder` did.

    Args:
        folders: the class folders of the sketches, in the order of the file.
        written: sketches rendered now.
        present: sketches that were there already.
    """

    folders: tuple[Path, ...]
    written: int
    present: int


def drawings_to_folder(
    path: str | Path,
    folder: str | Path,
    limit: int | None = None,
    recognised_only: bool = True,
    on_malformed: str = "raise",
    size: int = 224,
    width: float = WIDTH,
    padding: float = PADDING,
    smoothing: float = SMOOTHING,
    share: float = 1.0,
) -> SketchFiles:
    """Render drawings to FOLDER/sketch/<class>/<key>.png, black on white.

    A sketch that is there already is not rendered again, so the same call goes on
    where it was stopped, and a larger limit adds to what there is. The settings are
    written beside the classes; a call with others is refused, for it would mix two
    kinds of sketches. The class folder is `folder_name` of the word; a drawing without
    a key is named by its place among those rendered (000000.png).

    Args:
        path: a file of drawings, .ndjson or .bin.
        folder: the data set; made if need be.
        limit: render no more than the first so many drawings; None for all.
        recognised_only: leave out drawings that the game did not recognise; `limit`
            counts those that are left.
        on_malformed: "raise" or "skip", for records that are no drawings.
        size: as for `render_drawing`, and so width, padding, smoothing and share.
        width: width of the pen, a share of the side.
        padding: empty paper on each side, a share of the side.
        smoothing: how far curves may leave the straight line.
        share: how much of each drawing is drawn.

    Raises:
        FileNotFoundError: there is no such file of drawings.
        MalformedDrawing: a record is no drawing and such are not skipped.
        ValueError: the folder holds sketches that were rendered with other settings.
        OSError: the folder cannot be written to.
    """
    settings = {"size": size, "width": width, "padding": padding}
    settings |= {"smoothing": smoothing, "share": share}
    _check_rendering(**settings)
    drawings = read_drawings(path, limit, recognised_only, on_malformed)
    sketches = Path(folder) / "sketch"
    _keep_settings(sketches, settings)
    written, present, folders = 0, 0, {}
    bar = tqdm(drawings, f"drawing {Path(path).name}", limit, unit="sketch")
    for number, drawing in enumerate(bar):
        name = f"{number:06d}" if drawing.key_id is None else str(drawing.key_id)
        target = sketches / folder_name(drawing.word) / f"{name}.png"
        folders[target.parent] = True
        if target.exists():
            present += 1
        else:
            _write_sketch(target, render_drawing(drawing, **settings))
            written += 1
    return SketchFiles(tuple(folders), written, present)


def folder_name(word: str) -> str:
    """Turn a word into a name that is safe for a folder on any system.

    Letters and digits of any script and hyphens are kept, in lower case; whatever
    stands between becomes one underscore. So nothing can lead out of a folder or hide
    it.

    Raises:
        ValueError: no letter or digit is left, or the name is too long.

    Example:
        >>> folder_name("The Eiffel Tower"), folder_name("t-shirt")
        ('the_eiffel_tower', 't-shirt')
    """
    plain = unicodedata.normalize("NFKC", word).casefold()
    name = re.sub(r"(?:[^\w-]|_)+", "_", plain).strip("_-")
    if not name:
        raise ValueError(
            f"the word {word[:40]!r} has no letter or digit to name a folder by; "
            "expected a word like 'cat'"
        )
    if len(name) > LONGEST_NAME:
        raise ValueError(
            f"the word {word[:40] + '...'!r} has {len(word)} characters, expected "
            f"at most {LONGEST_NAME}"
        )
    return name


def _write_sketch(target: Path, pixels: np.ndarray) -> None:
    """Write an image whole or not at all."""
    try:
        target.parent.mkdir(exist_ok=True)
        write_shared(target, lambda file: Image.fromarray(pixels).save(file, "PNG"))
    except OSError as error:
        raise OSError(
            f"cannot write {target} ({error.strerror or error}); the sketches before "
            "it are whole, and the same call goes on from there"
        ) from error


def _keep_settings(sketches: Path, settings: dict[str, Any]) -> None:
    """Write the settings down, or check that they are the ones written down."""
    path = sketches / SETTINGS
    if not path.exists():
        try:
            sketches.mkdir(parents=True, exist_ok=True)
            text = json.dumps(settings, indent=2) + "\n"
            write_shared(path, lambda file: file.write(text.encode()))
        except OSError as error:
            raise OSError(
                f"cannot write to {sketches} ({error.strerror or error}); choose a "
                "folder that can be written to"
            ) from error
        return
    before = _read_settings(path)
    for name, value in settings.items():
        if before.get(name) != value:
            raise ValueError(
                f"{sketches} holds sketches rendered with {name} {before.get(name)}, "
                f"not {value}; use the same settings or another folder"
            )


def _read_settings(path: Path) -> dict[str, Any]:
    """Read what an earlier call wrote down."""
    try:
        settings = json.loads(path.read_bytes())
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise ValueError(
            f"{path} is damaged, so the settings of the sketches beside it are not "
            "known; render into another folder, or delete the folder of this file"
        )
    return settings
