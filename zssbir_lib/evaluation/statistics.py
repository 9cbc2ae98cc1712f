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


def paired_interval(
    values: Sequence[float], baseline: Sequence[float], confidence: float = 0.95
) -> tuple[float, float | None, float | None]:
    """Return the mean difference of paired runs and its confidence interval.

    Two runs are a pair if they share what makes runs differ: the seed and the split. A
    lucky seed helps both and leaves the difference alone, so the interval is narrower
    than that of two separate means. If it excludes zero, the difference is more than
    noise of this kind.

    Args:
        values: one number a pair, of the method in question.
        baseline: the numbers of the method it is compared with, in the same order.
        confidence: coverage, in (0, 1).

    Returns:
        Mean of values minus baseline, lower and upper end, as `mean_interval`.

    Raises:
        ValueError: there is not one baseline for each value, or as `mean_interval`.

    Example:
        >>> paired_interval([0.5, 0.7], [0.4, 0.5])
        (0.15, -0.4853..., 0.7853...)

    Taught in: notebook 03.
    """
    if len(values) != len(baseline):
        raise ValueError(
            f"{len(values)} values and {len(baseline)} baselines are no pairs: give "
            "both in the same order of seeds"
        )
    return mean_interval(
        [one - other for one, other in zip(values, baseline, strict=True)], confidence
    )
