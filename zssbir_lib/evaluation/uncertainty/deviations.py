"""Draw groups again and see how far their mean moves.

Few groups make the draws too narrow: the variance of n draws is smaller than that of
the population by the factor (n - 1) / n, and it is itself only estimated. Student's t
corrects the mean of normal numbers for both; `widened_deviations` does the same to
every draw, whatever their shape.
"""

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from zssbir_lib.evaluation.uncertainty.inputs import (
    as_array,
    as_table,
    check_count,
    class_numbers,
)

BLOCK = 2**21  # numbers drawn at a time


def group_totals(
    values: ArrayLike | Tensor, labels: ArrayLike | Tensor | None
) -> tuple[float, np.ndarray, np.ndarray]:
    """Sum the values of each group, less their mean.

    Args:
        values: (Q,) numbers; NaN is left out.
        labels: (Q,) groups, or None.

    Returns:
        The mean of all values; for G groups the sums of the values less that mean,
        (G,) float64, and the numbers of values, (G,) int64.

    Raises:
        ValueError: as `bootstrap_interval`.
    """
    array = as_array(values)
    if array.ndim != 1:
        raise ValueError(f"values have shape {array.shape}: expected one a query, (Q,)")
    (array,) = as_table(array[None], "values")
    kept = ~np.isnan(array)
    groups = class_numbers(labels, len(array))[kept]
    groups = np.unique(groups, return_inverse=True)[1]  # without the empty ones
    mean = float(array[kept].mean())
    return mean, np.bincount(groups, array[kept] - mean), np.bincount(groups)


def draw_deviations(
    totals: np.ndarray, counts: np.ndarray, draws: int, generator: np.random.Generator
) -> np.ndarray:
    """Return how far the means of drawn sets lie from the mean of all.

    Args:
        totals: (G,) sums of each group, less the mean of all.
        counts: (G,) values in each group.
        draws: how many sets of G groups are drawn with replacement.
        generator: draws them.

    Returns:
        (draws,) float64.
    """
    check_count("draws", draws, 1)
    size, found = len(totals), []
    step = max(1, BLOCK // size)
    for start in range(0, draws, step):
        picks = generator.integers(size, size=(min(step, draws - start), size))
        found.append(totals[picks].sum(axis=1) / counts[picks].sum(axis=1))
    return np.concatenate(found)


def widened_deviations(
    totals: np.ndarray, counts: np.ndarray, draws: int, generator: np.random.Generator
) -> np.ndarray:
    """Return the deviations of drawn means, as wide as few groups call for.

    Each is stretched by the root of n / (n - 1), and divided by the root of a random
    chi-square number over its n - 1 degrees of freedom. That turns normal deviations
    into Student's t, and leaves the shape of others.

    Args:
        totals: (G,) sums, as for `draw_deviations`.
        counts: (G,) values in each group.
        draws: how many.
        generator: draws them.

    Returns:
        (draws,) float64.
    """
    freedom = len(totals) - 1
    deviations = draw_deviations(totals, counts, draws, generator)
    scale = generator.chisquare(freedom, draws) / freedom
    return deviations * np.sqrt(len(totals) / freedom / scale)
