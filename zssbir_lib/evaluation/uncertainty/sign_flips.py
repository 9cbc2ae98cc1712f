"""Test a paired difference by flipping its signs, without assuming normal noise."""

import itertools

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from zssbir_lib.evaluation.uncertainty.deviations import BLOCK, group_totals
from zssbir_lib.evaluation.uncertainty.inputs import as_array, check_count

EXACT_UP_TO = 14  # groups: 16,384 ways to set the signs
ROUNDING = 1e-12  # relative, of sums that are equal but for their order


def sign_flip_test(
    differences: ArrayLike | Tensor,
    labels: ArrayLike | Tensor | None = None,
    draws: int = 20_000,
    seed: int = 0,
) -> float:
    """Return how often flipped signs give a mean difference at least as large.

    If two methods are equal, which of them is called first is arbitrary, and so is
    the sign of each difference. Up to 14 groups every choice of signs is tried, and
    the p value is exact. With n groups it cannot be below 2 / 2**n: five seeds never
    reach 0.05, six can.

    Args:
        differences: (Q,) paired differences, one a seed or one a query; NaN is left
            out.
        labels: (Q,) groups, such as classes, whose signs flip together; None to flip
            each alone.
        draws: how many choices are tried where there are more than 14 groups.
        seed: decides them.

    Returns:
        Two-sided p value, above 0 and up to 1.

    Raises:
        ValueError: no finite difference, not one label for each, or too few draws.

    Example:
        >>> sign_flip_test([1.0, 2.0, 3.0])
        0.25

    Taught in: notebook 07.
    """
    check_count("draws", draws, 1)
    mean, centred, counts = group_totals(as_array(differences), labels)
    totals = np.abs(centred + mean * counts)  # (G,); the signs are all tried anyway
    observed = abs((centred + mean * counts).sum())
    least = observed - ROUNDING * totals.sum()
    if len(totals) <= EXACT_UP_TO:
        signs = np.array(list(itertools.product((-1, 1), repeat=len(totals))))
        return float((np.abs(signs @ totals) >= least).mean())
    as_large = _count_random(totals, least, draws, np.random.default_rng(seed))
    return (as_large + 1) / (draws + 1)  # the observed signs count as one of them


def _count_random(
    totals: np.ndarray, least: float, draws: int, generator: np.random.Generator
) -> int:
    """Count random choices of signs whose sum is large enough."""
    found, step = 0, max(1, BLOCK // len(totals))
    for start in range(0, draws, step):
        shape = (min(step, draws - start), len(totals))
        signs = 2 * generator.integers(2, size=shape) - 1
        found += int((np.abs(signs @ totals) >= least).sum())
    return found
