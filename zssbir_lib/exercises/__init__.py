"""The exercises of the notebooks: right answers and the inputs to try them on.

An exercise is one line of EXERCISES and one short reference function above it, in the
file of its notebook. Number 2.1 is the first exercise of notebook 02. One that asks for
a value has no cases, and a reference function without arguments.
"""

from zssbir_lib.exercises import (
    notebook_00,
    notebook_01,
    notebook_02,
    notebook_03,
    notebook_04,
    notebook_05,
    notebook_06,
    notebook_07,
    notebook_08,
)
from zssbir_lib.exercises.exercise import Exercise

NOTEBOOKS = (
    notebook_00,
    notebook_01,
    notebook_02,
    notebook_03,
    notebook_04,
    notebook_05,
    notebook_06,
    notebook_07,
    notebook_08,
)
EXERCISES: dict[str, Exercise] = {}
for notebook in NOTEBOOKS:
    EXERCISES |= notebook.EXERCISES

__all__ = ["EXERCISES", "Exercise"]
