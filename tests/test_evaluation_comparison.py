"""Paired comparisons, several at once, and tests that flip signs."""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats

from zssbir_lib.evaluation import (
    Comparison,
    compare_methods,
    mean_interval,
    paired_interval,
    sign_flip_test,
)
from zssbir_lib.evaluation.comparisons import holm

SOURCES = ("seeds", "queries", "both")
LABELS = np.repeat(np.arange(12), 5)


def tables(rng, seeds=5, gains=(0.0, 0.01)):
    """Return tables whose seeds and classes move all methods together, nearly."""
    common = rng.normal(0, 0.02, (seeds, 1)) + rng.normal(0, 0.1, 12)[LABELS]

    def own():
        return rng.normal(0, 0.005, (seeds, 1)) + rng.normal(0, 0.01, 12)[LABELS]

    return [0.5 + gain + common + own() for gain in gains]


def compare_two(scores, baseline, labels, *options, **more):
    """Compare two methods that are alone in their family."""
    tables = {"method": scores, "baseline": baseline}
    pairs = [("method", "baseline")]
    return compare_methods(tables, pairs, labels, *options, **more)[0]


def width(interval):
    return interval[2] - interval[1]


# two methods


def test_three_seeds_by_hand():
    # differences 1, 2 and 3 points: mean 2, standard error 1 / sqrt(3), 2 degrees
    found = compare_two([[0.51], [0.52], [0.53]], [[0.50]] * 3, None, "seeds")
    half = 4.302653 / np.sqrt(3)
    assert found.points == pytest.approx((2, 2 - half, 2 + half), abs=1e-5)
    assert found.interval == pytest.approx(tuple(one / 100 for one in found.points))
    assert found.p == pytest.approx(0.0742, abs=1e-4)  # t = 3.464
    assert found.corrected_p == found.p and found.joint_interval == found.interval
    assert (found.name, found.baseline) == ("method", "baseline")
    assert not found.significant


def test_over_seeds_is_the_paired_t_test():
    base, better = tables(np.random.default_rng(0))
    found = compare_two(better, base, LABELS, "seeds", 0.9)
    means = better.mean(axis=1), base.mean(axis=1)
    assert found.interval == pytest.approx(paired_interval(*means, 0.9))
    assert found.p == pytest.approx(stats.ttest_rel(*means).pvalue)


@pytest.mark.parametrize("over", SOURCES)
def test_the_other_way_round_is_the_mirror_image(over):
    base, better = tables(np.random.default_rng(0))
    mean, low, high = compare_two(better, base, LABELS, over, draws=500).interval
    back = compare_two(base, better, LABELS, over, draws=500)
    assert back.interval == pytest.approx((-mean, -high, -low))
    assert back.p == pytest.approx(compare_two(better, base, LABELS, over, draws=500).p)


@pytest.mark.parametrize("over", SOURCES)
def test_a_method_is_equal_to_itself(over):
    base, _ = tables(np.random.default_rng(0))
    found = compare_two(base, base.copy(), LABELS, over, draws=200)
    assert found.interval == found.joint_interval == (0, 0, 0)
    assert found.p == 1 and not found.significant


@pytest.mark.parametrize("over", SOURCES)
def test_a_gain_without_any_noise_is_significant(over):
    base = np.full((4, 60), 0.25)
    found = compare_two(base + 0.125, base, LABELS, over, draws=200)
    assert found.points == (12.5, 12.5, 12.5) and found.significant


@pytest.mark.parametrize("over", SOURCES)
def test_p_value_and_interval_agree(over):
    rng = np.random.default_rng(0)
    verdicts = set()
    for gain in np.linspace(-0.02, 0.02, 30):
        found = compare_two(*tables(rng, gains=(gain, 0)), LABELS, over, draws=999)
        _, low, high = found.interval
        if min(abs(low), abs(high)) > 0.0005:  # not a matter of one draw
            verdicts.add(found.significant)
            assert found.significant == (low > 0 or high < 0)
    assert verdicts == {True, False}


