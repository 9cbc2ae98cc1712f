"""Checkpoints and exercise checks: what they print and how they fail."""

import random

import numpy as np
import pytest
import torch

from zssbir_lib.exercises import EXERCISES, Exercise
from zssbir_lib.lessons import (
    PROFILES,
    active_profile,
    agrees,
    check_close,
    check_exercise,
    check_true,
    readable,
    set_seed,
)
from zssbir_lib.training import PROFILES as LENGTHS_OF_TRAINING


@pytest.fixture
def printed(capsys):
    """Return a function that gives what was printed since it was last called."""
    return lambda: capsys.readouterr().out


def test_set_seed_repeats_both_generators():
    set_seed(3)
    first = (random.random(), torch.rand(2).tolist())
    set_seed(3)
    assert (random.random(), torch.rand(2).tolist()) == first
    set_seed(4)
    assert (random.random(), torch.rand(2).tolist()) != first


def test_profile_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("ZSSBIR_PROFILE", raising=False)
    assert active_profile() == "quick"
    monkeypatch.setenv("ZSSBIR_PROFILE", "book")
    assert active_profile() == "book"
    monkeypatch.setenv("ZSSBIR_PROFILE", "fast")
    with pytest.raises(ValueError, match="'fast'; expected one of smoke, quick, book"):
        active_profile()


def test_every_profile_is_a_length_of_training():
    assert set(PROFILES) <= set(LENGTHS_OF_TRAINING)


# --- checkpoints ---------------------------------------------------------------------


def test_check_true_prints_or_raises(printed):
    check_true(torch.tensor(2) > 1, "two is more than one")
    assert printed() == "ok: two is more than one\n"
    with pytest.raises(ValueError, match="does not hold: the pigs fly"):
        check_true(False, "the pigs fly")
    assert printed() == ""


def test_check_close_prints_or_raises_with_both_values(printed):
    check_close(torch.tensor([0.5, 1.0]), np.array([0.50001, 1.0]), "halves agree")
    assert printed() == "ok: halves agree\n"
    with pytest.raises(
        ValueError,
        match=r"the loss: value 0\.2500, expected 0\.2000 \(tolerance 0\.0001\)",
    ):
        check_close(torch.tensor(0.25), 0.2, "the loss")
    assert printed() == ""


@pytest.mark.parametrize(
    ("value", "expected", "same"),
    [
        (1, 1.0, True),
        (0.3, 0.3 + 2e-4, False),
        (0.3, 0.3 + 5e-5, True),
        (float("nan"), float("nan"), False),
        (float("inf"), float("inf"), True),
        (float("inf"), 1.0, False),
        ([1, 2], (1, 2), True),
        ([1, 2], [1, 2, 3], False),
        ([1, 2], 1, False),
        (1, [1], False),
        (torch.ones(2, 2), [[1, 1], [1, 1]], True),
        (torch.ones(2, 2), [1, 1, 1, 1], False),
        (True, True, True),
        (1, True, False),
        (np.bool_(False), False, True),
        ("mug", "mug", True),
        ("1", 1, False),
        (["cat", 1.0], ["cat", 1.0], True),
        (None, 0, False),
    ],
)
def test_agreement(value, expected, same):
    assert agrees(value, expected, tolerance=1e-4) is same


def test_tolerance_is_the_largest_difference_allowed():
    assert agrees(0.0, 0.5, tolerance=0.5)
    assert not agrees(0.0, 0.51, tolerance=0.5)


def test_readable_is_the_same_for_tensor_array_and_list():
    numbers = [[1.0, 0.33333333], [2.0, 3.0]]
    wanted = "[[1.0000, 0.3333], [2.0000, 3.0000]]"
    assert readable(numbers) == wanted
    assert readable(np.array(numbers)) == wanted
    assert readable(torch.tensor(numbers)) == wanted
    assert readable((7, "mug", True)) == "[7, 'mug', True]"


# --- exercises -----------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EXERCISES))
def test_every_exercise_accepts_its_reference_and_knows_its_stub(name, printed):
    exercise = EXERCISES[name]
    notebook, dot, number = name.partition(".")
    assert notebook.isdigit() and dot and number.isdigit()
    right = exercise.reference if exercise.cases else exercise.reference()
    check_exercise(name, right)
    assert printed() == f"{name}: correct\n"
    check_exercise(name, (lambda *_: None) if exercise.cases else None)
    assert printed() == f"{name}: not attempted\n"


