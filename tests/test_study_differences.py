"""Rows compared pair by pair: paired intervals, differences by row and by cell."""

import json
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.evaluation import mean_interval, paired_interval
from zssbir_lib.scoring import CELLS
from zssbir_lib.training import named_method
from zssbir_lib.training.study import StudyRun, read_study
from zssbir_lib.training.tables import (
    COMPARED_METRICS,
    cell_differences,
    families,
    row_differences,
    run_line,
)

STUDY = read_study(Path(__file__).resolve().parents[1] / "studies" / "sbtknet.toml")
COMPARISONS = STUDY.compare


def split(name: str, seen: int = 5) -> ZeroShotSplit:
    return ZeroShotSplit(name, tuple(f"s{i}" for i in range(seen)), (), ("u", "v"))


# --- paired intervals ----------------------------------------------------------------


def test_paired_interval_by_hand():
    # differences 1, 2, 3: mean 2, standard error 1/sqrt(3), t(0.975, 2) = 4.302653
    mean, low, high = paired_interval([11, 22, 33], [10, 20, 30])
    assert mean == 2
    assert high - mean == pytest.approx(4.302653 / np.sqrt(3), abs=1e-5)
    assert mean - low == pytest.approx(high - mean)


def test_paired_interval_equals_scipys():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=7), rng.normal(size=7)
    for confidence in (0.8, 0.95):
        expected = stats.ttest_rel(one, other).confidence_interval(confidence)
        _, low, high = paired_interval(one, other, confidence)
        assert (low, high) == pytest.approx(tuple(expected))


def test_pairs_are_narrower_than_separate_means_where_seeds_matter():
    rng = np.random.default_rng(1)
    seeds = rng.normal(size=6)  # a lucky seed helps both methods
    base = seeds + 0.05 * rng.normal(size=6)
    better = seeds + 0.2 + 0.05 * rng.normal(size=6)
    mean, low, high = paired_interval(better, base)
    assert mean == pytest.approx(better.mean() - base.mean())
    assert low > 0
    for values in (better, base):
        _, own_low, own_high = mean_interval(values)
        assert own_high - own_low > 5 * (high - low)
    shuffled = paired_interval(better, base[::-1].copy())
    assert shuffled[0] == pytest.approx(mean) and shuffled[1] < 0


def test_swapping_the_methods_turns_the_interval_round():
    mean, low, high = paired_interval([1.0, 2.5, 2.0], [0.5, 1.0, 1.5])
    assert paired_interval([0.5, 1.0, 1.5], [1.0, 2.5, 2.0]) == (-mean, -high, -low)


def test_one_pair_has_no_interval():
    assert paired_interval([0.5], [0.25]) == (0.25, None, None)


# --- by row ---------------------------------------------------------------------------


def fake_result(value: float) -> dict:
    """Return a run's metrics in which every metric is a multiple of one value."""
    names = ("map@all", "map@200/min", "map@200/voc", "p@100")
    metrics = {name: value * (i + 1) for i, name in enumerate(names)}
    protocols = ("seen_gallery", "seen_sample")
    return {
        "validation": {"map@all": value / 4},
        "metrics": metrics,
        "generalised": {
            p: {"map@all": value / (i + 2)} for i, p in enumerate(protocols)
        },
    }


def runs_of(rows, splits, seeds=3, profile="quick"):
    method = named_method("sbtknet", profile=profile)
    return [
        StudyRun(f"{row}:{profile}", method, one, seed, generalised=True)
        for one in splits
        for seed in range(seeds)
        for row in rows
    ]


def results_of(runs, values) -> list[dict]:
    """Return a result a run; values by row, split and seed."""
    return [
        fake_result(values[run.row.partition(":")[0], run.split.name][run.seed])
        for run in runs
    ]


TWO_ROWS = {
    ("triplet", "one"): [0.30, 0.40, 0.20],
    ("quadruplet", "one"): [0.32, 0.44, 0.26],
    ("triplet", "two"): [0.50, 0.60, 0.70],
    ("quadruplet", "two"): [0.51, 0.59, 0.70],
}


