"""Bring scores and classes to arrays; refuse what has no meaning."""

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

Interval = tuple[float, float | None, float | None]
"""Mean, lower and upper end; both ends are None where there is no interval."""


def as_array(values: ArrayLike | Tensor) -> np.ndarray:
    """Return numbers as an array on the CPU, tensors of any device included."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return (values.double() if values.is_floating_point() else values).numpy()
    return np.asarray(values)


def as_table(scores: ArrayLike | Tensor, name: str = "scores") -> np.ndarray:
    """Return the scores of several runs as a table.

    Args:
        scores: (S, Q), a row for each seed and a column for each query. NaN marks a
            query without a relevant photo, in every row.
        name: what to call them in a message.

    Returns:
        (S, Q) float64.

    Raises:
        ValueError: not a table, empty, infinite, NaN in some rows of a column only,
            or nowhere a number.
    """
    table = as_array(scores).astype(np.float64)
    if table.ndim != 2 or table.size == 0:
        raise ValueError(
            f"{name} has shape {table.shape}: expected (seeds, queries), nothing "
            "empty; one run is scores[None], one number a seed is scores[:, None]"
        )
    if np.isinf(table).any():
        raise ValueError(f"{name} holds an infinite value: look for a broken run")
    missing = np.isnan(table)
    partly = missing.any(axis=0) & ~missing.all(axis=0)
    if partly.any():
        raise ValueError(
            f"query {int(partly.argmax())} of {name} is NaN for some seeds only: all "
            "runs must be scored on the same queries and gallery"
        )
    if missing.all():
        raise ValueError(f"{name} is NaN throughout: no query has a relevant photo")
    return table


def class_numbers(labels: ArrayLike | Tensor | None, size: int) -> np.ndarray:
    """Number the classes of the queries 0, 1, 2, ...

    Args:
        labels: (Q,) classes, numbers or names; None to let each query stand alone.
        size: Q.

    Returns:
        (Q,) int64.

    Raises:
        ValueError: there is not one label for each query.
    """
    if labels is None:
        return np.arange(size)
    array = as_array(labels)
    if array.shape != (size,):
        raise ValueError(
            f"labels have shape {array.shape} for {size} queries: give each query "
            "its class"
        )
    return np.unique(array, return_inverse=True)[1]


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless the confidence lies between 0 and 1."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")


def check_count(name: str, count: int, least: int) -> None:
    """Raise ValueError unless a whole number is large enough."""
    whole = isinstance(count, int | np.integer) and not isinstance(count, bool)
    if not whole or count < least:
        raise ValueError(f"{name} is {count!r}: expected a whole number from {least}")
