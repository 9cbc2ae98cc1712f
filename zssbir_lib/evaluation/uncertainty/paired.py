"""Compare methods on the same seeds and the same queries.

A lucky seed and an easy class help both methods and leave their difference alone, so
the differences are taken cell by cell before anything is averaged or drawn.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice
from zssbir_lib.evaluation.statistics import mean_interval
from zssbir_lib.evaluation.uncertainty.bootstrap import quantile_interval
from zssbir_lib.evaluation.uncertainty.comparison import Comparison
from zssbir_lib.evaluation.uncertainty.corrections import holm, joint_confidence
from zssbir_lib.evaluation.uncertainty.inputs import (
    Interval,
    as_table,
    check_confidence,
    check_count,
    class_numbers,
)
from zssbir_lib.evaluation.uncertainty.seeds_and_queries import (
    SOURCES,
    seed_means,
    table_deviations,
)

Scores = ArrayLike | Tensor


def compare_two(
    scores: Scores,
    baseline: Scores,
    labels: ArrayLike | Tensor | None,
    over: str = "both",
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
    name: str = "method",
    baseline_name: str = "baseline",
) -> Comparison:
    """Compare two methods that were run on the same seeds and queries.

    Args:
        scores: (S, Q), a row for each seed and a column for each query; NaN marks a
            query without a relevant photo. scores[:, None] makes such a table from
            one mean a seed.
        baseline: (S, Q) of the method it is compared with, in the same order.
        labels: (Q,) class of each query, or None.
        over: "seeds", "queries" or "both", as for `table_interval`.
        confidence: coverage, in (0, 1).
        draws: how many sets the bootstrap draws.
        seed: decides the draws.
        name: the method's name.
        baseline_name: the baseline's name.

    Returns:
        The comparison; alone in its family it needs no correction.

    Raises:
        ValueError: the tables are no pairs, or as `table_interval`.

    Taught in: notebook 07.
    """
    tables = {name: scores, baseline_name: baseline}
    if len(tables) < 2:
        raise ValueError(f"both methods are called {name!r}: give them two names")
    pairs = [(name, baseline_name)]
    return compare_methods(tables, pairs, labels, over, confidence, draws, seed)[0]


def compare_methods(
    tables: Mapping[str, Scores],
    pairs: Sequence[tuple[str, str]],
    labels: ArrayLike | Tensor | None,
    over: str = "both",
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> list[Comparison]:
    """Compare several pairs of methods, corrected for their number.

    Holm's correction decides what is significant. The joint intervals, by
    Bonferroni's rule, are a little more careful: where they exclude zero, Holm agrees,
    but not always the other way round.

    Args:
        tables: (S, Q) scores of each method, all on the same seeds and queries.
        pairs: the methods to compare, (method, baseline), chosen before looking.
        labels: (Q,) class of each query, or None.
        over: "seeds", "queries" or "both", as for `table_interval`.
        confidence: coverage, in (0, 1).
        draws: how many sets the bootstrap draws, the same for every pair; no p value
            is below 2 / (draws + 1).
        seed: decides the draws.

    Returns:
        One comparison for each pair, in that order.

    Raises:
        ValueError: no pair, an unknown name, tables that are no pairs, or as
            `table_interval`.

    Taught in: notebook 07.
    """
    check_choice("over", over, SOURCES)
    check_confidence(confidence)
    check_count("draws", draws, 1)
    if len(pairs) == 0:
        raise ValueError("no pairs to compare: give (method, baseline) at least once")
    found = []
    for name, baseline in pairs:
        differences = _paired_differences(tables, name, baseline)
        confidences = confidence, joint_confidence(confidence, len(pairs))
        if over == "seeds":
            class_numbers(labels, differences.shape[1])  # refuses another length
            found.append(_by_seeds(seed_means(differences), confidences))
        else:
            deviations = table_deviations(differences, labels, over, draws, seed)
            found.append(_by_draws(np.nanmean(differences), deviations, confidences))
    own_ps = [p for _, _, p in found]
    corrected = own_ps if None in own_ps else holm(own_ps)
    return [
        Comparison(*pair, *three, corrected_p, confidence)
        for pair, three, corrected_p in zip(pairs, found, corrected, strict=True)
    ]


def _paired_differences(
    tables: Mapping[str, Scores], name: str, baseline: str
) -> np.ndarray:
    """Return the table of differences (S, Q) of two methods."""
    for one in (name, baseline):
        if one not in tables:
            raise ValueError(f"no scores of {one!r}: choose from {sorted(tables)}")
    first, second = (as_table(tables[one], one) for one in (name, baseline))
    if first.shape != second.shape:
        raise ValueError(
            f"{name} has shape {first.shape} and {baseline} {second.shape}: both "
            "need the same seeds and queries, in the same order"
        )
    apart = np.isnan(first[0]) != np.isnan(second[0])
    if apart.any():
        raise ValueError(
            f"query {int(apart.argmax())} is NaN for one of {name} and {baseline} "
            "only: score both on the same queries and gallery"
        )
    return first - second


def _by_seeds(
    differences: np.ndarray, confidences: tuple[float, float]
) -> tuple[Interval, Interval, float | None]:
    """Return both intervals and the p value of Student's paired t test."""
    own, together = (mean_interval(differences, one) for one in confidences)
    if len(differences) == 1:
        return own, together, None
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    if error == 0:
        return own, together, 1.0 if own[0] == 0 else 0.0
    p = 2 * stats.t.sf(abs(own[0]) / error, len(differences) - 1)
    return own, together, float(p)


def _by_draws(
    mean: float, deviations: np.ndarray | None, confidences: tuple[float, float]
) -> tuple[Interval, Interval, float | None]:
    """Return both intervals and the p value that the drawn means give."""
    mean = float(mean)
    if deviations is None:
        return (mean, None, None), (mean, None, None), None
    own, together = (quantile_interval(mean, deviations, one) for one in confidences)
    below, above = (mean + deviations <= 0).sum(), (mean + deviations >= 0).sum()
    p = 2 * (min(below, above) + 1) / (len(deviations) + 1)  # never 0
    return own, together, min(1.0, float(p))
