"""QuickDraw's 28-pixel bitmaps as an image source, read from disk as they are used."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from zssbir_lib.data.images import check_indices
from zssbir_lib.data.quickdraw.choosing import check_file

SIDE = 28


class QuickDrawBitmaps:
    """Give the drawings of a .npy file as images, black on white.

    The file holds rows (784,) of uint8, white strokes on black; every sketch of this
    library is dark on white paper, so the images are inverted. They are not copied:
    the file is mapped into memory, and a batch touches only its own rows. The file
    does not say which drawings were recognised.

    An object of this class can be the images of an `ImageSet`.

    Args:
        path: The file, (N, 784) uint8.
        first: Offer only this many images; None for all.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such array, or cut short.

    Example:
        >>> bitmaps = QuickDrawBitmaps("cat.npy")  # doctest: +SKIP
        >>> bitmaps[torch.tensor([0, 1])].shape  # doctest: +SKIP
        torch.Size([2, 3, 28, 28])
    """

    def __init__(self, path: str | Path, first: int | None = None) -> None:
        if first is not None and first < 0:
            raise ValueError(
                f"cannot read the first {first} images, expected 0 or more, or None"
            )
        self.path = check_file(path)
        self._rows = _mapped_rows(self.path)[:first]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"QuickDrawBitmaps({self.path.name!r}: {len(self)} images, {SIDE} px)"

    def __getitem__(self, indices: Tensor) -> Tensor:
        """Return the images at indices (B,) int64 as uint8 (B, 3, 28, 28).

        Raises:
            ValueError: If the indices are no row of int64.
            IndexError: If an index is negative or there is no such image.
        """
        check_indices(indices, len(self))
        images = 255 - self._rows[indices.numpy()].reshape(-1, 1, SIDE, SIDE)
        return torch.from_numpy(images).expand(-1, 3, -1, -1)


def _mapped_rows(path: Path) -> np.ndarray:
    """Map a .npy file into memory and check that it holds bitmaps."""
    try:
        rows = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError) as error:
        raise ValueError(
            f"{path} is no whole .npy file ({error}); fetch it again"
        ) from error
    if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] != SIDE * SIDE:
        raise ValueError(
            f"{path} holds {rows.dtype} of shape {rows.shape}, expected uint8 "
            f"(N, {SIDE * SIDE}): a file of QuickDraw's folder numpy_bitmap"
        )
    return rows
