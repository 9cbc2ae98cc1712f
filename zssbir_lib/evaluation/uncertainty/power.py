"""Which differences can be seen at all, with so many seeds."""

import numpy as np
from scipy import stats

from zssbir_lib.evaluation.uncertainty.inputs import check_confidence, check_count
from zssbir_lib.evaluation.uncertainty.seed_noise import (
    check_difference,
    simulate_scores,
)


def chance_to_see(
    difference: float,
    spread: float,
    runs: int,
    confidence: float = 0.95,
    draws: int = 20_000,
    seed: int = 0,
) -> float:
    """Simulate how often a paired interval finds a true difference.

    Args:
        difference: the true difference of two methods, 0 or more.
        spread: standard deviation of the paired differences between seeds.
        runs: paired seeds, at least 2.
        confidence: coverage of the interval, in (0, 1).
        draws: simulated comparisons.
        seed: decides the simulation.

    Returns:
        The share of comparisons whose Student's t interval lies above zero.

    Raises:
        ValueError: an argument is out of range.

    Taught in: notebook 07.
    """
    check_difference(difference)
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

    Returns:
        The difference, in the unit of the spread.

    Raises:
        ValueError: an argument is out of range.

    Taught in: notebook 07.
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
    noise = simulate_scores(spread, (runs,), draws, seed)
    reach = stats.t.ppf((1 + confidence) / 2, runs - 1) / np.sqrt(runs)
    return reach * noise.std(axis=1, ddof=1) - noise.mean(axis=1)
