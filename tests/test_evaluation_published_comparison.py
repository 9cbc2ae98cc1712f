"""Which published values may be compared, and which tables contradict each other."""

import dataclasses
from collections import Counter
from itertools import combinations

import pytest

from zssbir_lib.evaluation import (
    comparable,
    disagreements,
    like_with_like,
    obstacles,
    published_results,
    select_results,
)
from zssbir_lib.evaluation.published import Comparability, LikeWithLike

RESULTS = published_results()
S25, S21, TUB, QD = "sketchy-25", "sketchy-21", "tuberlin-30", "quickdraw-30"


def find(method, benchmark, quantity, **wanted):
    """Return the only zero-shot value of a method itself that fits."""
    wanted = {"setting": "zero-shot", "variant": None, "binary": False} | wanted
    (result,) = select_results(
        RESULTS, method=method, benchmark=benchmark, quantity=quantity, **wanted
    )
    return result


def test_the_same_metric_on_the_same_classes_is_comparable():
    verdict = comparable(find("SAKE", TUB, "map@all"), find("MATHM", TUB, "map@all"))
    assert verdict and verdict.reasons == ()
    assert comparable(find("SAKE", S21, "p@200"), find("BDT", S21, "p@200"))


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        (
            ("SBTKNet", S21, "map@200", {"metric": "map@200/hits"}),
            ("SAKE", S21, "map@200", {}),
            ["map@200/hits and map@200/voc are different definitions"],
        ),
        (
            ("SAKE", TUB, "p@100", {}),
            ("PCMSN", TUB, "p@100", {}),
            ["unseen classes of sake and of sempcyc differ"],
        ),
        (
            ("SAKE", S21, "p@200", {}),
            ("SAKE", QD, "p@200", {}),
            ["sketchy-21 and quickdraw-30 are different images"],
        ),
        (
            ("SAKE", TUB, "p@100", {}),
            ("SAKE", TUB, "map@all", {}),
            ["p@100 and map@all are different quantities"],
        ),
        (
            ("SAKE", TUB, "map@all", {}),
            ("SAKE", TUB, "map@all", {"binary": True}),
            ["real-valued embeddings and binary codes differ in what they cost"],
        ),
        (
            ("SAKE", TUB, "map@all", {}),
            ("PSKD", TUB, "map@all", {}),
            [
                "PSKD: the definition of the metric is not known",
                "PSKD: the unseen classes are not known",
            ],
        ),
        (
            ("SAKE", S21, "map@200", {}),
            ("DSN", S21, "map@200", {}),
            ["DSN: its code averages over classes, not over queries"],
        ),
        (
            ("SEM-PCYC", TUB, "map@all", {"setting": "generalised"}),
            ("SEM-PCYC", TUB, "map@all", {"dimensions": 64}),
            [
                "generalised and zero-shot are different settings",
                "SEM-PCYC: which of the generalised protocols was used is not known",
            ],
        ),
    ],
)
def test_reasons_against_a_comparison(first, second, reasons):
    pair = [
        find(method, benchmark, quantity, **wanted)
        for method, benchmark, quantity, wanted in (first, second)
    ]
    verdict = comparable(*pair)
    assert not verdict and list(verdict.reasons) == reasons
    assert len(comparable(*reversed(pair)).reasons) == len(reasons)


def test_an_unknown_benchmark_may_be_either_of_sketchy():
    vague = find("ACNet", "sketchy-unknown", "p@100", dimensions=512)
    reasons = comparable(vague, find("SAKE", S25, "p@100")).reasons
    assert reasons == ("ACNet: the unseen classes are not known",)
    reasons = comparable(vague, find("SAKE", TUB, "p@100")).reasons
    assert reasons[0] == "sketchy-unknown and tuberlin-30 are different images"


def test_comparability_is_true_without_reasons():
    assert Comparability(()) and not Comparability(("no",))


def test_groups_hold_exactly_what_is_comparable():
    groups = like_with_like(RESULTS)
    members = {one: key for key, group in groups.items() for one in group}
    assert set(members) == {one for one in RESULTS if not obstacles(one)}
    free = [one for one in RESULTS if not one.binary]
    for first, second in combinations(free, 2):
        together = first in members and members[first] == members.get(second)
        assert bool(comparable(first, second)) == together
    sizes = [len(group) for group in groups.values()]
    assert sizes == sorted(sizes, reverse=True)


def test_the_group_of_sake_on_quickdraw():
    key = LikeWithLike(QD, "zero-shot", "map@all/voc", "shared")
    group = like_with_like(RESULTS)[key]
    assert {one.method: one.value for one in group} == {
        "SAKE": 13.0,
        "SBTKNet": 11.88,
        "ZSE-SBIR RN": 14.5,
        "ZSE-SBIR Ret": 14.2,
        "MARL": 32.7,
    }


def test_tables_that_contradict_each_other_are_found():
    found = disagreements(RESULTS)
    pairs = Counter((first.method, first.benchmark) for first, _ in found)
    assert pairs == {  # counted by hand, over both quantities of each table
        ("ZSIH", S25): 6,
        ("ZSIH", TUB): 2,
        ("CVAE", S25): 2,
        ("CVAE", TUB): 2,
        ("Doodle2Search", S21): 1,
        ("Doodle2Search", TUB): 1,
        ("StyleGuide", S25): 2,  # in the number of dimensions
        ("StyleGuide", S21): 2,  # in the number of dimensions
        ("StyleGuide", TUB): 3,
        ("SketchGCN", TUB): 2,
        ("OCEAN", S25): 2,  # in the number of dimensions
        ("OCEAN", TUB): 2,  # in the number of dimensions
        ("IIAE", TUB): 2,
        ("DSN", TUB): 2,
        ("BDA-SketRet", TUB): 1,
    }
    for first, second in found:
        assert not set(first.sources) & set(second.sources)
        assert first.value != second.value or first.dimensions != second.dimensions


def altered(**changes):
    """Return SAKE's value on TU-Berlin as another table might print it."""
    first = find("SAKE", TUB, "map@all")  # 47.5, 512 dimensions
    return first, dataclasses.replace(first, sources=("acnet-readme",), **changes)


@pytest.mark.parametrize(
    ("changes", "contradict"),
    [
        ({}, False),
        ({"printed": "47.6"}, True),
        ({"printed": "47.50"}, False),
        ({"printed": "47.55"}, False),  # rounded down, or half to even
        ({"printed": "47.45"}, False),  # rounded up
        ({"printed": "47.56"}, True),
        ({"printed": "47.44"}, True),
        ({"printed": "7.5"}, True),
        ({"dimensions": None}, False),
        ({"dimensions": 64}, True),
        ({"dimensions": 64, "binary": True}, False),
        ({"printed": "40.0", "variant": "small"}, False),
        ({"printed": "40.0", "setting": "generalised"}, False),
        ({"printed": "40.0", "metric": "map@all/unknown"}, True),
        ({"printed": "40.0", "metric": "p@100"}, False),
    ],
)
def test_what_counts_as_a_contradiction(changes, contradict):
    pair = altered(**changes)
    assert disagreements(pair) == ([pair] if contradict else [])


def test_one_table_with_two_rows_does_not_contradict_itself():
    first, second = altered(printed="40.0")
    assert (
        disagreements([first, dataclasses.replace(second, sources=first.sources)]) == []
    )
