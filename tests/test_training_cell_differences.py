"""Paired differences of the whole table, worked by hand; families of comparisons."""

import json
from math import sqrt

import pytest
from scipy import stats

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.training import StudyRun, cell_differences, named_recipe
from zssbir_lib.training.cells import CELLS
from zssbir_lib.training.studies.cell_differences import families

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
        StudyRun(f"{row}:{profile}", named_recipe("triplet", profile=profile), split, s)
        for profile in profiles
        for split in splits
        for s in range(seeds)
        for row in rows
    ]
    scores = []
    for run in runs:
        value = VALUES[run.row.partition(":")[0]][run.split.name][run.seed]
        cells = {c: {"map@all": value + n / 100} for n, c in enumerate(CELLS)}
        scores.append({"cells": cells})
    return runs, scores


def only(differences, **wanted):
    """Return the one difference that has these values."""
    found = [d for d in differences if all(d[k] == v for k, v in wanted.items())]
    assert len(found) == 1, len(found)
    return found[0]


def test_worked_by_hand():
    found = cell_differences(*study(("first", "base")), [("first", "base")])
    assert len(found) == len(CELLS) * 3  # each split, and both
    one = only(found, family="zero_shot/real", split="one")
    half = stats.t.ppf(0.975, 2) * 0.1 / sqrt(3)  # of 0.1, 0.2, 0.3
    assert one["mean"] == pytest.approx(0.2)
    assert one["low"] == pytest.approx(0.2 - half, abs=1e-5)
    assert one["high"] == pytest.approx(0.2 + half, abs=1e-5)
    assert one["p"] == pytest.approx(2 * stats.t.sf(0.2 * sqrt(3) / 0.1, 2), rel=1e-2)
    assert one["corrected_p"] == one["p"] and one["joint_low"] == one["low"]
    assert one["significant"] is False
    both = only(found, family="zero_shot/real", split="every split, 2 seen")
    assert both["mean"] == pytest.approx(
        (0.1 + 0.2 + 0.3 + 0.2 + 0.2 + 0.3) / 6, abs=1e-5
    )
    assert both["significant"] is True
    assert json.loads(json.dumps(found)) == found


def test_the_order_of_runs_does_not_unpair_them():
    runs, scores = study(("first", "base"))
    found = cell_differences(runs, scores, [("first", "base")])
    mixed = sorted(range(len(runs)), key=lambda n: (runs[n].row, -runs[n].seed))
    runs, scores = [runs[n] for n in mixed], [scores[n] for n in mixed]
    assert cell_differences(runs, scores, [("first", "base")]) == found


def test_more_comparisons_raise_the_corrected_p():
    rows, pairs = ("first", "base", "combined"), [("first", "base")]
    alone = cell_differences(*study(rows), pairs)
    pairs.append(("combined", "base"))
    found = cell_differences(*study(rows), pairs)
    place = dict(family="seen_sample/code", split="one", row="first:quick")
    one, before = only(found, **place), only(alone, **place)
    assert one["p"] == before["p"] and one["low"] == before["low"]
    assert one["corrected_p"] > before["corrected_p"]
    assert one["joint_low"] < before["joint_low"]


def test_the_combined_row_with_steps_is_compared_without_and_with_them():
    found = cell_differences(*study(("base", "combined")), [])
    assert len(found) == 3 * 2 * 3  # protocols, representations, groups of splits
    place = dict(family="seen_gallery/combined+", split="one")
    plain = only(found, **place, minus_cell="seen_gallery/real")
    same = only(found, **place, minus_cell="seen_gallery/real+")
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
    found = cell_differences(runs, scores, [("first", "base")])
    names = {(one["row"], one["minus"]) for one in found}
    assert names == {("first:quick", "base:quick"), ("first:book", "base:book")}


def test_a_single_seed_has_no_interval():
    study_ = study(("first", "base"), splits=(ONE,), seeds=1)
    one = cell_differences(*study_, [("first", "base")])[0]
    assert one["mean"] == pytest.approx(0.1)
    ends = ("low", "high", "joint_low", "joint_high", "p", "corrected_p")
    assert all(one[name] is None for name in ends) and one["significant"] is False


def test_splits_of_other_sizes_are_not_joined():
    runs, scores = study(("first", "base"), splits=(ONE, FEWER))
    found = cell_differences(runs, scores, [("first", "base")])
    assert {one["split"] for one in found} == {"one", "fewer"}
