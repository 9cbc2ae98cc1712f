"""Image files: decoded to squares, or a clear error; and as a source of images."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from tqdm import tqdm

from zssbir_lib.data.sources import check_indices
from zssbir_lib.jobs import in_threads

MODES = ("RGB", "L")
GIBIBYTE = 2**30


class UnreadableImage(ValueError):
    """Report an image file that cannot be decoded.

    Args:
        path: the file.
        reason: what the decoder said.
    """

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
    """Decode every file and list those that fail, with a progress bar.

    Args:
        paths: image files.
        workers: threads that decode at the same time.

    Returns:
        One `UnreadableImage` (path, reason) a bad file, in the order of `paths`.
    """

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


class ImageFiles:
    """Decode image files on demand; a uint8 image source.

    The first images that fit the memory limit are kept once decoded, in one array;
    those beyond it are decoded again each time.

    Args:
        paths: N image files.
        size: S, the side in pixels every image is stretched to, antialiased.
        mode: "RGB", or "L" to keep one grey channel, a third of the memory (the
            source still gives three equal channels).
        memory_limit: bytes that decoded images may take.
        workers: threads that decode at the same time.

    Raises:
        ValueError: an argument is out of range.

    Example:
        >>> source = ImageFiles(sorted(Path("photo/cat").iterdir()), size=64)
        >>> source[torch.tensor([0, 1])].shape
        torch.Size([2, 3, 64, 64])
    """

    def __init__(
        self,
        paths: Sequence[Path],
        size: int,
        mode: str = "RGB",
        memory_limit: int = 2 * GIBIBYTE,
        workers: int = 2,
    ) -> None:
        _check_arguments(size, mode, memory_limit, workers)
        self.paths = [Path(path) for path in paths]
        self.size = size
        self.mode = mode
        self.workers = workers
        channels = len(mode)  # 3 for RGB, 1 for L
        fitting = min(len(self.paths), memory_limit // (channels * size * size))
        self._memory = torch.empty((fitting, channels, size, size), dtype=torch.uint8)
        self._decoded = torch.zeros(fitting, dtype=torch.bool)

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        return f"ImageFiles({len(self)} files, {self.size} px, {self.mode})"

    def content_key(self) -> str:
        """Name the content by the bytes of the files and how they are decoded."""
        digest = hashlib.blake2b(f"{self.size} {self.mode}".encode(), digest_size=16)
        for path in self.paths:
            content = path.read_bytes()
            digest.update(f"{len(content)} ".encode())
            digest.update(content)
        return digest.hexdigest()

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, S, S).

        A file that cannot be decoded raises `UnreadableImage`.
        """
        check_indices(indices, len(self))
        keepable = indices < len(self._memory)
        self._keep(indices[keepable].unique())
        if bool(keepable.all()):
            return self._memory.index_select(0, indices).expand(-1, 3, -1, -1)
        batch = self._memory.new_empty((len(indices), *self._memory.shape[1:]))
        batch[keepable] = self._memory[indices[keepable]]
        beyond = (~keepable).nonzero().squeeze(1)
        rows = zip(beyond, self._decode(indices[beyond]), strict=True)
        for row, image in rows:
            batch[row] = image
        return batch.expand(-1, 3, -1, -1)

    def _keep(self, indices: Tensor) -> None:
        """Decode the images not yet in memory and keep them."""
        missing = indices[~self._decoded[indices]]
        for index, image in zip(missing, self._decode(missing), strict=True):
            self._memory[index] = image
            self._decoded[index] = True

    def _decode(self, indices: Tensor) -> Iterator[Tensor]:
        """Decode images in the order of their indices."""

        def decode(index: int) -> Tensor:
            pixels = read_square(self.paths[index], self.size, self.mode)
            return torch.from_numpy(pixels.copy())

        return in_threads(decode, indices.tolist(), self.workers)


def _check_arguments(size: int, mode: str, memory_limit: int, workers: int) -> None:
    """Check the arguments of an `ImageFiles`."""
    if size < 1:
        raise ValueError(f"size is {size}, expected a side of at least 1 pixel")
    if mode not in MODES:
        raise ValueError(f"mode is {mode!r}, expected one of {', '.join(MODES)}")
    if memory_limit < 0:
        raise ValueError(f"memory_limit is {memory_limit}, expected 0 bytes or more")
    if workers < 1:
        raise ValueError(f"workers is {workers}, expected at least 1 thread")
