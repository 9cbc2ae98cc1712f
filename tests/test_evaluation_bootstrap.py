"""Bootstrap intervals over queries, over seeds and over both."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats

from zssbir_lib.evaluation import (
    bootstrap_interval,
    compare_methods,
    mean_interval,
    statistics,
)
from zssbir_lib.evaluation.statistics import draw_deviations, group_totals

GOLDENS = Path(__file__).parent / "goldens" / "metrics"
SIZES = [3, 8, 5, 6, 2, 9, 4, 7] * 3  # queries of 24 classes


def class_scores(rng, sizes, between=0.15, within=0.1):
    """Return scores around 0.4 whose classes differ, and their labels."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    levels = rng.normal(0.4, between, len(sizes))[labels]
    return levels + rng.normal(0, within, len(labels)), labels


def resampled_means(values, labels=None, draws=10_000, seed=0):
    """Return the means of drawn sets of queries, class by class."""
    mean, totals, counts = group_totals(values, labels)
    generator = np.random.default_rng(seed)
    return mean + draw_deviations(totals, counts, draws, generator)


def table_interval(scores, labels, *options, **more):
    """Return the interval of a table of scores: what is above a method of zeros."""
    tables = {"scores": scores, "zeros": 0 * torch.as_tensor(scores)}
    pairs = [("scores", "zeros")]
    return compare_methods(tables, pairs, labels, *options, **more)[0].interval


def width(interval):
    return interval[2] - interval[1]


