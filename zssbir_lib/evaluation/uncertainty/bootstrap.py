"""Intervals over the queries of one evaluation, by drawing the queries again.

What would the mean have been with other queries? The bootstrap answers by drawing
new sets from the queries at hand, with replacement. Queries of one class are not
independent: a class that is easy for one sketch is easy for most. So it draws whole
classes, each with all its queries.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice
from zssbir_lib.evaluation.uncertainty.deviations import (
    draw_deviations,
    group_totals,
    widened_deviations,
)
from zssbir_lib.evaluation.uncertainty.inputs import Interval, check_confidence

KINDS = ("widened", "percentile", "bca")


def bootstrap_interval(
    values: ArrayLike | Tensor,
    labels: ArrayLike | Tensor | None = None,
    kind: str = "widened",
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the mean over queries and its bootstrap interval.

    Args:
        values: (Q,) scores, one a query; NaN marks a query without a relevant photo,
            which is left out.
        labels: (Q,) class of each query, drawn together; None lets every query stand
            alone, which makes the interval of a retrieval score far too short.
        kind: "widened" covers as often as it says even for a handful of classes;
            "percentile", the plain quantiles, and "bca", corrected for bias and
            skewness, need some thirty.
        confidence: coverage, in (0, 1).
        draws: how many sets are drawn.
        seed: decides the draws.

    Returns:
        Mean, lower and upper end; both ends are None where there is only one class
        (or query).

    Raises:
        ValueError: no number, an infinite one, not one label for each value, or an
            option out of range.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapters
        13 and 14; Field and Welsh (2007) for drawing whole groups; Hesterberg (2015)
        for the narrowness of few draws, which he mends in the quantiles.

    Taught in: notebook 07.
    """
    check_choice("kind", kind, KINDS)
    check_confidence(confidence)
    mean, totals, counts = group_totals(values, labels)
    generator = np.random.default_rng(seed)
    if len(totals) == 1:
        return mean, None, None
    if kind == "widened":
        return quantile_interval(
            mean, widened_deviations(totals, counts, draws, generator), confidence
        )
    deviations = draw_deviations(totals, counts, draws, generator)
    if kind == "percentile":
        return quantile_interval(mean, deviations, confidence)
    levels = bca_levels(totals, counts, deviations, confidence)
    low, high = mean + np.quantile(deviations, levels)
    return mean, float(low), float(high)


def resampled_means(
    values: ArrayLike | Tensor,
    labels: ArrayLike | Tensor | None = None,
    draws: int = 10_000,
    seed: int = 0,
) -> np.ndarray:
    """Return the means of sets of queries drawn with replacement, class by class.

    Args:
        values: (Q,) scores, NaN left out, as for `bootstrap_interval`.
        labels: (Q,) classes, or None.
        draws: how many sets.
        seed: decides the draws.

    Returns:
        (draws,) float64.

    Raises:
        ValueError: as `bootstrap_interval`.

    Taught in: notebook 07.
    """
    mean, totals, counts = group_totals(values, labels)
    generator = np.random.default_rng(seed)
    return mean + draw_deviations(totals, counts, draws, generator)


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

    Args:
        totals: (G,) sums of each group, less the mean of all.
        counts: (G,) values in each group.
        deviations: (draws,) of the drawn means.
        confidence: coverage, in (0, 1).

    Returns:
        (2,) levels from 0 to 1; without bias and skewness those of "percentile".

    Source: Efron and Tibshirani (1993), section 14.3.
    """
    draws = len(deviations)
    below = ((deviations < 0).mean() + (deviations <= 0).mean()) / 2
    bias = norm.ppf(np.clip(below, 1 / draws, 1 - 1 / draws))
    left_out = -totals / (counts.sum() - counts)  # the mean without each group
    pull = left_out.mean() - left_out
    spread = np.sqrt(np.square(pull).sum())
    acceleration = (pull**3).sum() / (6 * spread**3) if spread > 0 else 0.0
    wanted = bias + norm.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
    return norm.cdf(bias + wanted / (1 - acceleration * wanted))
