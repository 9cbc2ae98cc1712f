"""Refuse input that would give a meaningless score, saying what is wrong."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless the value is one of the choices."""
    if value not in choices:
        raise ValueError(f"unknown {name} {value!r}: choose one of {choices}")


def check_cut_offs(ks: Sequence[int]) -> tuple[int, ...]:
    """Return the cut-offs as a tuple; raise ValueError unless all are 1 or more."""
    for k in ks:
        if not isinstance(k, int) or isinstance(k, bool) or k < 1:
            raise ValueError(
                f"ks contains {k!r}: a cut-off must be a whole number of at least 1"
            )
    return tuple(ks)


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless the confidence lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")


def check_count(name: str, count: int, least: int) -> None:
    """Raise ValueError unless a whole number is large enough."""
    whole = isinstance(count, int | np.integer) and not isinstance(count, bool)
    if not whole or count < least:
        raise ValueError(f"{name} is {count!r}: expected a whole number from {least}")


def at_least_float32(dtype: torch.dtype) -> torch.dtype:
    """Return the type to compare in: float64 for float64, else float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def check_embeddings(name: str, features: Tensor) -> None:
    """Raise ValueError unless these are finite embeddings (N, D), nothing empty."""
    _check_table(name, features)
    _check_finite(name, features)


def check_features(query: Tensor, gallery: Tensor, distance: str) -> None:
    """Raise ValueError unless queries (Q, D) and gallery (N, D) can be compared."""
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
    if features.shape[0] == 0 or features.shape[1] == 0:
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
