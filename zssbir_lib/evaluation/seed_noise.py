"""What seeds alone do, and which differences can be seen at all.

Why a difference of half a point in one run means nothing: measure the spread between
seeds, count the pairs of equal runs that lie so far apart, or simulate them.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from scipy import stats

from zssbir_lib.evaluation.checks import check_confidence, check_count


def pooled_spread(groups: Iterable[Sequence[float]]) -> float:
    """Return the standard deviation between seeds, from several methods together.

    The root of the mean variance, weighted by the degrees of freedom. A group holds the
    scores, or the paired differences, of one method (and split), one a seed.

    Example:
        >>> round(pooled_spread([[1, 3], [4, 4]]), 6)
        1.0
    """
    several = _with_two_seeds(groups)
    freedom = sum(len(scores) - 1 for scores in several)
    squares = sum(np.square(scores - scores.mean()).sum() for scores in several)
    return float(np.sqrt(squares / freedom))


def share_of_pairs_apart(groups: Iterable[Sequence[float]], difference: float) -> float:
    """Count how often two runs of one method differ by so much or more, 0 to 1.

    Nothing is assumed: every pair of seeds of every group is looked at. The difference
    is in the unit of the scores, 0 or more.

    Example:
        >>> share_of_pairs_apart([[0.50, 0.51, 0.53]], 0.015)
        0.666...
    """
    _check_difference(difference)
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

    Both score the same but for the seed; each is reported as the mean of its runs.

    Args:
        spread: standard deviation between the seeds of a method, 0 or more.
        difference: how much better one of the two must look, in the same unit.
        runs: seeds of each method, at least 1.
        draws: simulated pairs of methods.
        seed: decides the simulation.
    """
    _check_difference(difference)
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
        spread: standard deviation of the paired differences between seeds.
        runs: paired seeds, at least 2.
        confidence: coverage of the interval, in (0, 1).
        draws: simulated comparisons.
        seed: decides the simulation.
    """
    _check_difference(difference)
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

    Args:
        spread: standard deviation of the paired differences between seeds; of two
            methods with separate seeds, 1.41 times that of one method.
        runs: paired seeds, at least 2.
        power: how often the interval shall exclude zero, in (0, 1).
        confidence: coverage of the interval, in (0, 1).
        draws: simulated comparisons.
        seed: decides the simulation.
    """
    if not 0 < power < 1:
        raise ValueError(f"power must lie between 0 and 1, got {power}")
    needed = _needed_differences(spread, runs, confidence, draws, seed)
    return float(np.quantile(needed, power))


def _needed_differences(
    spread: float, runs: int, confidence: float, draws: int, seed: int
) -> np.ndarray:
    """Return for simulated noise (draws,) the difference that would show through it.

    The interval lies above zero once the difference exceeds half its width less the
    mean of the noise.
    """
    check_confidence(confidence)
    check_count("runs", runs, 2)
    noise = _simulate(spread, (runs,), draws, seed)
    reach = stats.t.ppf((1 + confidence) / 2, runs - 1) / np.sqrt(runs)
    return reach * noise.std(axis=1, ddof=1) - noise.mean(axis=1)


def _simulate(
    spread: float, shape: tuple[int, ...], draws: int, seed: int
) -> np.ndarray:
    """Draw normal scores around zero, (draws, *shape); the last number is the runs."""
    if not (np.isfinite(spread) and spread >= 0):
        raise ValueError(f"spread is {spread}: expected a finite number from 0")
    check_count("runs", shape[-1], 1)
    check_count("draws", draws, 1)
    generator = np.random.default_rng(seed)
    return generator.normal(0, spread, (draws, *shape))


def _check_difference(difference: float) -> None:
    """Raise ValueError unless a difference is a size: finite, 0 or more."""
    if not (np.isfinite(difference) and difference >= 0):
        raise ValueError(
            f"difference is {difference}: expected a finite size from 0, in the unit "
            "of the scores (0.005 is half a point)"
        )


def _with_two_seeds(groups: Iterable[Sequence[float]]) -> list[np.ndarray]:
    """Return the groups of two scores or more as arrays."""
    arrays = [np.asarray(group, dtype=float) for group in groups]
    if not all(np.isfinite(scores).all() for scores in arrays):
        raise ValueError("a score is NaN or infinite: leave out runs that failed")
    several = [scores for scores in arrays if len(scores) > 1]
    if not several:
        raise ValueError("no method has two seeds: run it with two seeds or more")
    return several
