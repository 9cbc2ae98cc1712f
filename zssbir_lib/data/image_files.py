"""Image files on disk as an image source, decoded once and kept while they fit."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from zssbir_lib.data.decoding import MODES, read_square
from zssbir_lib.data.sources import check_indices
from zssbir_lib.jobs import in_threads

GIBIBYTE = 2**30


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

    def preload(self, workers: int | None = None) -> None:
        """Decode every image that fits the memory limit, with a progress bar."""
        every = torch.arange(len(self._memory))
        self._keep(every, workers, description="decoding images")

    def _keep(
        self, indices: Tensor, workers: int | None = None, description: str = ""
    ) -> None:
        """Decode the images not yet in memory and keep them."""
        missing = indices[~self._decoded[indices]]
        images = self._decode(missing, workers)
        if description:
            images = tqdm(images, description, len(missing), unit="image")
        for index, image in zip(missing, images, strict=True):
            self._memory[index] = image
            self._decoded[index] = True

    def _decode(self, indices: Tensor, workers: int | None = None) -> Iterator[Tensor]:
        """Decode images in the order of their indices."""

        def decode(index: int) -> Tensor:
            pixels = read_square(self.paths[index], self.size, self.mode)
            return torch.from_numpy(pixels.copy())

        return in_threads(decode, indices.tolist(), workers or self.workers)


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