def table_of(runs, results, scores=None):
    """Return the lines of runs."""
    lines = []
    for number, (run, result) in enumerate(zip(runs, results, strict=True)):
        about = {"name": run.split.name, "seen": len(run.split.seen)}
        whole = {"metrics": {}, "metrics_by_feature": {}, "cpu_seconds": 1.0} | result
        cells = scores[number]["cells"] if scores else {}
        whole |= {"split": about, "seed": run.seed}
        lines.append(run_line(run.row, whole, cells))
    return pd.DataFrame(lines)


def differences_of(runs, results, comparisons=COMPARISONS):
    return row_differences(table_of(runs, results), comparisons)


def cells_compared(runs, scores, comparisons):
    return cell_differences(table_of(runs, [{}] * len(runs), scores), comparisons)


def find(differences, **wanted):
    found = [d for d in differences if all(d[k] == v for k, v in wanted.items())]
    assert len(found) == 1, found
    return found[0]


def test_differences_by_hand():
    runs = runs_of(["triplet", "quadruplet"], [split("one")])
    differences = differences_of(runs, results_of(runs, TWO_ROWS))
    assert [one["metric"] for one in differences] == list(COMPARED_METRICS)
    first = differences[0]
    assert (first["row"], first["minus"]) == ("quadruplet:quick", "triplet:quick")
    assert first["split"] == "one"
    assert first["values"] == [0.02, 0.04, 0.06] and first["mean"] == 0.04
    # standard error 0.02 / sqrt(3), t(0.975, 2) = 4.302653
    half = 4.302653 * 0.02 / 3**0.5
    assert (first["low"], first["high"]) == pytest.approx(
        (0.04 - half, 0.04 + half), abs=1e-5
    )
    assert first["excludes_zero"] is False


def test_differences_take_every_metric_from_its_place():
    runs = runs_of(["triplet", "quadruplet"], [split("one")])
    differences = differences_of(runs, results_of(runs, TWO_ROWS))
    factors = (1, 2, 3, 4, 1 / 2, 1 / 3, 1 / 4)
    for one, factor in zip(differences, factors, strict=True):
        assert one["mean"] == pytest.approx(0.04 * factor, abs=1e-5), one["metric"]


def test_without_validation_classes_nothing_is_compared_on_them():
    runs = runs_of(["triplet", "quadruplet"], [split("one")])
    results = results_of(runs, TWO_ROWS)
    for result in results:
        del result["validation"]
    found = [one["metric"] for one in differences_of(runs, results)]
    assert found == list(COMPARED_METRICS)[:-1]


def test_splits_of_one_seen_count_are_joined_too():
    runs = runs_of(["triplet", "quadruplet"], [split("one"), split("two")])
    differences = differences_of(runs, results_of(runs, TWO_ROWS))
    of_map = [one for one in differences if one["metric"] == "map@all"]
    assert [one["split"] for one in of_map] == ["one", "two", "every split, 5 seen"]
    joined = of_map[-1]
    assert joined["values"] == [0.02, 0.04, 0.06, 0.01, -0.01, 0.0]
    ends = paired_interval(
        TWO_ROWS["quadruplet", "one"] + TWO_ROWS["quadruplet", "two"],
        TWO_ROWS["triplet", "one"] + TWO_ROWS["triplet", "two"],
    )
    measured = (joined["mean"], joined["low"], joined["high"])
    assert measured == pytest.approx(ends, abs=6e-6)


def test_splits_of_different_seen_counts_are_not_joined():
    runs = runs_of(["triplet", "quadruplet"], [split("one", 5), split("two", 4)])
    differences = differences_of(runs, results_of(runs, TWO_ROWS))
    assert {one["split"] for one in differences} == {"one", "two"}


def test_whether_an_interval_excludes_zero():
    values = {
        ("triplet", "one"): [0.3, 0.4, 0.5],
        ("quadruplet", "one"): [0.31, 0.415, 0.512],
        ("triplet", "two"): [0.31, 0.415, 0.512],
        ("quadruplet", "two"): [0.3, 0.4, 0.5],
    }
    splits = [split("one", 5), split("two", 4)]
    runs = runs_of(["triplet", "quadruplet"], splits)
    differences = differences_of(runs, results_of(runs, values))
    above = find(differences, split="one", metric="map@all")
    assert above["low"] > 0 and above["excludes_zero"] is True
    below = find(differences, split="two", metric="map@all")
    assert below["high"] < 0 and below["excludes_zero"] is True


