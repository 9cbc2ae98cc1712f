"""What seeds alone do, and how large a difference must be to be seen."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from zssbir_lib.evaluation import (
    chance_of_difference,
    chance_to_see,
    pooled_spread,
    share_of_pairs_apart,
    smallest_visible_difference,
)
from zssbir_lib.training.tables import read_results

RESULTS = Path(__file__).resolve().parents[1] / "results"


@pytest.fixture(scope="module")
def measured():
    """Return mAP@all of every method and split of one study, one number a seed."""
    study = read_results(RESULTS / "ablation_ramln_world")
    return [row["metrics"]["map@all"]["values"] for row in study["rows"]]


# the spread


def test_pooled_spread_by_hand():
    # squares 1 + 1 with one degree of freedom, 0 with one; 2 + 0 + 2 with two
    assert pooled_spread([[1, 3], [4, 4]]) == pytest.approx(1)
    assert pooled_spread([[1, 3], [5, 6, 7], [9]]) == pytest.approx(np.sqrt(4 / 3))
    assert pooled_spread([[0.2, 0.2, 0.2]]) == pytest.approx(0)


def test_pooled_spread_finds_the_spread_whatever_the_means():
    rng = np.random.default_rng(0)
    groups = [rng.normal(mean, 0.3, 4) for mean in rng.normal(0, 9, 2_000)]
    assert pooled_spread(groups) == pytest.approx(0.3, rel=0.03)
    assert pooled_spread(iter(groups)) == pooled_spread(groups)


def test_pairs_apart_by_hand():
    # 0.01, 0.02 and 0.03 apart
    group = [0.50, 0.51, 0.53]
    shares = [share_of_pairs_apart([group], size) for size in (0, 0.01, 0.015, 0.03, 1)]
    assert shares == pytest.approx([1, 1, 2 / 3, 1 / 3, 0])
    assert share_of_pairs_apart([group, [0.9, 0.2], [0.1]], 0.02) == 3 / 4
    assert 0.565 - 0.555 < 0.01  # in binary
    assert share_of_pairs_apart([[0.565, 0.555]], 0.01) == 1


def test_pairs_apart_as_a_slow_loop(measured):
    far, pairs = 0, 0
    for group in measured:
        for one, other in itertools.combinations(group, 2):
            far, pairs = far + (abs(one - other) >= 0.005), pairs + 1
    assert share_of_pairs_apart(measured, 0.005) == pytest.approx(far / pairs, abs=0.02)


# two equal methods


@pytest.mark.parametrize(("spread", "runs"), [(0.007, 1), (0.007, 5), (0.02, 3)])
def test_chance_of_difference_is_the_normal_one(spread, runs):
    expected = 2 * stats.norm.sf(0.005 / (spread * np.sqrt(2 / runs)))
    found = chance_of_difference(spread, 0.005, runs)
    assert found == pytest.approx(expected, abs=0.006)


def test_chance_of_difference_at_its_ends():
    assert chance_of_difference(0.01, 0) == 1
    assert chance_of_difference(0.0, 0.005) == 0
    assert chance_of_difference(0.01, 1.0) == 0
    assert chance_of_difference(0.01, 0.005, seed=1) != chance_of_difference(
        0.01, 0.005
    )


def test_half_a_point_in_one_run_means_nothing(measured):
    """Measured seeds: more often than not, equal methods lie half a point apart."""
    spread = pooled_spread(measured)
    assert 0.005 < spread < 0.01
    simulated = chance_of_difference(spread, 0.005)
    counted = share_of_pairs_apart(measured, 0.005)
    assert simulated > 0.5 and counted > 0.5
    assert simulated == pytest.approx(counted, abs=0.1)
    assert chance_of_difference(spread, 0.005, runs=20) < 0.05


# power


def noncentral(difference, spread, runs, confidence=0.95):
    """Return the chance of a t statistic above its limit, in closed form."""
    limit = stats.t.ppf((1 + confidence) / 2, runs - 1)
    return stats.nct.sf(limit, runs - 1, difference / spread * np.sqrt(runs))


@pytest.mark.parametrize("runs", [2, 3, 5, 20])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_chance_to_see_is_that_of_the_t_test(runs, confidence):
    for difference in (0.1, 1.0, 2.0):
        found = chance_to_see(difference, 1.0, runs, confidence)
        expected = noncentral(difference, 1.0, runs, confidence)
        assert found == pytest.approx(expected, abs=0.015)


def test_an_equal_method_is_seen_as_better_half_as_often_as_the_level():
    assert chance_to_see(0.0, 1.0, 5) == pytest.approx(0.025, abs=0.005)
    assert chance_to_see(0.001, 0.0, 5) == 1


@pytest.mark.parametrize("runs", [2, 3, 5, 10])
def test_smallest_visible_difference_has_the_power_asked_for(runs):
    for power in (0.5, 0.8):
        found = smallest_visible_difference(0.01, runs, power)
        assert chance_to_see(found, 0.01, runs) == pytest.approx(power, abs=0.001)
        assert noncentral(found, 0.01, runs) == pytest.approx(power, abs=0.02)


def test_more_seeds_show_less_and_the_spread_is_the_unit():
    sizes = [smallest_visible_difference(0.004, runs) for runs in (2, 3, 5, 10, 20)]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 10 * sizes[-1]
    assert smallest_visible_difference(0.4, 5) == pytest.approx(100 * sizes[2])
    assert smallest_visible_difference(0.0, 5) == 0
    careful = smallest_visible_difference(0.004, 5, confidence=0.99)
    assert careful > sizes[2] > smallest_visible_difference(0.004, 5, power=0.5)