def share_of_hits(draw_interval, truth, trials):
    """Count how often intervals of fresh data hold the truth."""
    ends = np.array([draw_interval()[1:] for _ in range(trials)])
    return ((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean()


# Student's t


def test_t_interval_by_hand():
    # mean 2, standard error 1/sqrt(3), t(0.975, 2 degrees) = 4.302653
    mean, low, high = mean_interval([1, 2, 3])
    assert mean == 2
    assert high - mean == pytest.approx(4.302653 / np.sqrt(3), abs=1e-5)
    assert mean - low == pytest.approx(high - mean)


def test_t_interval_covers_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        _, low, high = mean_interval(rng.normal(size=5), confidence=0.9)
        hits += low <= 0 <= high
    assert hits / 2000 == pytest.approx(0.9, abs=0.02)


def test_one_value_has_no_interval():
    assert mean_interval([0.4]) == (0.4, None, None)


# the draws


def test_two_queries_by_hand():
    # four equally likely draws: 0 0, 0 1, 1 0, 1 1
    means = resampled_means([0.0, 1.0], draws=40_000)
    values, counts = np.unique(means, return_counts=True)
    assert values.tolist() == [0, 0.5, 1]
    np.testing.assert_allclose(counts / 40_000, [0.25, 0.5, 0.25], atol=0.01)


def test_three_classes_of_unequal_size_are_drawn_whole():
    classes = {"ape": [0.1, 0.3], "bed": [0.9], "cup": [0.2, 0.4, 0.7]}
    values = sum(classes.values(), [])
    labels = [name for name, scores in classes.items() for _ in scores]
    expected = sorted(
        np.mean(sum((classes[name] for name in drawn), []))
        for drawn in itertools.product(classes, repeat=3)
    )
    means = np.sort(resampled_means(values, labels, draws=54_000))
    places = np.searchsorted(means, np.unique(np.round(expected, 9)) - 1e-6)
    found = np.unique(np.round(means, 9))
    np.testing.assert_allclose(found, np.unique(np.round(expected, 9)))
    wanted = [np.mean(expected < value - 1e-6) for value in found]
    np.testing.assert_allclose(places / 54_000, wanted, atol=0.01)


def test_the_mean_is_that_of_all_queries(monkeypatch):
    monkeypatch.setattr(statistics, "BLOCK", 100)  # four draws of 24 classes at a time
    values, labels = class_scores(np.random.default_rng(0), SIZES)
    means = resampled_means(values, labels, draws=2_001)
    assert means.shape == (2_001,) and len(np.unique(means)) > 1_990
    assert means.mean() == pytest.approx(values.mean(), abs=0.005)
    assert bootstrap_interval(values, labels, draws=50)[0] == values.mean()


def test_the_seed_decides_the_draws():
    values, labels = class_scores(np.random.default_rng(0), SIZES)
    first, again, other = (
        bootstrap_interval(values, labels, draws=500, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again != other


# the intervals


@pytest.mark.parametrize("grouped", [False, True])
def test_quantiles_of_the_draws_agree_with_scipy(grouped):
    values, labels = class_scores(np.random.default_rng(3), SIZES)
    values = values**3  # skewed
    if not grouped:
        labels = np.arange(len(values))
    sums, counts = np.bincount(labels, values), np.bincount(labels)

    def ratio(sums, counts, axis):
        return sums.sum(axis=axis) / counts.sum(axis=axis)

    expected = stats.bootstrap(
        (sums, counts),
        ratio,
        paired=True,
        method="percentile",
        n_resamples=20_000,
        rng=np.random.default_rng(0),
    ).confidence_interval
    found = np.quantile(resampled_means(values, labels, 20_000), [0.025, 0.975])
    assert found == pytest.approx(list(expected), abs=0.08 * np.ptp(found))


@pytest.mark.parametrize("count", [2, 3, 5, 20])
def test_widened_interval_of_normal_numbers_is_students(count):
    """Drawing 2 or 3 numbers is coarse; on average the width is still Student's."""
    rng = np.random.default_rng(count)
    samples = rng.normal(size=(60, count))
    found = [width(bootstrap_interval(one, draws=4_000)) for one in samples]
    expected = [width(mean_interval(one)) for one in samples]
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.15)


def test_widened_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)

    def interval(grouped=True, classes=21):
        values, labels = class_scores(rng, [10] * classes)
        return bootstrap_interval(values, labels if grouped else None, draws=500)

    def plain():
        means = resampled_means(*class_scores(rng, [10] * 4), 500)
        return means.mean(), *np.quantile(means, [0.025, 0.975])

    assert 0.93 < share_of_hits(interval, 0.4, 1_500) < 0.97
    few = share_of_hits(lambda: interval(classes=4), 0.4, 1_500)
    assert 0.93 < few < 0.97
    assert share_of_hits(plain, 0.4, 500) < 0.9  # why it is widened
    alone = share_of_hits(lambda: interval(grouped=False), 0.4, 500)
    assert alone < 0.7  # why classes are drawn whole


def test_shift_and_scale_go_through():
    values, labels = class_scores(np.random.default_rng(0), SIZES)
    found = bootstrap_interval(100 * values + 3, labels, draws=400)
    expected = np.array(bootstrap_interval(values, labels, draws=400))
    np.testing.assert_allclose(found, 100 * expected + 3)


def test_order_types_and_names_of_classes_do_not_matter():
    values, labels = class_scores(np.random.default_rng(0), SIZES)
    expected = bootstrap_interval(values, labels, draws=300)
    order = np.random.default_rng(1).permutation(len(values))
    tensors = torch.from_numpy(values)[order], torch.from_numpy(labels)[order]
    names = [f"class-{label:02}" for label in labels]
    for variant in (tensors, (values.tolist(), names), (values, 1_000 * labels - 7)):
        assert bootstrap_interval(*variant, draws=300) == pytest.approx(expected)
    half = torch.tensor([0.25, 0.5, 0.75], dtype=torch.bfloat16)
    assert bootstrap_interval(half, draws=50)[0] == 0.5


# what has no interval, or no meaning


def test_one_query_or_one_class_has_no_interval():
    assert bootstrap_interval([0.3]) == (0.3, None, None)
    found = bootstrap_interval([0.2, 0.4], ["ape", "ape"])
    assert found == (pytest.approx(0.3), None, None)


def test_equal_queries_have_an_interval_of_no_width():
    found = bootstrap_interval([0.25] * 6, draws=100)
    assert found == (0.25, 0.25, 0.25)


def test_queries_without_a_relevant_photo_are_left_out():
    values, labels = class_scores(np.random.default_rng(0), SIZES)
    holes = values.copy()
    holes[[0, 5]] = np.nan
    holes[labels == 3] = np.nan  # a whole class
    kept = ~np.isnan(holes)
    found = bootstrap_interval(holes, labels, draws=200)
    assert found == bootstrap_interval(values[kept], labels[kept], draws=200)


# tables of several seeds


def seeds_and_classes(rng, seeds=5, classes=21, queries=6, of_seeds=0.02):
    """Return a table around 0.4: effects of seeds and classes, their mixture, noise."""
    labels = np.repeat(np.arange(classes), queries)
    table = 0.4 + rng.normal(0, of_seeds, (seeds, 1))
    table = table + rng.normal(0, 0.05, classes)[labels]
    table = table + rng.normal(0, 0.02, (seeds, classes))[:, labels]
    return table + rng.normal(0, 0.05, table.shape), labels


def test_over_queries_is_the_bootstrap_of_their_means():
    table, labels = seeds_and_classes(np.random.default_rng(0))
    found = table_interval(table, labels, "queries", 0.9, 500, 3)
    expected = bootstrap_interval(table.mean(0), labels, 0.9, 500, 3)
    assert found == pytest.approx(expected)


def test_over_both_adds_the_two_variances():
    table, labels = seeds_and_classes(np.random.default_rng(0), seeds=40, of_seeds=0.1)
    seeds, queries, both = (
        width(table_interval(table, labels, over))
        for over in ("seeds", "queries", "both")
    )
    assert both == pytest.approx(np.hypot(seeds, queries), rel=0.05)
    assert both > 1.2 * max(seeds, queries)


def test_over_both_covers_new_seeds_and_new_classes():
    rng = np.random.default_rng(0)

    def interval(over="both"):
        return table_interval(*seeds_and_classes(rng), over, draws=500)

    assert 0.93 < share_of_hits(interval, 0.4, 1_500) < 0.97
    for over in ("seeds", "queries"):  # each alone says nothing about the other
        assert share_of_hits(lambda over=over: interval(over), 0.4, 300) < 0.9


def test_one_class_has_an_interval_over_seeds_only():
    table = np.array([[0.1, 0.2], [0.3, 0.6]])
    assert table_interval(table, ["ape", "ape"], "both")[1:] == (None, None)
    assert table_interval(table, ["ape", "ape"], "queries")[1:] == (None, None)
    assert width(table_interval(table, ["ape", "ape"], "seeds")) > 0
