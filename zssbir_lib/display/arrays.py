"""Turn what a caller has (tensors, arrays, lists) into arrays that can be drawn."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

ArrayLike = Tensor | np.ndarray | Sequence
"""Whatever the figures accept as numbers."""


def as_array(values: ArrayLike) -> np.ndarray:
    """Return the values as an array; a tensor may need gradients or sit on a GPU."""
    if isinstance(values, Tensor):
        return values.detach().cpu().numpy()
    return np.asarray(values)


def as_picture(image: ArrayLike) -> np.ndarray:
    """Return one image in the layout that matplotlib draws.

    Args:
        image: (3, H, W), (1, H, W) or (H, W); uint8 from 0 to 255 or float from
            0 to 1.

    Returns:
        (H, W, 3) or, for grey images, (H, W); same dtype.

    Raises:
        ValueError: another shape or range.
    """
    picture = as_array(image)
    if picture.ndim == 3 and picture.shape[0] in (1, 3):
        picture = picture[0] if len(picture) == 1 else np.moveaxis(picture, 0, -1)
    elif picture.ndim != 2:
        raise ValueError(
            f"an image has shape {picture.shape}; expected (3, H, W), (1, H, W) or "
            "(H, W), channels first"
        )
    if picture.dtype != np.uint8 and not (picture.min() >= 0 and picture.max() <= 1):
        raise ValueError(
            f"image values run from {picture.min():.3g} to {picture.max():.3g}; "
            "expected uint8 from 0 to 255 or floats from 0 to 1 (undo the "
            "normalisation before drawing)"
        )
    return picture


def require_length(name: str, values: Sequence | np.ndarray, expected: int) -> None:
    """Raise ValueError when `values` has not one entry for each thing drawn."""
    if len(values) != expected:
        raise ValueError(f"{name} has {len(values)} entries, expected {expected}")