def test_equal_methods_look_different_as_often_as_the_level_says():
    """With noise in seeds and in classes, each alone raises too many alarms."""
    rng = np.random.default_rng(0)
    alarms = dict.fromkeys(SOURCES, 0)
    for _ in range(1_000):
        noise = rng.normal(size=(5, 1)) + rng.normal(0, 1.5, 12)
        for over in SOURCES:
            found = compare_two(noise, np.zeros((5, 12)), None, over, draws=400)
            alarms[over] += found.p <= 0.05
    assert alarms["seeds"] > 100 and alarms["queries"] > 100
    assert alarms["both"] == pytest.approx(50, abs=20)


@pytest.mark.parametrize("over", ["seeds", "both"])
def test_one_run_has_a_difference_but_no_interval(over):
    found = compare_two([[0.6, 0.4]], [[0.5, 0.3]], [1, 2], over)
    assert found.points == (pytest.approx(10), None, None)
    assert found.p is None and found.corrected_p is None and not found.significant
    assert compare_two([[0.6, 0.4]], [[0.5, 0.2]], [1, 2], "queries").p is not None


def test_queries_without_a_relevant_photo_are_left_out():
    base, better = tables(np.random.default_rng(0))
    kept = LABELS != 4
    holes = [np.where(kept, one, np.nan) for one in (better, base)]
    holes = [torch.from_numpy(one) for one in holes]
    for over in SOURCES:
        found = compare_two(*holes, torch.from_numpy(LABELS), over, draws=300)
        expected = compare_two(
            better[:, kept], base[:, kept], LABELS[kept], over, draws=300
        )
        assert found.interval == pytest.approx(expected.interval)


# several comparisons


def test_holm_by_hand():
    # 0.01 * 3; then 0.03 * 2; then 0.04 * 1, which may not be below the one before
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.2]) == [0.2]
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([0.02, 0.02, 0.02]) == pytest.approx([0.06] * 3)


def test_holm_decides_as_its_definition():
    """Step by step: reject while the next smallest p is at most level / left."""
    rng = np.random.default_rng(0)
    for size in (1, 2, 5, 9):
        p_values = rng.random(size) ** 3
        for level in (0.01, 0.05, 0.3):
            rejected = set()
            for step, place in enumerate(np.argsort(p_values)):
                if p_values[place] > level / (size - step):
                    break
                rejected.add(int(place))
            found = {i for i, p in enumerate(holm(p_values)) if p <= level}
            assert found == rejected


def test_intervals_of_a_family_hold_together():
    """Five equal methods against one baseline: one false alarm in twenty families."""
    rng = np.random.default_rng(0)
    pairs = [(f"m{i}", "base") for i in range(5)]
    own, together, corrected = 0, 0, 0
    for _ in range(400):
        scores = rng.normal(size=(6, 6))
        family = dict(zip(["base", "m0", "m1", "m2", "m3", "m4"], scores, strict=True))
        family = {name: one[:, None] for name, one in family.items()}
        found = compare_methods(family, pairs, None, "seeds")
        own += any(one.p <= 0.05 for one in found)
        corrected += any(one.significant for one in found)
        ends = np.array([one.joint_interval[1:] for one in found])
        together += bool(((ends[:, 0] <= 0) & (ends[:, 1] >= 0)).all())
    assert own / 400 > 0.1  # why there is a correction
    assert corrected / 400 < 0.07 and together / 400 > 0.93
    assert corrected == 400 - together  # the first step of Holm is Bonferroni's


@pytest.mark.parametrize("over", SOURCES)
def test_a_family_is_its_pairs_corrected(over):
    base, same, better = tables(np.random.default_rng(0), gains=(0, 0, 0.1))
    family = {"base": base, "same": same, "better": better}
    pairs = [("same", "base"), ("better", "base"), ("better", "same")]
    found = compare_methods(family, pairs, LABELS, over, draws=2_000, seed=4)
    assert [(one.name, one.baseline) for one in found] == pairs
    for one in found:
        two = family[one.name], family[one.baseline], LABELS, over
        alone = compare_two(*two, draws=2_000, seed=4)
        assert (one.interval, one.p) == (alone.interval, alone.p)
        wide = compare_two(*two, 1 - 0.05 / 3, 2_000, 4)
        assert one.joint_interval == pytest.approx(wide.interval)
        assert width(one.joint_interval) > width(one.interval)
    assert [one.corrected_p for one in found] == holm([one.p for one in found])
    assert [one.significant for one in found[1:]] == [True, True]