@pytest.mark.parametrize(
    ("name", "case", "answer"),
    [
        ("0.1", (7, [7, 3, 7, 7], 2), 1),
        ("0.1", (7, [7, 3, 7, 7], 9), 3),
        ("0.3", (2, 1), (1 / 1 + 1 / 2) / 2),  # at either of two places
        ("0.3", (1, 9), 1.0),
        ("1.1", (["cat"], ["dog"]), True),
        ("1.1", (["cat", "dog"], ["dog"]), False),
        ("2.1", (torch.zeros(1, 2), torch.tensor([[3.0, 4.0]])), [25.0]),
        ("2.2", ([1, 0, 1],), (1 / 1 + 2 / 3) / 2),
        ("2.2", ([0, 0],), 0.0),
        ("2.3", (*torch.tensor([[0.0, 0], [3, 4], [0, 6]]), 1.0), 0.0),
        ("2.3", (*torch.tensor([[0.0, 0], [3, 4], [0, 5]]), 1.0), 1.0),
        ("2.4", ([1, 0, 1], 3), 1 / 2),
        ("2.4", ([1, 0, 1], 1), 1.0),
    ],
)
def test_references_by_hand(name, case, answer):
    assert agrees(EXERCISES[name].reference(*case), answer, tolerance=1e-6)


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("0.1", lambda label, ranked, k: sum(one == label for one in ranked)),
        ("0.1", lambda label, ranked, k: k),
        ("0.3", lambda classes, photos: 1 / classes),
        ("1.1", lambda seen, unseen: seen != unseen),
        ("1.1", lambda seen, unseen: True),
        ("2.1", lambda first, second: (first - second).norm(dim=-1)),
        ("2.1", lambda first, second: (first - second).square().mean(dim=-1)),
        ("2.1", lambda first, second: (first - second).square().sum()),
        ("2.2", lambda relevant: sum(relevant) / len(relevant)),
        ("2.3", lambda a, p, n, margin: (a - p).square().sum() + margin),
        ("2.3", lambda a, p, n, margin: ((a - p) ** 2 - (a - n) ** 2).sum() + margin),
        ("2.3", lambda a, p, n, margin: (a - p).norm() - (a - n).norm() + margin),
        ("2.4", lambda relevant, k: sum(relevant[:k]) / k),
        ("2.4", lambda relevant, k: sum(relevant[:k]) / min(k, sum(relevant))),
    ],
)
def test_likely_mistakes_are_found(name, mistake, printed):
    check_exercise(name, mistake)
    assert printed().startswith(f"{name}: for input ")


def test_wrong_answer_shows_input_expected_and_got(printed):
    check_exercise("0.1", lambda label, ranked, k: 0)
    assert printed() == "0.1: for input 7, [7, 3, 7, 7], 2 expected 1, got 0\n"


def test_an_error_in_the_attempt_is_reported_not_raised(printed):
    check_exercise("2.2", lambda relevant: 1 / 0)
    assert printed() == (
        "2.2: for input [1, 0, 1] your function raised "
        "ZeroDivisionError: division by zero\n"
    )


def test_an_attempt_may_change_its_input(printed):
    def greedy(label, ranked, k):
        hits = sum(one == label for one in ranked[:k])
        ranked.clear()
        return hits

    for _ in range(2):
        check_exercise("0.1", greedy)
        assert printed() == "0.1: correct\n"


def test_none_after_the_first_case_is_a_wrong_answer(printed):
    def forgot_a_branch(relevant):
        return 5 / 6 if relevant == [1, 0, 1] else None

    check_exercise("2.2", forgot_a_branch)
    assert printed() == "2.2: for input [0, 0, 1, 1] expected 0.4167, got None\n"


def test_a_value_where_a_function_is_asked_for(printed):
    check_exercise("2.2", None)
    assert printed() == "2.2: not attempted\n"
    check_exercise("2.2", 0.5)
    assert printed() == "2.2: hand in the function itself\n"


def test_exercises_may_ask_for_a_value(printed, monkeypatch):
    monkeypatch.setitem(EXERCISES, "9.1", Exercise(lambda: 0.25))
    for value, line in ((None, "not attempted"), (0.25, "correct")):
        check_exercise("9.1", value)
        assert printed() == f"9.1: {line}\n"
    check_exercise("9.1", 1)
    assert printed() == "9.1: expected 0.2500, got 1\n"


def test_unknown_exercise_names_those_there_are():
    with pytest.raises(ValueError, match="no exercise '2.9'; there are 0.1, 0.2, "):
        check_exercise("2.9", None)