def test_one_seed_has_no_interval_and_proves_nothing():
    runs = runs_of(["triplet", "quadruplet"], [split("one")], seeds=1)
    one = differences_of(runs, results_of(runs, TWO_ROWS))[0]
    assert (one["mean"], one["low"], one["high"]) == (0.02, None, None)
    assert one["excludes_zero"] is False


def test_only_rows_that_were_run_are_compared():
    names = ["quadruplet", "all-three"]
    values = {(name, "one"): [0.1 * i] * 3 for i, name in enumerate(names)}
    runs = runs_of(names, [split("one")])
    assert differences_of(runs, results_of(runs, values)) == []


def test_all_rows_give_all_comparisons_of_each_profile():
    names = list(STUDY.rows)
    values = {(n, "one"): [0.1 * i, 0.2 * i, 0.1] for i, n in enumerate(names)}
    runs = [
        run
        for profile in ("quick", "book")
        for run in runs_of(names, [split("one")], profile=profile)
    ]
    differences = differences_of(runs, results_of(runs, values))
    assert len(differences) == 2 * len(COMPARISONS) * len(COMPARED_METRICS)
    pairs = {
        tuple(one[end].split(":")[0] for end in ("row", "minus")) for one in differences
    }
    assert pairs == set(map(tuple, COMPARISONS))
    for one in differences:  # never across lengths
        assert one["row"].split(":")[1] == one["minus"].split(":")[1]
    assert json.loads(json.dumps(differences)) == differences


def test_pairs_share_seed_and_split_whatever_the_order_of_the_runs():
    runs = runs_of(["triplet", "quadruplet"], [split("one"), split("two")])
    shuffled = [runs[i] for i in np.random.default_rng(0).permutation(len(runs))]
    first, other = (
        differences_of(order, results_of(order, TWO_ROWS)) for order in (runs, shuffled)
    )
    for one in first:
        same = find(other, **{k: one[k] for k in ("split", "metric")})
        assert sorted(same["values"]) == sorted(one["values"])
        assert same["low"] == pytest.approx(one["low"], abs=1e-5)


def test_a_seed_that_only_one_row_has_is_left_out():
    runs = runs_of(["triplet", "quadruplet"], [split("one")])
    runs = [run for run in runs if (run.row, run.seed) != ("triplet:quick", 1)]
    one = differences_of(runs, results_of(runs, TWO_ROWS))[0]
    assert one["values"] == [0.02, 0.06]


# --- by cell -------------------------------------------------------------------------

ONE = ZeroShotSplit("one", ("a", "b"), (), ("e", "f"))
TWO = ZeroShotSplit("two", ("a", "c"), (), ("e", "f"))
FEWER = ZeroShotSplit("fewer", ("a",), (), ("e", "f"))
# mAP@all by row, split and seed; a cell adds its number divided by 100
VALUES = {
    "first": {"one": (0.5, 0.7, 0.9), "two": (0.5, 0.5, 0.5), "fewer": (0.3, 0.4, 0.5)},
    "base": {"one": (0.4, 0.5, 0.6), "two": (0.3, 0.3, 0.2), "fewer": (0.2, 0.2, 0.2)},
    "combined": {"one": (0.6, 0.6, 0.6), "two": (0.6, 0.7, 0.8)},
}


def study(rows, splits=(ONE, TWO), profiles=("quick",), seeds=3):
    """Return runs and scores with the values above."""
    runs = [
        StudyRun(f"{row}:{profile}", named_method("triplet", profile=profile), one, s)
        for profile in profiles
        for one in splits
        for s in range(seeds)
        for row in rows
    ]
    scores = []
    for run in runs:
        value = VALUES[run.row.partition(":")[0]][run.split.name][run.seed]
        cells = {c: {"map@all": value + n / 100} for n, c in enumerate(CELLS)}
        scores.append({"cells": cells})
    return runs, scores


