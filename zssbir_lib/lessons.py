"""Helpers of the notebooks: seeds, profiles, checkpoints and exercise checks.

Everything printed here is the same on every run, because the notebooks' outputs are
compared when they are tested. The exercises themselves stand in `exercises`.
"""

import copy
import os
import random
from collections.abc import Callable
from typing import Any

import torch

from zssbir_lib.exercises import EXERCISES, Exercise

PROFILES = ("smoke", "quick", "book")

__all__ = [
    "PROFILES",
    "active_profile",
    "check_close",
    "check_exercise",
    "check_true",
    "set_seed",
]


def set_seed(seed: int) -> None:
    """Seed Python's and torch's random numbers, so that a cell repeats exactly."""
    random.seed(seed)
    torch.manual_seed(seed)


def active_profile() -> str:
    """Return what ZSSBIR_PROFILE names: `smoke`, `quick` (the default) or `book`."""
    profile = os.environ.get("ZSSBIR_PROFILE", "quick")
    if profile not in PROFILES:
        raise ValueError(
            f"ZSSBIR_PROFILE is {profile!r}; expected one of {', '.join(PROFILES)}"
        )
    return profile


def check_true(condition: bool, message: str) -> None:
    """Print `ok: message`, or stop the notebook with the message."""
    if not condition:
        raise ValueError(f"does not hold: {message}")
    print(f"ok: {message}")


def check_close(
    value: Any, expected: Any, message: str, tolerance: float = 1e-4
) -> None:
    """Print `ok: message`, or stop the notebook showing both values.

    Args:
        value: number, tensor, array or (nested) list of numbers.
        expected: the same shape.
        message: what agrees, in words.
        tolerance: largest absolute difference of any two numbers.

    Example:
        >>> check_close(0.1 + 0.2, 0.3, "the sum is right")
        ok: the sum is right
    """
    if not agrees(value, expected, tolerance):
        raise ValueError(
            f"{message}: value {readable(value)}, expected {readable(expected)} "
            f"(tolerance {tolerance:g})"
        )
    print(f"ok: {message}")


def check_exercise(name: str, attempt: Any) -> None:
    """Print whether an exercise is solved; never stop the notebook.

    The line is `2.1: correct`, `2.1: not attempted` (the stub returned None), or says
    for which input the answer differs, what was expected and what came. An attempt is
    the reader's function, or the value where one is asked for.
    """
    if name not in EXERCISES:
        raise ValueError(
            f"no exercise {name!r}; there are {', '.join(sorted(EXERCISES))}"
        )
    exercise = EXERCISES[name]
    judge = _judge_function if exercise.cases else _judge_value
    print(f"{name}: {judge(exercise, attempt)}")


def _judge_value(exercise: Exercise, attempt: Any) -> str:
    """Say whether the value is the one that the reference returns."""
    expected = exercise.reference()
    if attempt is None:
        return "not attempted"
    if agrees(attempt, expected, exercise.tolerance):
        return "correct"
    return f"expected {readable(expected)}, got {readable(attempt)}"


def _judge_function(exercise: Exercise, attempt: Callable[..., Any]) -> str:
    """Say whether the function agrees with the reference on every case."""
    if not callable(attempt):
        return "not attempted" if attempt is None else "hand in the function itself"
    for number, case in enumerate(exercise.cases):
        expected = exercise.reference(*copy.deepcopy(case))
        shown = f"for input {', '.join(readable(part) for part in case)}"
        try:
            answer = attempt(*copy.deepcopy(case))
        except Exception as error:  # a reader's mistake is an answer, not a crash
            return f"{shown} your function raised {type(error).__name__}: {error}"
        if answer is None and number == 0:
            return "not attempted"
        if not agrees(answer, expected, exercise.tolerance):
            return f"{shown} expected {readable(expected)}, got {readable(answer)}"
    return "correct"


def agrees(value: Any, expected: Any, tolerance: float) -> bool:
    """Tell whether all parts of two answers agree, numbers up to the tolerance.

    NaN agrees with nothing, a bool or a string only with its equal.
    """
    value, expected = _plain(value), _plain(expected)
    if isinstance(expected, list):
        if not isinstance(value, list) or len(value) != len(expected):
            return False
        pairs = zip(value, expected, strict=True)
        return all(agrees(one, other, tolerance) for one, other in pairs)
    for kind in (bool, str):
        if isinstance(expected, kind) or isinstance(value, kind):
            return type(value) is type(expected) and value == expected
    if not isinstance(value, int | float) or not isinstance(expected, int | float):
        return value == expected
    return value == expected or abs(value - expected) <= tolerance


def readable(value: Any) -> str:
    """Write an answer in one line, tensors as lists, floats with four decimals."""
    value = _plain(value)
    if isinstance(value, list):
        return f"[{', '.join(map(readable, value))}]"
    return f"{value:.4f}" if isinstance(value, float) else repr(value)


def _plain(value: Any) -> Any:
    """Turn tensors, arrays and tuples into lists, and their scalars into numbers."""
    if hasattr(value, "tolist"):  # tensors, numpy arrays and numpy's own numbers
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value
