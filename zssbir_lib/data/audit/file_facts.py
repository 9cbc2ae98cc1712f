"""Examine one image file: can it be read, what is it, what does it show."""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from zssbir_lib.data.decoding import UnreadableImage, read_image

BLANK_RANGE = 3  # grey levels; an image of one colour varies by no more
MIDDLE_GREY = 128
TRUNCATED_SIGNS = ("truncated", "broken", "unexpected end", "incomplete")
BOMB_SIGN = "decompression bomb"


@dataclass(frozen=True)
class FileFacts:
    """Hold what one file is.

    Args:
        path: Below the root of the data set, with "/" between folders.
        size: Bytes.
        modified: Time of the last change, nanoseconds.
        digest: Hash of the bytes, 32 hexadecimal digits; "" if they cannot be read.
        kind: Format by content, for example "PNG"; "" if unknown.
        problem: "", "closed", "empty", "too large", "truncated" or "unreadable".
        reason: What the system or the decoder said.
        huge: It is read, but so large that Pillow warns of it.
        dark: More than half of the pixels are darker than middle grey.
        blank: All pixels have one colour.
    """

    path: str
    size: int
    modified: int
    digest: str = ""
    kind: str = ""
    problem: str = ""
    reason: str = ""
    huge: bool = False
    dark: bool = False
    blank: bool = False


def examine_file(root: Path, path: str) -> FileFacts:
    """Read, hash and decode one file.

    Args:
        root: The folder of the data set.
        path: The file, below root.

    Returns:
        What it is; whatever is wrong with the file, no error is raised.
    """
    file = root / path
    try:
        status = file.stat()
        content = file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        return FileFacts(path, 0, 0, problem="closed", reason=reason)
    where = (path, status.st_size, status.st_mtime_ns)
    if not content:
        return FileFacts(*where, problem="empty", reason="0 bytes")
    digest = hashlib.blake2b(content, digest_size=16).hexdigest()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            image, kind = read_image(file), _kind(file)
        except UnreadableImage as error:
            reason = error.reason.replace(str(file), path)
            return FileFacts(*where, digest, problem=_problem(reason), reason=reason)
    huge = any(
        issubclass(one.category, Image.DecompressionBombWarning) for one in caught
    )
    return FileFacts(*where, digest, kind, huge=huge, **_looks(image))


def _kind(file: Path) -> str:
    """Return the format that the content has, whatever the name ends in."""
    with Image.open(file) as image:
        return image.format or ""


def _problem(reason: str) -> str:
    """Tell a file cut short from one that is no image."""
    if BOMB_SIGN in reason:
        return "too large"
    cut = any(sign in reason.lower() for sign in TRUNCATED_SIGNS)
    return "truncated" if cut else "unreadable"


def _looks(image: Image.Image) -> dict[str, bool]:
    """Say whether an RGB image is mostly dark, and whether it has one colour."""
    histogram = image.convert("L").histogram()
    ranges = [high - low for low, high in image.getextrema()]
    return {
        "dark": sum(histogram[:MIDDLE_GREY]) > sum(histogram) / 2,
        "blank": max(ranges) <= BLANK_RANGE,
    }
