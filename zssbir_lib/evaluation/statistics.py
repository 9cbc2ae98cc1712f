"""How sure a number is, over runs and over queries, and what seeds alone do.

Runs differ by their seeds: Student's t interval. Queries could have been others: the
bootstrap draws new sets from those at hand, with replacement. Queries of one class are
not independent, a class that is easy for one sketch is easy for most, so it draws whole
classes, each with all its queries. Few classes make the draws too narrow: the variance
of n draws is smaller than that of the population by the factor (n - 1) / n, and it is
itself only estimated. Student's t corrects the mean of normal numbers for both;
`widened_deviations` does the same to every draw, whatever their shape.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from torch import Tensor

from zssbir_lib.evaluation.checks import check_count, check_share, check_size

Scores = ArrayLike | Tensor
Interval = tuple[float, float | None, float | None]
"""Mean, lower and upper end; both ends are None where there is no interval."""

BLOCK = 2**21  # numbers drawn at a time


# over runs


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """Return the mean of a few runs and the ends of its interval, Student's t.

    It assumes roughly normal noise. One run has no interval: both ends are None.

    Example:
        >>> mean_interval([0.4, 0.5, 0.6])
        (0.5, 0.2515..., 0.7484...)
    """
    numbers = np.asarray(values, dtype=float)
    if numbers.size == 0 or not np.isfinite(numbers).all():
        raise ValueError(f"expected one finite number or more, got {list(values)}")
    check_share("confidence", confidence)
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
        baseline: the numbers of the other method, in the same order.
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
    values: Scores,
    labels: Scores | None = None,
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the mean over queries and the ends of its bootstrap interval.

    Where there is only one class (or query), both ends are None.

    Args:
        values: (Q,) scores; NaN marks a query without a relevant photo, left out.
        labels: (Q,) class of each query, drawn together; without them the interval of
            a retrieval score is far too short.
        confidence: coverage, in (0, 1).
        draws: how many sets are drawn.
        seed: decides the draws.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13;
        Field and Welsh (2007) for drawing whole groups; Hesterberg (2015) for the
        narrowness of few draws, which he mends in the quantiles.
    """
    check_share("confidence", confidence)
    mean, totals, counts = group_totals(values, labels)
    if len(totals) == 1:
        return mean, None, None
    generator = np.random.default_rng(seed)
    deviations = widened_deviations(totals, counts, draws, generator)
    return quantile_interval(mean, deviations, confidence)


def quantile_interval(
    mean: float, deviations: np.ndarray, confidence: float
) -> Interval:
    """Return the mean and the quantiles of mean plus deviations."""
    ends = np.quantile(deviations, [(1 - confidence) / 2, (1 + confidence) / 2])
    return mean, float(mean + ends[0]), float(mean + ends[1])


