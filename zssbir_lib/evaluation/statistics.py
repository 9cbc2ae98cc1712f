"""How sure a number is: over runs and over queries.

Runs differ by their seeds: Student's t interval. Queries could have been others: the
bootstrap draws new sets from those at hand, with replacement. Queries of one class are
not independent, a class that is easy for one sketch is easy for most, so it draws whole
classes, each with all its queries. Few classes make the draws too narrow: the variance
of n draws is smaller than that of the population by the factor (n - 1) / n, and it is
itself only estimated. Student's t corrects the mean of normal numbers for both;
`widened_deviations` does the same to every draw, whatever their shape.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from torch import Tensor

from zssbir_lib.evaluation.checks import (
    check_choice,
    check_confidence,
    check_count,
)

Interval = tuple[float, float | None, float | None]
"""Mean, lower and upper end; both ends are None where there is no interval."""

KINDS = ("widened", "percentile", "bca")
BLOCK = 2**21  # numbers drawn at a time


# over runs


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the mean of a few runs and the ends of its interval, Student's t.

    It assumes that the runs differ by roughly normal noise, and widens as it should
    when there are only three or five of them.

    Args:
        values: one number a run, at least one; of one, both ends are None.
        confidence: coverage, in (0, 1).

    Example:
        >>> mean_interval([0.4, 0.5, 0.6])
        (0.5, 0.2515..., 0.7484...)
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.size == 0 or not np.isfinite(numbers).all():
        raise ValueError(f"expected one finite number or more, got {list(values)}")
    check_confidence(confidence)
    mean = float(numbers.mean())
    if numbers.size == 1:
        return mean, None, None
    error = numbers.std(ddof=1) / np.sqrt(numbers.size)
    half = float(stats.t.ppf((1 + confidence) / 2, numbers.size - 1) * error)
    return mean, mean - half, mean + half


def paired_interval(
    values: Sequence[float], baseline: Sequence[float], confidence: float = 0.95
) -> Interval:
    """Return the mean of values minus baseline and the ends of its interval.

    Two runs are a pair if they share what makes runs differ: the seed and the split. A
    lucky seed helps both and leaves the difference alone, so the interval is narrower
    than that of two separate means. If it excludes zero, the difference is more than
    noise of this kind.

    Args:
        values: one number a pair, of the method in question.
        baseline: the numbers of the method it is compared with, in the same order.
        confidence: coverage, in (0, 1).

    Example:
        >>> paired_interval([0.5, 0.7], [0.4, 0.5])
        (0.1499..., -0.4853..., 0.7853...)
    """
    if len(values) != len(baseline):
        raise ValueError(
            f"{len(values)} values and {len(baseline)} baselines are no pairs: give "
            "both in the same order of seeds"
        )
    return mean_interval(
        [one - other for one, other in zip(values, baseline, strict=True)], confidence
    )


# over queries


def bootstrap_interval(
    values: ArrayLike | Tensor,
    labels: ArrayLike | Tensor | None = None,
    kind: str = "widened",
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the mean over queries and the ends of its bootstrap interval.

    Where there is only one class (or query), both ends are None.

    Args:
        values: (Q,) scores; NaN marks a query without a relevant photo, left out.
        labels: (Q,) class of each query, drawn together; None lets every query stand
            alone, which makes the interval of a retrieval score far too short.
        kind: "widened" covers as often as it says even for a handful of classes;
            "percentile", the plain quantiles, and "bca", corrected for bias and
            skewness, need some thirty.
        confidence: coverage, in (0, 1).
        draws: how many sets are drawn.
        seed: decides the draws.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters
        13 and 14; Field and Welsh (2007) for drawing whole groups; Hesterberg (2015)
        for the narrowness of few draws, which he mends in the quantiles.
    """
    check_choice("kind", kind, KINDS)
    check_confidence(confidence)
    mean, totals, counts = group_totals(values, labels)
    generator = np.random.default_rng(seed)
    if len(totals) == 1:
        return mean, None, None
    draw = widened_deviations if kind == "widened" else draw_deviations
    deviations = draw(totals, counts, draws, generator)
    if kind != "bca":
        return quantile_interval(mean, deviations, confidence)
    levels = bca_levels(totals, counts, deviations, confidence)
    low, high = mean + np.quantile(deviations, levels)
    return mean, float(low), float(high)


def quantile_interval(
    mean: float, deviations: np.ndarray, confidence: float
) -> Interval:
    """Return the mean and the quantiles of mean plus deviations."""
    ends = np.quantile(deviations, [(1 - confidence) / 2, (1 + confidence) / 2])
    return mean, float(mean + ends[0]), float(mean + ends[1])


def bca_levels(
    totals: np.ndarray, counts: np.ndarray, deviations: np.ndarray, confidence: float
) -> np.ndarray:
    """Return the two quantiles that bias and acceleration ask for.

    Source: Efron and Tibshirani (1993), section 14.3.
    """
    draws = len(deviations)
    below = ((deviations < 0).mean() + (deviations <= 0).mean()) / 2
    bias = stats.norm.ppf(np.clip(below, 1 / draws, 1 - 1 / draws))
    left_out = -totals / (counts.sum() - counts)  # the mean without each group
    pull = left_out.mean() - left_out
    spread = np.sqrt(np.square(pull).sum())
    acceleration = (pull**3).sum() / (6 * spread**3) if spread > 0 else 0.0
    wanted = bias + stats.norm.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
    return stats.norm.cdf(bias + wanted / (1 - acceleration * wanted))


def group_totals(
    values: ArrayLike | Tensor, labels: ArrayLike | Tensor | None
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the mean; for G groups sums less that mean (G,), and sizes (G,)."""
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
    """Return how far means of G groups drawn again lie from that of all, (draws,)."""
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
    """
    freedom = len(totals) - 1
    deviations = draw_deviations(totals, counts, draws, generator)
    scale = generator.chisquare(freedom, draws) / freedom
    return deviations * np.sqrt(len(totals) / freedom / scale)


# arrays from whatever holds the scores


def as_array(values: ArrayLike | Tensor) -> np.ndarray:
    """Return numbers as an array on the CPU, tensors of any device included."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return (values.double() if values.is_floating_point() else values).numpy()
    return np.asarray(values)


def as_table(scores: ArrayLike | Tensor, name: str) -> np.ndarray:
    """Return scores (seeds, queries) as float64; NaN must fill a whole column."""
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
    """Number the classes of the queries 0, 1, 2, ...; without labels, each its own."""
    if labels is None:
        return np.arange(size)
    array = as_array(labels)
    if array.shape != (size,):
        raise ValueError(
            f"labels have shape {array.shape} for {size} queries: give each query "
            "its class"
        )
    return np.unique(array, return_inverse=True)[1]
