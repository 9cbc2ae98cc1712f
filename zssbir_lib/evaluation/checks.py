"""Refuse input that would give a meaningless score, saying what is wrong."""

import numpy as np
import torch
from torch import Tensor


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is not one of the choices."""
    if value not in choices:
        raise ValueError(f"unknown {name} {value!r}: choose one of {choices}")


def check_share(name: str, value: float) -> None:
    """Refuse a number that does not lie between 0 and 1."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie between 0 and 1, got {value}")


def check_size(name: str, size: float) -> None:
    """Refuse a difference or spread of scores that is not finite and 0 or more."""
    if not (np.isfinite(size) and size >= 0):
        raise ValueError(
            f"{name} is {size}: expected a finite size from 0, in the unit of the "
            "scores (0.005 is half a point)"
        )


def check_count(name: str, count: int, least: int) -> None:
    """Refuse what is not a whole number, or too small."""
    whole = isinstance(count, int | np.integer) and not isinstance(count, bool)
    if not whole or count < least:
        raise ValueError(f"{name} is {count!r}: expected a whole number from {least}")


def check_nearest(name: str, count: int, gallery: Tensor) -> None:
    """Refuse more photos than the gallery has, or none."""
    if not 1 <= count <= len(gallery):
        raise ValueError(
            f"{name} is {count}: choose from 1 to {len(gallery)}, the size of the "
            "gallery"
        )


def at_least_float32(dtype: torch.dtype) -> torch.dtype:
    """Return the type to compare in: float64 for float64, else float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def check_embeddings(name: str, features: Tensor) -> None:
    """Refuse what is not a table of finite embeddings (N, D)."""
    _check_table(name, features)
    _check_finite(name, features)


def check_features(query: Tensor, gallery: Tensor, distance: str) -> None:
    """Refuse queries (Q, D) and a gallery (N, D) that cannot be compared."""
    both = {"query": query, "gallery": gallery}
    for name, features in both.items():
        _check_table(name, features)
    if query.shape[1] != gallery.shape[1]:
        raise ValueError(
            f"query has {query.shape[1]} columns and gallery {gallery.shape[1]}: "
            "both must come from the same model"
        )
    if query.device != gallery.device:
        raise ValueError(
            f"query is on {query.device} and gallery on {gallery.device}: "
            "move both to one device"
        )
    packed = [features.dtype == torch.uint8 for features in both.values()]
    if distance == "hamming" and packed[0] != packed[1]:
        raise ValueError(
            f"query codes are {query.dtype} and gallery codes {gallery.dtype}: "
            "pack both (uint8) or neither"
        )
    check = _check_codes if distance == "hamming" else _check_finite
    for name, features in both.items():
        check(name, features)


def check_labels(name: str, labels: Tensor, features: Tensor) -> Tensor:
    """Return the labels as int64 (N,) on the features' device, one for each row."""
    if not isinstance(labels, Tensor) or labels.ndim != 1:
        raise ValueError(f"{name}_labels must be a tensor of shape (N,), one a row")
    if labels.is_floating_point() or labels.is_complex():
        raise ValueError(
            f"{name}_labels has type {labels.dtype}: expected whole numbers"
        )
    if len(labels) != len(features):
        raise ValueError(
            f"{name}_labels has {len(labels)} entries for {len(features)} rows of "
            f"{name}: give one label a row"
        )
    return labels.to(features.device, torch.int64)


def _check_table(name: str, features: Tensor) -> None:
    """Refuse anything but a tensor of two dimensions with at least one entry."""
    if not isinstance(features, Tensor):
        raise ValueError(
            f"{name} is a {type(features).__name__}: expected a tensor "
            "(torch.from_numpy makes one of an array)"
        )
    if features.ndim != 2:
        raise ValueError(
            f"{name} has shape {tuple(features.shape)}: expected (items, dimensions)"
        )
    if features.numel() == 0:
        raise ValueError(
            f"{name} is empty, shape {tuple(features.shape)}: "
            "nothing can be retrieved; check which classes were selected"
        )


def _check_finite(name: str, features: Tensor) -> None:
    """Refuse embeddings that are not floating point or not finite."""
    if not features.is_floating_point():
        raise ValueError(
            f"{name} has type {features.dtype}: expected floating point embeddings "
            '(binary codes go with distance="hamming")'
        )
    wide = at_least_float32(features.dtype)
    length = torch.linalg.vector_norm(features, dim=1, dtype=wide).float()
    bad = (~length.square().isfinite()).nonzero().flatten()
    if len(bad) > 0:
        raise ValueError(
            f"{name} has {len(bad)} of {len(features)} rows with NaN, infinite or "
            f"too large values, the first is row {int(bad[0])}: "
            "the training has probably diverged"
        )


def _check_codes(name: str, codes: Tensor) -> None:
    """Refuse codes that are not binary."""
    if codes.dtype in (torch.bool, torch.uint8):
        return
    signs = (codes.abs() == 1).all()
    bits = ((codes == 0) | (codes == 1)).all()
    if not (signs or bits):
        raise ValueError(
            f"{name} holds values that are not binary: hamming distance needs bool "
            "codes, -1 and +1, 0 and 1, or bits packed in uint8; "
            "take the sign of real values first"
        )
