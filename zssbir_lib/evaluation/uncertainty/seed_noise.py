"""How much runs of one and the same method differ by their seeds.

Why a difference of half a point in one run means nothing: measure the spread between
seeds, count the pairs of equal runs that lie so far apart, or simulate them.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from zssbir_lib.evaluation.uncertainty.inputs import check_count


def pooled_spread(groups: Iterable[Sequence[float]]) -> float:
    """Return the standard deviation between seeds, from several methods together.

    Args:
        groups: for each method (and split) its scores, or its paired differences, one
            a seed.

    Returns:
        Root of the mean variance, weighted by the degrees of freedom; 0 or more, in
        the unit of the scores.

    Raises:
        ValueError: no group has two scores, or one is not finite.

    Example:
        >>> round(pooled_spread([[1, 3], [4, 4]]), 6)
        1.0

    Taught in: notebook 07.
    """
    several = _with_two_seeds(groups)
    freedom = sum(len(scores) - 1 for scores in several)
    squares = sum(np.square(scores - scores.mean()).sum() for scores in several)
    return float(np.sqrt(squares / freedom))


def share_of_pairs_apart(groups: Iterable[Sequence[float]], difference: float) -> float:
    """Count how often two runs of one method differ by so much or more.

    Nothing is assumed: every pair of seeds of every method is looked at.

    Args:
        groups: for each method (and split) its scores, one a seed.
        difference: in the unit of the scores, 0 or more.

    Returns:
        A share from 0 to 1.

    Raises:
        ValueError: no group has two scores, one is not finite, or the difference is
            negative.

    Example:
        >>> share_of_pairs_apart([[0.50, 0.51, 0.53]], 0.015)
        0.666...

    Taught in: notebook 07.
    """
    check_difference(difference)
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

    Returns:
        A chance from 0 to 1.

    Raises:
        ValueError: an argument is out of range.

    Taught in: notebook 07.
    """
    check_difference(difference)
    differences = simulate_scores(spread, (2, runs), draws, seed).mean(axis=2)
    return float((np.abs(differences[:, 0] - differences[:, 1]) >= difference).mean())


def simulate_scores(
    spread: float, shape: tuple[int, ...], draws: int, seed: int
) -> np.ndarray:
    """Draw normal scores around zero.

    Args:
        spread: their standard deviation, 0 or more.
        shape: of one draw; the last number is that of the runs.
        draws: how many.
        seed: decides them.

    Returns:
        (draws, *shape) float64.

    Raises:
        ValueError: an argument is out of range.
    """
    if not (np.isfinite(spread) and spread >= 0):
        raise ValueError(f"spread is {spread}: expected a finite number from 0")
    check_count("runs", shape[-1], 1)
    check_count("draws", draws, 1)
    generator = np.random.default_rng(seed)
    return generator.normal(0, spread, (draws, *shape))


def check_difference(difference: float) -> None:
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
