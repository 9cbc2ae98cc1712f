"""Refuse input that would give a meaningless score, saying what is wrong."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zssbir_lib.evaluation.distances import at_least_float32


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless the value is one of the choices.

    Taught in: notebook 02.
    """
    if value not in choices:
        raise ValueError(f"unknown {name} {value!r}: choose one of {choices}")


def check_cut_offs(ks: Sequence[int]) -> tuple[int, ...]:
    """Return the cut-offs as a tuple; raise ValueError unless all are 1 or more.

    Taught in: notebook 02.
    """
    for k in ks:
        if not isinstance(k, int) or isinstance(k, bool) or k < 1:
            raise ValueError(
                f"ks contains {k!r}: a cut-off must be a whole number of at least 1"
            )
    return tuple(ks)


def check_features(query: Tensor, gallery: Tensor, distance: str) -> None:
    """Raise ValueError unless queries and gallery can be compared.

    Args:
        query: (Q, D) embeddings or codes.
        gallery: (N, D) embeddings or codes.
        distance: decides between embeddings and codes ("hamming").

    Raises:
        ValueError: not tensors of two dimensions, an empty set, different sizes,
            types or devices, values that are not finite, codes that are not binary.

    Taught in: notebook 02.
    """
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
    if distance == "hamming" and (query.dtype == torch.uint8) != (
        gallery.dtype == torch.uint8
    ):
        raise ValueError(
            f"query codes are {query.dtype} and gallery codes {gallery.dtype}: "
            "pack both (uint8) or neither"
        )
    for name, features in both.items():
        if distance == "hamming":
            _check_codes(name, features)
        else:
            _check_embeddings(name, features, distance)


def check_labels(name: str, labels: Tensor, features: Tensor) -> Tensor:
    """Return the labels as int64 on the features' device, one for each row.

    Args:
        name: "query" or "gallery", for the message.
        labels: (N,) integers.
        features: (N, D), the rows that the labels belong to.

    Returns:
        (N,) int64.

    Raises:
        ValueError: not a tensor of whole numbers, or of another length.

    Taught in: notebook 02.
    """
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


def _check_embeddings(name: str, features: Tensor, distance: str) -> None:
    """Refuse embeddings that are not floating point or not finite."""
    if not features.is_floating_point():
        raise ValueError(
            f"{name} has type {features.dtype}: {distance} distance needs floating "
            'point embeddings (binary codes go with distance="hamming")'
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
