"""Means with confidence intervals: how sure a number is."""

from collections.abc import Sequence

import numpy as np
from scipy import stats


def mean_interval(
    values: Sequence[float], confidence: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Return the mean of a few runs and its confidence interval.

    Student's t interval: it assumes that the runs differ by roughly normal noise, and
    widens as it should when there are only three or five of them.

    Args:
        values: one number a run, at least one.
        confidence: coverage, in (0, 1).

    Returns:
        Mean, lower and upper end; both ends are None for a single value, which has no
        interval.

    Raises:
        ValueError: there are no values, one is not finite, or the confidence is out of
            range.

    Example:
        >>> mean_interval([0.4, 0.5, 0.6])
        (0.5, 0.2515..., 0.7484...)

    Taught in: notebook 02.
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.size == 0 or not np.isfinite(numbers).all():
        raise ValueError(f"expected one finite number or more, got {list(values)}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    mean = float(numbers.mean())
    if numbers.size == 1:
        return mean, None, None
    error = numbers.std(ddof=1) / np.sqrt(numbers.size)
    half = float(stats.t.ppf((1 + confidence) / 2, numbers.size - 1) * error)
    return mean, mean - half, mean + half