def test_worked_by_hand():
    found = cells_compared(*study(("first", "base")), [("first", "base")])
    assert len(found) == len(CELLS) * 3  # each split, and both
    one = find(found, family="zero_shot/real", split="one")
    half = stats.t.ppf(0.975, 2) * 0.1 / sqrt(3)  # of 0.1, 0.2, 0.3
    assert one["mean"] == pytest.approx(0.2)
    assert one["low"] == pytest.approx(0.2 - half, abs=1e-5)
    assert one["high"] == pytest.approx(0.2 + half, abs=1e-5)
    assert one["p"] == pytest.approx(2 * stats.t.sf(0.2 * sqrt(3) / 0.1, 2), rel=1e-2)
    assert one["corrected_p"] == one["p"] and one["joint_low"] == one["low"]
    assert one["significant"] is False
    both = find(found, family="zero_shot/real", split="every split, 2 seen")
    assert both["mean"] == pytest.approx(
        (0.1 + 0.2 + 0.3 + 0.2 + 0.2 + 0.3) / 6, abs=1e-5
    )
    assert both["significant"] is True
    assert json.loads(json.dumps(found)) == found


def test_the_order_of_runs_does_not_unpair_them():
    runs, scores = study(("first", "base"))
    found = cells_compared(runs, scores, [("first", "base")])
    mixed = sorted(range(len(runs)), key=lambda n: (runs[n].row, -runs[n].seed))
    runs, scores = [runs[n] for n in mixed], [scores[n] for n in mixed]
    assert cells_compared(runs, scores, [("first", "base")]) == found


def test_more_comparisons_raise_the_corrected_p():
    rows, pairs = ("first", "base", "combined"), [("first", "base")]
    alone = cells_compared(*study(rows), pairs)
    pairs.append(("combined", "base"))
    found = cells_compared(*study(rows), pairs)
    place = dict(family="seen_sample/code", split="one", row="first:quick")
    one, before = find(found, **place), find(alone, **place)
    assert one["p"] == before["p"] and one["low"] == before["low"]
    assert one["corrected_p"] > before["corrected_p"]
    assert one["joint_low"] < before["joint_low"]


def test_the_combined_row_with_steps_is_compared_without_and_with_them():
    found = cells_compared(*study(("base", "combined")), [])
    assert len(found) == 3 * 2 * 3  # protocols, representations, groups of splits
    place = dict(family="seen_gallery/combined+", split="one")
    plain = find(found, **place, minus_cell="seen_gallery/real")
    same = find(found, **place, minus_cell="seen_gallery/real+")
    assert plain["cell"] == same["cell"] == "seen_gallery/real+"
    assert plain["row"] == "combined:quick" and plain["minus"] == "base:quick"
    assert same["mean"] == pytest.approx(0.1)
    assert plain["mean"] == pytest.approx(0.1 + 0.02)  # two cells further


def test_families_hold_rows_that_were_run():
    pairs = [("a", "b"), ("a", "c")]
    found = families(["a:quick", "b:quick"], pairs)
    assert list(found) == list(CELLS)
    for cell, members in found.items():
        assert members == [(("a:quick", cell), ("b:quick", cell))]
    assert families(["c:quick", "b:quick"], pairs) == {}
    assert families(["combined:quick"], pairs) == {}


def test_lengths_are_compared_apart():
    runs, scores = study(("first", "base"), profiles=("quick", "book"))
    found = cells_compared(runs, scores, [("first", "base")])
    names = {(one["row"], one["minus"]) for one in found}
    assert names == {("first:quick", "base:quick"), ("first:book", "base:book")}


def test_a_single_seed_has_no_interval():
    study_ = study(("first", "base"), splits=(ONE,), seeds=1)
    one = cells_compared(*study_, [("first", "base")])[0]
    assert one["mean"] == pytest.approx(0.1)
    ends = ("low", "high", "joint_low", "joint_high", "p", "corrected_p")
    assert all(one[name] is None for name in ends) and one["significant"] is False


def test_comparisons_are_those_that_are_given():
    runs = runs_of(["cross", "triplet"], [split("one")])
    values = {("cross", "one"): [0.1] * 3, ("triplet", "one"): [0.2] * 3}
    results = results_of(runs, values)
    assert differences_of(runs, results) == []  # those of sbtknet
    found = differences_of(runs, results, [["cross", "triplet"]])
    assert {(one["row"], one["minus"]) for one in found} == {
        ("cross:quick", "triplet:quick")
    }
