"""The exercises of notebook 00."""

from collections.abc import Sequence

from zssbir_lib.exercises.exercise import Exercise


def count_relevant(query_label: int, ranked_labels: Sequence[int], k: int) -> int:
    """Count the photos of the query's class among the first k of its ranking."""
    return sum(label == query_label for label in ranked_labels[:k])


def three_of_five() -> list[float]:
    """Return P@3, P@5 and AP of the ranking right, wrong, wrong, right, right."""
    return [1 / 3, 3 / 5, (1 / 1 + 2 / 4 + 3 / 5) / 3]


def chance_level(classes: int, photos: int) -> float:
    """Return the expected AP of a random order, with `photos` of every class.

    Given that the photo at a place is relevant, each of those before it is so with the
    probability `another`; the sum over all places then has this closed form.
    """
    count = classes * photos
    another = (photos - 1) / (count - 1)
    itself = sum(1 / place for place in range(1, count + 1)) / count
    return another + (1 - another) * itself


EXERCISES: dict[str, Exercise] = {
    "0.1": Exercise(
        count_relevant,
        cases=((7, [7, 3, 7, 7], 2), (7, [7, 3, 7, 7], 4), (5, [7, 3], 2)),
    ),
    "0.2": Exercise(three_of_five, tolerance=0.006),  # two decimals are enough
    "0.3": Exercise(  # answered by simulation
        chance_level, cases=((5, 4), (2, 20), (15, 20)), tolerance=0.02
    ),
}
