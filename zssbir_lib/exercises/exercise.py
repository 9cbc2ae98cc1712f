"""One exercise: the right answer and the inputs to try it on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exercise:
    """Hold what is needed to judge an answer.

    Attributes:
        reference: the right function.
        cases: the inputs to compare on, each a tuple of arguments; the first that
            shows a difference is printed, so start with the simplest.
        tolerance: largest absolute difference of two numbers that count as equal.
    """

    reference: Callable[..., Any]
    cases: tuple[tuple[Any, ...], ...] = ()
    tolerance: float = 1e-4
