"""Pictures and files of any common kind: decoded to squares, or a clear error."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

from zssbir_lib.jobs import in_threads


class UnreadableImage(ValueError):
    """Report an image file that cannot be decoded, and what the decoder said."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return (
            f"cannot read image {self.path}: {self.reason}; replace or delete "
            "the file, or leave such files out with --skip-unreadable "
            '(on_unreadable="skip")'
        )


def read_image(path: Path, mode: str = "RGB") -> Image.Image:
    """Read an image file of any common kind as 8-bit "RGB" or grey "L"."""
    try:
        with Image.open(path) as image:
            image.load()
            return plain_image(ImageOps.exif_transpose(image), mode)
    except Exception as error:  # a damaged file makes decoders raise almost anything
        reason = str(error) or type(error).__name__
        raise UnreadableImage(Path(path), reason) from error


def plain_image(image: Image.Image, mode: str) -> Image.Image:
    """Put transparent parts on white paper, scale 16-bit grey, resolve palettes."""
    return _on_white_paper(_eight_bits(image)).convert(mode)


def read_square(path: Path, size: int, mode: str = "RGB") -> np.ndarray:
    """Read an image file and resize it to a square, uint8 (3, S, S) or grey (1, S, S).

    The whole image is stretched to the square, with antialiasing: nothing is cut
    off, and the aspect ratio is not kept. This is the usual practice in the field
    (a plain resize to 224 x 224), so results stay comparable.
    """
    return as_square(read_image(path, mode), size)


def as_square(image: Image.Image, size: int) -> np.ndarray:
    """Stretch an image to a square; uint8 (C, S, S)."""
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, dtype=np.uint8)
    return pixels.reshape(size, size, -1).transpose(2, 0, 1)


def find_unreadable(paths: Sequence[Path], workers: int = 2) -> list[UnreadableImage]:
    """Decode every file and list those that fail, with a progress bar."""

    def attempt(path: Path) -> UnreadableImage | None:
        try:
            read_image(path)
        except UnreadableImage as problem:
            return problem
        return None

    attempts = in_threads(attempt, paths, workers)
    bar = tqdm(attempts, "checking images", len(paths), unit="image")
    return [problem for problem in bar if problem is not None]


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit grey to 8 bits (Pillow's own conversion would clip it)."""
    if image.mode == "F":
        raise ValueError("floating-point pixels have no known range; save 8 bits")
    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise ValueError("32-bit pixels beyond 0..65535; save 8 or 16 bits")
    return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))


def _on_white_paper(image: Image.Image) -> Image.Image:
    """Put an image with transparency on a white background."""
    if not image.has_transparency_data:
        return image
    layer = image.convert("RGBA")
    paper = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(paper, layer).convert("RGB")
