"""Compare methods on the same seeds and queries, and keep many comparisons honest.

A lucky seed and an easy class help both methods and leave their difference alone, so
the differences are taken cell by cell before anything is averaged or drawn. A mean over
S seeds and Q queries would have been different with other seeds, and with other
queries. The table is crossed, not nested: every seed answers the same queries. So both
are drawn independently, seeds by their means over the queries and classes by their
means over the seeds, and the two deviations are added.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from zssbir_lib.evaluation.checks import check_choice, check_count, check_share
from zssbir_lib.evaluation.statistics import (
    Interval,
    Scores,
    as_table,
    block_shapes,
    class_numbers,
    group_totals,
    mean_interval,
    quantile_interval,
    widened_deviations,
)

Found = tuple[Interval, Interval, float | None]  # own, joint, p

SOURCES = ("seeds", "queries", "both")
EXACT_UP_TO = 14  # groups: 16,384 ways to set the signs
ROUNDING = 1e-12  # relative, of sums that are equal but for their order


@dataclass(frozen=True)
class Comparison:
    """One method minus another, as fractions, and how sure that is."""

    name: str
    baseline: str
    interval: Interval  # mean difference, lower and upper end
    joint_interval: Interval  # wide enough for all of the family to hold together
    p: float | None  # two-sided, of this comparison alone; None without an interval
    corrected_p: float | None  # Holm's correction for all of the family
    confidence: float = 0.95  # of the intervals; 1 minus the level of significance

    @property
    def points(self) -> Interval:
        """Return the effect in points: difference and its interval times 100."""
        mean, *ends = self.interval
        low, high = (None if end is None else 100 * end for end in ends)
        return 100 * mean, low, high

    @property
    def significant(self) -> bool:
        """Return whether the corrected p value is small enough."""
        level = round(1 - self.confidence, 12)  # 1 - 0.95 < 0.05 in binary
        return self.corrected_p is not None and self.corrected_p <= level


def compare_methods(
    tables: Mapping[str, Scores],
    pairs: Sequence[tuple[str, str]],
    labels: Scores | None,
    over: str = "both",
    confidence: float = 0.95,
    draws: int = 10_000,
    seed: int = 0,
) -> list[Comparison]:
    """Compare several pairs of methods, corrected for their number, one answer a pair.

    Holm's correction decides what is significant. The joint intervals, by Bonferroni's
    rule, are a little more careful: where they exclude zero, Holm agrees, but not
    always the other way round. There is no interval where what may change was seen once
    only: one seed, or one class.

    Args:
        tables: (S, Q) scores of each method, all on the same seeds and queries; NaN
            marks a query without a relevant photo, in every row. scores[:, None] makes
            such a table from one mean a seed.
        pairs: the methods to compare, (method, baseline), chosen before looking.
        labels: (Q,) class of each query; without them the interval is too short.
        over: what may change: "seeds" (the same queries; Student's t), "queries" (the
            same trained networks on other classes; bootstrap) or "both".
        confidence: coverage, in (0, 1).
        draws: sets that the bootstrap draws; no p value is below 2 / (draws + 1).
        seed: decides the draws.

    Source: Owen, The pigeonhole bootstrap (2007), draws both sides of a crossed table
        at once, which counts the noise of single cells three times; adding the two
        deviations counts it twice, a little too careful still.
    """
    check_choice("over", over, SOURCES)
    check_share("confidence", confidence)
    check_count("draws", draws, 1)
    if len(pairs) == 0:
        raise ValueError("no pairs to compare: give (method, baseline) at least once")
    # Bonferroni: m intervals that each miss with 0.05 / m miss anywhere with 0.05
    confidences = confidence, 1 - (1 - confidence) / len(pairs)
    found = []
    for name, baseline in pairs:
        differences = _paired_differences(tables, name, baseline)
        if over == "seeds":
            class_numbers(labels, differences.shape[1])  # refuses another length
            found.append(_by_seeds(_seed_means(differences), confidences))
        else:
            deviations = _table_deviations(differences, labels, over, draws, seed)
            mean = float(np.nanmean(differences))
            found.append(_by_draws(mean, deviations, confidences))
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


def _seed_means(table: np.ndarray) -> np.ndarray:
    """Return the mean of each seed (S,) over the queries with a relevant photo."""
    return table[:, ~np.isnan(table[0])].mean(axis=1)


def _table_deviations(
    table: np.ndarray, labels: Scores | None, over: str, draws: int, seed: int
) -> np.ndarray | None:
    """Draw how far a table's mean may be off, (draws,); None for one class or seed."""
    generator = np.random.default_rng(seed)
    sources = [group_totals(table.mean(axis=0), labels)]
    if over == "both":
        sources.append(group_totals(_seed_means(table), None))
    if any(len(totals) == 1 for _, totals, _ in sources):
        return None
    return sum(
        widened_deviations(totals, counts, draws, generator)
        for _, totals, counts in sources
    )


def _by_seeds(differences: np.ndarray, confidences: tuple[float, float]) -> Found:
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
) -> Found:
    """Return both intervals and the p value that the drawn means give."""
    if deviations is None:
        return (mean, None, None), (mean, None, None), None
    own, together = (quantile_interval(mean, deviations, one) for one in confidences)
    below, above = (mean + deviations <= 0).sum(), (mean + deviations >= 0).sum()
    p = 2 * (min(below, above) + 1) / (len(deviations) + 1)  # never 0
    return own, together, min(1.0, float(p))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct m p values so that any false alarm among them is as rare as one alone.

    Holm compares the smallest p value with 0.05 / m, the next with 0.05 / (m - 1), and
    so on until one fails; [0.01, 0.04, 0.03] becomes [0.03, 0.06, 0.06].

    Source: Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    values = np.asarray(p_values, dtype=float)
    order = values.argsort()
    factors = np.arange(len(values), 0, -1)
    corrected = np.empty_like(values)
    corrected[order] = np.maximum.accumulate(values[order] * factors).clip(max=1)
    return corrected.tolist()


def sign_flip_test(
    differences: Scores,
    labels: Scores | None = None,
    draws: int = 20_000,
    seed: int = 0,
) -> float:
    """Return a two-sided p value: how often flipped signs give as large a mean.

    Which of two equal methods is called first is arbitrary, and so is the sign of each
    difference; no normal noise is assumed. Up to 14 groups every choice of signs is
    tried, and the p value is exact. With n groups it cannot be below 2 / 2**n: five
    seeds never reach 0.05, six can.

    Args:
        differences: (Q,) paired, one a seed or one a query; NaN is left out.
        labels: (Q,) groups, such as classes, whose signs flip together.
        draws: how many choices are tried where there are more than 14 groups.
        seed: decides them.

    Example:
        >>> sign_flip_test([1.0, 2.0, 3.0])
        0.25
    """
    check_count("draws", draws, 1)
    mean, centred, counts = group_totals(differences, labels)
    totals = np.abs(centred + mean * counts)  # (G,); the signs are all tried anyway
    observed = abs((centred + mean * counts).sum())
    least = observed - ROUNDING * totals.sum()
    if len(totals) <= EXACT_UP_TO:
        signs = np.array(list(itertools.product((-1, 1), repeat=len(totals))))
        return float((np.abs(signs @ totals) >= least).mean())
    as_large, generator = 0, np.random.default_rng(seed)
    for shape in block_shapes(draws, len(totals)):
        signs = 2 * generator.integers(2, size=shape) - 1
        as_large += int((np.abs(signs @ totals) >= least).sum())
    return (as_large + 1) / (draws + 1)  # the observed signs count as one of them
