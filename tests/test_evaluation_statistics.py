"""Confidence intervals."""

import numpy as np
import pytest

from zssbir_lib.evaluation.statistics import mean_interval


def test_interval_by_hand():
    # mean 2, standard error 1/sqrt(3), t(0.975, 2 degrees) = 4.302653
    mean, low, high = mean_interval([1, 2, 3])
    assert mean == 2
    assert high - mean == pytest.approx(4.302653 / np.sqrt(3), abs=1e-5)
    assert mean - low == pytest.approx(high - mean)


def test_interval_covers_the_true_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(2000):
        _, low, high = mean_interval(rng.normal(size=5), confidence=0.9)
        hits += low <= 0 <= high
    assert hits / 2000 == pytest.approx(0.9, abs=0.02)


def test_one_value_has_no_interval():
    assert mean_interval([0.4]) == (0.4, None, None)


@pytest.mark.parametrize("values", [[], [1.0, float("nan")]])
def test_bad_values_are_refused(values):
    with pytest.raises(ValueError, match="expected one finite number or more"):
        mean_interval(values)


def test_bad_confidence_is_refused():
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        mean_interval([1.0], confidence=95)
