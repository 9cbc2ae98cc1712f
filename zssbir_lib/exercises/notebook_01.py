"""The exercises of notebook 01."""

from collections.abc import Sequence

from zssbir_lib.exercises.exercise import Exercise


def are_disjoint(seen: Sequence[str], unseen: Sequence[str]) -> bool:
    """Tell whether no class is both seen and unseen."""
    return not set(seen) & set(unseen)


EXERCISES: dict[str, Exercise] = {
    "1.1": Exercise(
        are_disjoint,
        cases=(
            (["cat", "mug"], ["dog"]),
            (["cat", "mug"], ["dog", "cat"]),
            (["dog", "cow"], ["cat", "dogs"]),
        ),
    ),
}
