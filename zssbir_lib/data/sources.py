"""Where images come from: tensors, files, stores, data sets of your own."""

import hashlib
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from zssbir_lib.data.decoding import as_square, plain_image, read_square
from zssbir_lib.jobs import in_threads
from zssbir_lib.store import GIBIBYTE, PixelFile, digest_of

MODES = ("RGB", "L")
AT_ONCE = 1000  # images hashed at a time


class ImageSource(Protocol):
    """Give images by number; a uint8 tensor (N, 3, S, S) is one already.

    A source of your own needs no more than these; without `content_key`, which caches
    ask for, its pixels are read and hashed.
    """

    def __len__(self) -> int:
        """Count the images."""

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, S, S)."""

    def content_key(self) -> str:
        """Return a text that differs wherever an image, or their order, differs."""


def content_key(source: Any) -> str:
    """Return what a source says of its content, or else a hash of its pixels."""
    said = getattr(source, "content_key", None)
    return said() if said else pixel_key(source)


def pixel_key(source: Any) -> str:
    """Return a hash of all pixels, read some images at a time."""
    digest = hashlib.blake2b(digest_size=16)
    for indices in torch.arange(len(source)).split(AT_ONCE):
        pixels = source[indices].contiguous()
        digest.update(str(tuple(pixels.shape[1:])).encode())
        digest.update(pixels.numpy().tobytes())
    return digest.hexdigest()


def check_indices(indices: Tensor, count: int) -> None:
    """Raise unless indices are a row (B,) int64 of numbers from 0 to below count."""
    if indices.ndim != 1 or indices.dtype != torch.int64:
        raise ValueError(
            f"indices have shape {tuple(indices.shape)} and type {indices.dtype}, "
            "expected one row (B,) of torch.int64"
        )
    if bool(((indices < 0) | (indices >= count)).any()):
        raise IndexError(
            f"indices run from {int(indices.min())} to {int(indices.max())}, "
            f"but there are {count} images"
        )


class ImageView:
    """Show some images of a source, in a chosen order, without copying any."""

    def __init__(self, source: ImageSource, indices: Tensor) -> None:
        if isinstance(source, ImageView):
            source, indices = source.source, source.indices[indices]
        self.source = source
        self.indices = indices

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, indices: Tensor) -> Tensor:
        return self.source[self.indices[indices]]

    @property
    def paths(self) -> Sequence[Path]:
        """The files of the images, where the source is image files."""
        return [self.source.paths[index] for index in self.indices.tolist()]

    def content_key(self) -> str:
        """Name the source and the images shown; where it has no name, their pixels."""
        if not hasattr(self.source, "content_key"):
            return pixel_key(self)
        key = self.source.content_key()
        if torch.equal(self.indices, torch.arange(len(self.source))):
            return key
        return digest_of(key, self.indices.tolist())


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


class StoredImages:
    """Read images of a store's pixel file, mapped into memory.

    The system holds each page of the file once, for all processes that read it.
    Pickled, the source is a few strings: a worker process maps the file itself.
    """

    def __init__(self, file: PixelFile) -> None:
        self.file = file
        self._pixels = file.mapped()

    def __len__(self) -> int:
        return self.file.shape[0]

    def __repr__(self) -> str:
        side = self.file.shape[-1]
        return f"StoredImages({self.file.path.name}, {len(self)} of {side} px)"

    def __reduce__(self) -> tuple:
        """Pickle the path in place of the pixels."""
        return StoredImages, (self.file,)

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, S, S)."""
        check_indices(indices, len(self))
        rows = self._pixels[indices.numpy()]  # (B, C, S, S), copied out of the map
        return torch.from_numpy(rows).expand(-1, 3, -1, -1)

    def content_key(self) -> str:
        """Name the content by the store's checksums; no pixel is read."""
        file = self.file
        return digest_of(file.shape, file.chunk_images, file.checksums)


# Images of your own: arrays, or any data set that gives (image, label)


LABELS_OF = ("targets", "labels")  # where torchvision's data sets keep their labels


