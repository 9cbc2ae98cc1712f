"""Records: checks from annotations, changes by name and from words, plain values."""

import json
from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest

from zssbir_lib.records import (
    Above,
    AtLeast,
    Count,
    Distance,
    Positive,
    Whole,
    changed,
    check_fields,
    check_names,
    describe_fields,
    hints_of,
    plain,
    read_changes,
    record_from,
)


@dataclass(frozen=True)
class Inner:
    """A record within.

    Attributes:
        rate: how fast, per
            step.
        on: whether at all.
    """

    rate: Positive = 0.5
    on: bool = False


@dataclass(frozen=True)
class Base:
    """Where a record comes from.

    Attributes:
        count: how many.
        margin: the gap.
    """

    count: Count = 3
    margin: Distance = 0.2


@dataclass(frozen=True)
class Everything(Base):
    """A record with every kind of field.

    Attributes:
        least: none, or how many at least.
        kind: which.
        names: which ones.
        text: anything.
        inner: more of it.
        margin: the wide gap.
    """

    least: Whole | None = None
    kind: Literal["round", "square"] = "round"
    names: tuple[Literal["a", "b", "c"], ...] = ("a",)
    text: str = "x"
    range: Annotated[float, AtLeast(-1), Above(-2)] = 0.0
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self):
        check_fields(self)
        check_fields(self.inner, "inner.")


GOOD = Everything(2, 0, None, "square", ("c", "a"), "", -1, Inner(1e-9, True))


def test_values_in_range_are_taken():
    assert GOOD.names == ("c", "a") and Everything(least=0).least == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(count=0), "^count must be 1 or more, got 0$"),
        (dict(count=1.0), "^count must be a whole number, got 1.0$"),
        (dict(count=True), "^count must be a whole number, got True$"),
        (dict(count=None), "^count must be a whole number, got None$"),
        (dict(margin=-1e-9), "^margin must be 0 or more, got -1e-09$"),
        (dict(margin=float("nan")), "^margin must be 0 or more, got nan$"),
        (dict(margin="wide"), "^margin must be a number, got 'wide'$"),
        (dict(least=-1), "^least must be 0 or more, got -1$"),
        (dict(least="many"), "^least must be a whole number, got 'many'$"),
        (
            dict(kind="squre"),
            "^kind must be one of round, square; got 'squre' .did",
        ),
        (dict(kind=None), "^kind must be one of round, square; got None$"),
        (dict(names=["a"]), r"^names must be a tuple of names, got \['a'\]$"),
        (dict(names=("d",)), "^each of names must be one of a, b, c; got 'd'$"),
        (dict(names=()), "^names must name one or several of a, b, c, .*; got none$"),
        (dict(names=("a", "a")), "each once; got a, a$"),
        (dict(text=3), "^text must be text, got 3$"),
        (dict(range=-1.5), "^range must be -1 or more, got -1.5$"),
        (dict(inner=dict(rate=0)), "^inner.rate must be above 0, got 0$|^rate must"),
        (dict(inner=dict(rate=float("inf"))), "rate must be above 0, got inf$"),
        (dict(inner=dict(on=1)), "on must be true or false, got 1$"),
        (
            dict(marign=1),
            "^Everything has no field called 'marign' .did you mean 'margin'",
        ),
        (
            dict(inner=dict(rat=1)),
            "^inner has no field called 'rat' .did you mean",
        ),
        (dict(qqq=1), "called 'qqq'; it has: count, margin, least, kind, names, text,"),
    ],
)
def test_what_does_not_fit_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        changed(GOOD, **changes)


def test_changes_reach_into_records_and_leave_the_old_one():
    found = changed(GOOD, count=9, inner=dict(rate=2.0))
    assert (found.count, found.inner) == (9, Inner(2.0, True))
    assert (GOOD.count, GOOD.inner.rate) == (2, 1e-9)
    assert changed(GOOD, inner=Inner()).inner == Inner()


def test_names_may_be_any_where_none_are_known():
    check_names("names", ("one", "other"), ())
    with pytest.raises(ValueError, match="each once"):
        check_names("names", ("one", "one"), ())


def test_a_record_survives_json():
    for record in (GOOD, Everything()):
        values = json.loads(json.dumps(plain(record)))
        assert values == plain(record)  # lists already, as JSON gives them back
        again = record_from(Everything, values)
        assert again == record and hash(again) == hash(record)
    with pytest.raises(ValueError, match="Everything has no field called 'old'"):
        record_from(Everything, values | {"old": 1})


# --- words of the command line -------------------------------------------------------


def test_words_become_values_of_the_fields_types():
    words = ["count=7", "margin=1e-2", "least=none", "names=b,c", "text=a=b"]
    words += ["inner.on=True", "inner.rate=3", "kind=square"]
    found = read_changes(words, hints_of(Everything))
    assert found == dict(
        count=7,
        margin=0.01,
        least=None,
        names=("b", "c"),
        text="a=b",
        inner=dict(on=True, rate=3.0),
        kind="square",
    )
    assert type(found["inner"]["rate"]) is float
    assert read_changes(["least=4"], hints_of(Everything)) == {"least": 4}
    assert read_changes([], hints_of(Everything)) == {}


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("count", "--set takes NAME=VALUE, got 'count'"),
        ("count=two", "--set count needs a value of type int, got 'two'"),
        ("count=2.5", "--set count needs a value of type int, got '2.5'"),
        ("margin=none", "--set margin needs a value of type float, got 'none'"),
        ("least=x", "--set least needs a value of type int, got 'x'"),
        ("inner.on=yes", "--set inner.on needs a value of type bool, got 'yes'"),
        ("inner=3", r"inner is a record: set one of its fields, inner.\{rate, on\}"),
        ("inner.rte=3", "inner has no field called 'rte' .did you mean 'rate'"),
        ("cuont=3", "the recipe has no field called 'cuont' .did you mean 'count'"),
        ("count.rate=3", "the recipe has no field called 'count'|no field called 'cou"),
    ],
)
def test_words_that_mean_nothing_are_named(word, message):
    with pytest.raises(ValueError, match=message) as error:
        read_changes([word], hints_of(Everything))
    assert len(str(error.value).splitlines()) == 1


# --- descriptions --------------------------------------------------------------------


def test_every_field_is_described_with_value_choices_unit_and_meaning():
    lines = {
        line.split()[0]: line.split(maxsplit=1)[1] for line in describe_fields(GOOD)
    }
    assert list(lines)[:2] == ["count", "margin"] and "inner" not in lines
    assert lines["count"].split(maxsplit=1) == ["2", "how many"]
    told = "Euclidean distance; the wide gap"
    assert lines["margin"].split(maxsplit=1) == ["0", told]
    assert lines["kind"].split(maxsplit=1)[1] == "round | square; which"
    assert lines["names"].startswith("c,a ") and "a | b | c" in lines["names"]
    assert lines["inner.rate"].split(maxsplit=1)[1] == "how fast, per step"