def test_significance_includes_its_level():
    def comparison(corrected_p, confidence=0.95):
        interval = (0.1, 0.0, 0.2)
        return Comparison("a", "b", interval, interval, 0.01, corrected_p, confidence)

    assert comparison(0.05).significant and not comparison(0.0501).significant
    assert comparison(0.1, 0.9).significant and not comparison(0.05, 0.99).significant


# flipped signs


def test_three_seeds_flipped_by_hand():
    # of eight choices of signs only +++ and --- reach a sum of 6
    assert sign_flip_test([1.0, 2.0, 3.0]) == 2 / 8
    # |1 + 2 - 3| = 0: every choice is at least as large
    assert sign_flip_test([1.0, 2.0, -3.0]) == 1
    # |0.1 + 0.2 + 0.3| in any order and sign of the zero: 4 of 16
    assert sign_flip_test([0.1, 0.0, 0.3, 0.2]) == 4 / 16
    assert sign_flip_test([0.0, 0.0, 0.0]) == 1
    # five seeds never reach 0.05, six do
    assert sign_flip_test([1.0] * 5) == 2 / 32 and sign_flip_test([1.0] * 6) == 2 / 64


def slow_flips(totals):
    """Return the exact p value by trying every choice of signs."""
    sums = [
        abs(sum(s * t for s, t in zip(signs, totals, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(totals))
    ]
    return np.mean([one >= abs(sum(totals)) - 1e-12 for one in sums])


@pytest.mark.parametrize("size", [1, 2, 4, 7, 10])
def test_every_choice_is_tried(size):
    differences = np.random.default_rng(size).normal(0.5, 1, size)
    assert sign_flip_test(differences) == slow_flips(differences)


def test_many_groups_are_sampled():
    differences = np.random.default_rng(0).normal(0.45, 1, 16)
    exact = slow_flips(differences)
    assert 0.02 < exact < 0.5
    found = sign_flip_test(differences, draws=40_000)
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact / 40_000))
    assert found == sign_flip_test(differences, draws=40_000)
    assert sign_flip_test([1.0] * 40, draws=99) == 1 / 100  # never zero


def test_queries_of_a_class_flip_together():
    differences = [1.0, 2.0, 4.0, -1.0, np.nan, np.nan]
    labels = ["ape", "ape", "bed", "cup", "cup", "dog"]
    assert sign_flip_test(differences, labels) == slow_flips([3.0, 4.0, -1.0])
    assert sign_flip_test(torch.ones(60), LABELS) == 2 / 2**12


def test_flips_of_equal_methods_raise_few_false_alarms():
    rng = np.random.default_rng(0)
    noise = [rng.exponential(size=8) * rng.choice([-1, 1], 8) for _ in range(2_000)]
    found = np.mean([sign_flip_test(one) <= 0.05 for one in noise])
    assert found == pytest.approx(0.047, abs=0.015)  # 12 of 256 choices


def test_the_joint_interval_of_one_comparison_is_its_own():
    values = [0.1, 0.4, 0.2]
    alone = compare_two(np.array(values)[:, None], np.zeros((3, 1)), None, "seeds")
    assert alone.joint_interval == pytest.approx(mean_interval(values))


def test_a_drawn_p_value_is_never_zero():
    scores = np.random.default_rng(0).normal(0.5, 0.01, (1, 40))
    tables = {"better": scores + 0.3, "base": scores}
    pairs, labels = [("better", "base")], np.arange(40)
    one = compare_methods(tables, pairs, labels, over="queries", draws=100)[0]
    assert one.p == pytest.approx(2 / 101)
