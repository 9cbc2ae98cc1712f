"""Turn what a caller has (tensors, arrays, lists) into arrays that can be drawn."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from zssbir_lib.modality import PHOTO, SKETCH

Array = np.ndarray
ArrayLike = Tensor | Array | Sequence  # whatever the figures accept as numbers
Names = Sequence[str]


def as_array(values: ArrayLike) -> Array:
    """Return the values as an array; a tensor may need gradients or sit on a GPU."""
    if isinstance(values, Tensor):
        return values.detach().cpu().numpy()
    return np.asarray(values)


def as_picture(image: ArrayLike) -> Array:
    """Return an image as matplotlib draws it: (H, W, 3) or, if grey, (H, W).

    It comes as (3, H, W), (1, H, W) or (H, W), uint8 or float from 0 to 1.
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


def require(condition: object, message: str) -> None:
    """Raise ValueError with the message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def require_length(name: str, values: Sequence | Array, expected: int) -> None:
    """Raise ValueError when `values` has not one entry for each thing drawn."""
    count = len(values)
    require(count == expected, f"{name} has {count} entries, expected {expected}")


def in_plane(points: Array) -> bool:
    """Return whether there are points of two numbers."""
    return points.ndim == 2 and points.shape[1] == 2 and len(points) > 0


def require_points(points: Array, **each: Sequence | Array) -> None:
    """Raise ValueError unless points lie in the plane, with one of `each` a point."""
    require(
        in_plane(points),
        f"points have shape {points.shape}; expected (N, 2): project embeddings with "
        "principal_plane first",
    )
    for name, values in each.items():
        require_length(name, values, len(points))


def require_labels(labels: Array, class_names: Names) -> None:
    """Raise ValueError unless every label has a name."""
    low, high, count = labels.min(), labels.max(), len(class_names)
    require(
        0 <= low <= high < count,
        f"labels run from {low} to {high}, but there are {count} class names",
    )


def require_modality(modality: Array) -> None:
    """Raise ValueError unless all are sketches or photos."""
    unknown = sorted(set(modality.tolist()) - {SKETCH, PHOTO})
    require(not unknown, f"modality contains {unknown}; expected 0 or 1")