def group_totals(
    values: Scores, labels: Scores | None
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
    found = []
    for shape in block_shapes(draws, len(totals)):
        picks = generator.integers(len(totals), size=shape)
        found.append(totals[picks].sum(axis=1) / counts[picks].sum(axis=1))
    return np.concatenate(found)


def block_shapes(draws: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield shapes (some draws, size) that are drawn at a time."""
    step = max(1, BLOCK // size)
    for start in range(0, draws, step):
        yield min(step, draws - start), size


def widened_deviations(
    totals: np.ndarray, counts: np.ndarray, draws: int, generator: np.random.Generator
) -> np.ndarray:
    """Return the deviations of drawn means, as wide as few groups call for."""
    # stretched by the root of n / (n - 1), divided by the root of a chi-square number
    # over its degrees of freedom: normal ones become Student's t
    freedom = len(totals) - 1
    deviations = draw_deviations(totals, counts, draws, generator)
    scale = generator.chisquare(freedom, draws) / freedom
    return deviations * np.sqrt(len(totals) / freedom / scale)


# arrays from whatever holds the scores


def as_array(values: Scores) -> np.ndarray:
    """Return numbers as an array on the CPU, tensors of any device included."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return (values.double() if values.is_floating_point() else values).numpy()
    return np.asarray(values)


def as_table(scores: Scores, name: str) -> np.ndarray:
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


def class_numbers(labels: Scores | None, size: int) -> np.ndarray:
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


# what seeds alone do: measure the spread between them, count the pairs of equal runs
# that lie so far apart, or simulate them


def pooled_spread(groups: Iterable[Sequence[float]]) -> float:
    """Return the standard deviation between seeds, from several methods together.

    A group holds the scores, or the paired differences, of one method, one a seed.

    Example:
        >>> round(pooled_spread([[1, 3], [4, 4]]), 6)
        1.0
    """
    several = _with_two_seeds(groups)
    freedom = sum(len(scores) - 1 for scores in several)
    squares = sum(np.square(scores - scores.mean()).sum() for scores in several)
    return float(np.sqrt(squares / freedom))


def share_of_pairs_apart(groups: Iterable[Sequence[float]], difference: float) -> float:
    """Return the share of pairs of runs of one method that differ by so much or more.

    Nothing is assumed: every pair of seeds of every group is looked at.

    Example:
        >>> share_of_pairs_apart([[0.50, 0.51, 0.53]], 0.015)
        0.666...
    """
    check_size("difference", difference)
    apart = []
    for scores in _with_two_seeds(groups):
        first, second = np.triu_indices(len(scores), k=1)
        apart.append(np.abs(scores[first] - scores[second]))
    rounding = 1e-9 * difference  # 0.565 - 0.555 is below 0.01
    return float((np.concatenate(apart) >= difference - rounding).mean())


def chance_of_difference(
    spread: float, difference: float, runs: int = 1, draws: int = 100_000, seed: int = 0
) -> float:
    """Simulate how often one of two equal methods looks better by so much.

    Args:
        spread: standard deviation between the seeds of a method, 0 or more.
        difference: how much better one of the two must look, in the same unit.
        runs: seeds of each method, at least 1.
        draws: simulated pairs of methods.
        seed: decides the simulation.
    """
    check_size("difference", difference)
    differences = _simulate(spread, (2, runs), draws, seed).mean(axis=2)
    return float((np.abs(differences[:, 0] - differences[:, 1]) >= difference).mean())


def chance_to_see(
    difference: float,
    spread: float,
    runs: int,
    confidence: float = 0.95,
    draws: int = 20_000,
    seed: int = 0,
) -> float:
    """Simulate how often the t interval of paired runs lies above zero.

    Args:
        difference: the true difference of two methods, 0 or more.
        spread: standard deviation of the paired differences between seeds; of two
            methods with separate seeds, 1.41 times that of one method.
        runs: paired seeds, at least 2.
        confidence: coverage of the interval, in (0, 1).
        draws: simulated comparisons.
        seed: decides the simulation.
    """
    check_size("difference", difference)
    needed = _needed_differences(spread, runs, confidence, draws, seed)
    return float((needed < difference).mean())


def smallest_visible_difference(
    spread: float,
    runs: int,
    power: float = 0.8,
    confidence: float = 0.95,
    draws: int = 20_000,
    seed: int = 0,
) -> float:
    """Return the true difference that so many paired seeds will show.

    Power, in (0, 1), is how often the interval shall exclude zero; the rest is as for
    `chance_to_see`.
    """
    check_share("power", power)
    needed = _needed_differences(spread, runs, confidence, draws, seed)
    return float(np.quantile(needed, power))


def _needed_differences(
    spread: float, runs: int, confidence: float, draws: int, seed: int
) -> np.ndarray:
    """Return for simulated noise (draws,) the difference that would show through it."""
    check_share("confidence", confidence)
    check_count("runs", runs, 2)
    noise = _simulate(spread, (runs,), draws, seed)
    # above zero once the difference exceeds half the width less the mean of the noise
    reach = stats.t.ppf((1 + confidence) / 2, runs - 1) / np.sqrt(runs)
    return reach * noise.std(axis=1, ddof=1) - noise.mean(axis=1)


def _simulate(
    spread: float, shape: tuple[int, ...], draws: int, seed: int
) -> np.ndarray:
    """Draw normal scores around zero, (draws, *shape); the last number is the runs."""
    check_size("spread", spread)
    check_count("runs", shape[-1], 1)
    check_count("draws", draws, 1)
    generator = np.random.default_rng(seed)
    return generator.normal(0, spread, (draws, *shape))


def _with_two_seeds(groups: Iterable[Sequence[float]]) -> list[np.ndarray]:
    """Return the groups of two scores or more as arrays."""
    arrays = [np.asarray(group, dtype=float) for group in groups]
    if not all(np.isfinite(scores).all() for scores in arrays):
        raise ValueError("a score is NaN or infinite: leave out runs that failed")
    several = [scores for scores in arrays if len(scores) > 1]
    if not several:
        raise ValueError("no method has two seeds: run it with two seeds or more")
    return several
