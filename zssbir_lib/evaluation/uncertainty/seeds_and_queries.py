"""Intervals for a table of scores: several seeds, each on the same queries.

A mean over S seeds and Q queries would have been different with other seeds, and
with other queries. The table is crossed, not nested: every seed answers the same
queries. So both are drawn independently, seeds by their means over the queries and
classes by their means over the seeds, and the two deviations are added.
"""

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice
from zssbir_lib.evaluation.statistics import mean_interval
from zssbir_lib.evaluation.uncertainty.bootstrap import quantile_interval
from zssbir_lib.evaluation.uncertainty.deviations import (
    group_totals,
    widened_deviations,
)
from zssbir_lib.evaluation.uncertainty.inputs import (
    Interval,
    as_table,
    check_confidence,
    class_numbers,
)

SOURCES = ("seeds", "queries", "both")


def table_interval(
    scores: ArrayLike | Tensor,
    labels: ArrayLike | Tensor | None,
    over: str = "both",
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> Interval:
    """Return the mean of a table of scores and its interval.

    Args:
        scores: (S, Q), a row for each seed and a column for each query; NaN marks a
            query without a relevant photo, in every row.
        labels: (Q,) class of each query; None lets every query stand alone, which
            makes the interval too short.
        over: what may change: "seeds" (the same queries; Student's t, as
            `mean_interval` of the seeds' means), "queries" (the same trained
            networks on other classes; bootstrap) or "both".
        confidence: coverage, in (0, 1).
        draws: how many sets the bootstrap draws.
        seed: decides the draws.

    Returns:
        Mean, lower and upper end; both ends are None where a source that may change
        was seen once only: one seed, or one class.

    Raises:
        ValueError: the table or the labels cannot be used, or an option is out of
            range.

    Source: Owen, The pigeonhole bootstrap (2007), draws both sides of a crossed table
        at once, which counts the noise of single cells three times; adding the two
        deviations counts it twice, a little too careful still.

    Taught in: notebook 07.
    """
    table = as_table(scores)
    check_choice("over", over, SOURCES)
    check_confidence(confidence)
    if over == "seeds":
        class_numbers(labels, table.shape[1])  # refuses labels of another length
        return mean_interval(seed_means(table), confidence)
    deviations = table_deviations(table, labels, over, draws, seed)
    mean = float(np.nanmean(table))
    if deviations is None:
        return mean, None, None
    return quantile_interval(mean, deviations, confidence)


def seed_means(table: np.ndarray) -> np.ndarray:
    """Return the mean of each seed over the queries that have a relevant photo.

    Args:
        table: (S, Q) as `as_table` returns it.

    Returns:
        (S,) float64.
    """
    return table[:, ~np.isnan(table[0])].mean(axis=1)


def table_deviations(
    table: np.ndarray,
    labels: ArrayLike | Tensor | None,
    over: str,
    draws: int,
    seed: int,
) -> np.ndarray | None:
    """Draw how far the mean of a table may lie from what it estimates.

    Args:
        table: (S, Q) as `as_table` returns it.
        labels: (Q,) classes, or None.
        over: "queries" or "both".
        draws: how many.
        seed: decides the draws.

    Returns:
        (draws,) float64, or None where there is only one class, or one seed.
    """
    generator = np.random.default_rng(seed)
    sources = [group_totals(table.mean(axis=0), labels)]
    if over == "both":
        sources.append(group_totals(seed_means(table), None))
    if any(len(totals) == 1 for _, totals, _ in sources):
        return None
    return sum(
        widened_deviations(totals, counts, draws, generator)
        for _, totals, counts in sources
    )
