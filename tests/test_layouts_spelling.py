"""Class names are matched by their letters and digits, one to one."""

import pytest

from zssbir_lib.data import public_split, public_split_names
from zssbir_lib.data.class_names import describe_pairs, name_key, pair_names


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("palm tree", "palmtree"),
        ("Palm_Tree", "palmtree"),
        ("hot-air_balloon", "hotairballoon"),
        ("car_(sedan)", "carsedan"),
        ("jack-o'-lantern", "jackolantern"),
        ("cafe\u0301", "caf\u00e9"),
        ("---", "---"),
    ],
)
def test_keys(name, key):
    assert name_key(name) == key


def test_equal_names_come_before_similar_ones():
    pairing = pair_names(["palm tree", "palm_tree", "axe"], ["palm_tree", "bus"])
    assert pairing.pairs == {"palm_tree": "palm_tree"}
    assert pairing.ambiguous == () and pairing.respelled() == {}


def test_two_to_one_and_one_to_two_are_ambiguous():
    two = ("PALM TREE", "palm tree", "palm-tree")
    assert pair_names(two[:2], two[2:]).ambiguous == (two,)
    assert pair_names(two[2:], two[:2]).ambiguous == (two,)
    assert pair_names(two[2:], two[:2]).pairs == {}


def test_pairs_are_one_to_one_and_in_order():
    found = ["Zebra", "b u s", "ant", "x"]
    pairing = pair_names(found, ["ant", "bus", "zebra", "y"])
    assert list(pairing.pairs.items()) == [
        ("Zebra", "zebra"),
        ("b u s", "bus"),
        ("ant", "ant"),
    ]
    assert pairing.respelled() == {"Zebra": "zebra", "b u s": "bus"}


def test_known_misspellings():
    pairs = pair_names(["griaffe"], ["giraffe"], {"griaffe": "giraffe"}).pairs
    assert pairs == {"griaffe": "giraffe"}
    assert pair_names(["griaffe"], ["giraffe"]).pairs == {}


@pytest.mark.parametrize("name", public_split_names())
def test_published_names_stay_different(name):
    split = public_split(name).split
    names = split.seen + split.unseen
    assert len({name_key(one) for one in names}) == len(names)


def test_description():
    pairs = {"a": "A", "b": "B", "c": "C"}
    assert describe_pairs(pairs, most=2) == "'a' as 'A', 'b' as 'B' and 1 more"
    assert describe_pairs({"a": "A"}) == "'a' as 'A'"