def own_images(
    data: Any, image_size: int | None, what: str
) -> tuple[ImageSource, Tensor]:
    """Make images and their labels (N,) int64 of what `from_datasets` takes."""
    if isinstance(data, tuple):
        if len(data) != 2:
            raise ValueError(
                f"{what} are a tuple of {len(data)}, expected (images, labels)"
            )
        return as_images(data[0], what), as_labels(data[1])
    if not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        raise ValueError(
            f"{what} are a {type(data).__name__}, expected (images, labels) or a data "
            "set with a length that gives (image, label) by number"
        )
    source = DatasetImages(data, image_size, what)
    return source, labels_of(data, what)


def as_images(images: Any, what: str) -> Tensor:
    """Return an array of images as uint8 (N, 3, S, S), without copying it."""
    with warnings.catch_warnings():  # nothing here writes into a read-only array
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        pixels = torch.as_tensor(images)
    if pixels.dtype != torch.uint8:
        raise ValueError(
            f"{what} are {pixels.dtype}, expected uint8 from 0 to 255: leave out what "
            "makes floats (ToTensor), or scale back"
        )
    if pixels.ndim == 3:
        pixels = pixels[:, None]  # grey (N, 1, S, S)
    if pixels.ndim != 4 or not {1, 3} & {pixels.shape[1], pixels.shape[-1]}:
        raise ValueError(
            f"{what} have shape {tuple(pixels.shape)}, expected (N, 3, S, S) or "
            "(N, S, S, 3)"
        )
    if pixels.shape[1] not in (1, 3):
        pixels = pixels.permute(0, 3, 1, 2)
    return pixels.expand(-1, 3, -1, -1)


def as_labels(labels: Any) -> Tensor:
    """Return labels as a tensor; whole numbers of any kind become int64."""
    found = torch.as_tensor(labels)
    return found if found.is_floating_point() else found.long()


def labels_of(data: Any, what: str) -> Tensor:
    """Return the labels of a data set, read one by one unless it lists them.

    A list is believed if it has the length, and the labels of both ends; reading means
    to decode every image once.
    """
    if not len(data):
        return torch.empty(0, dtype=torch.int64)
    ends = [int(data[0][1]), int(data[len(data) - 1][1])]
    for name in LABELS_OF:
        listed = getattr(data, name, None)
        if listed is None or getattr(data, "target_transform", None) is not None:
            continue
        if len(listed) == len(data) and [listed[0], listed[-1]] == ends:
            return as_labels(listed)
    numbers = tqdm(range(len(data)), f"reading labels of {what}", unit="image")
    return torch.tensor([int(data[number][1]) for number in numbers])


class DatasetImages:
    """Read the images of a data set of (image, label) as they are asked for."""

    def __init__(self, data: Any, size: int | None, what: str) -> None:
        self.data, self.what = data, what
        self.size = self._first_side() if size is None else size

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, S, S)."""
        check_indices(indices, len(self))
        batch = torch.empty((len(indices), 3, self.size, self.size), dtype=torch.uint8)
        for row, number in enumerate(indices.tolist()):
            image = self._picture(number)
            batch[row] = torch.from_numpy(as_square(image, self.size).copy())
        return batch

    def _first_side(self) -> int:
        """Return the side of the first image, which must be square."""
        width, height = self._picture(0).size
        if width != height:
            raise ValueError(
                f"the first of the {self.what} is {width} x {height} pixels: give "
                "image_size, the side that every image is to be resized to"
            )
        return width

    def _picture(self, number: int) -> Image.Image:
        """Return one image in colour, at its own size."""
        image = self.data[number][0]
        if isinstance(image, Image.Image):
            return plain_image(image, "RGB")
        pixels = torch.as_tensor(np.asarray(image))
        if pixels.ndim == 2:
            pixels = pixels[None]
        colour = as_images(pixels[None], f"images of the {self.what}")[0]  # (3, H, W)
        return Image.fromarray(colour.permute(1, 2, 0).contiguous().numpy())
