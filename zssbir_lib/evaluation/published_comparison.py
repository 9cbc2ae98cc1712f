"""Which published values may be compared with each other, and why others may not.

Two values can be compared if they measure the same thing on the same images. Backbone
and dimension belong to the method: they are reasons for a difference, not against a
comparison.

Taught in: notebook 07.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from zssbir_lib.evaluation.published import QUANTITIES, PublishedResult

UNKNOWN_DEFINITION = "the definition of the metric is not known"
UNKNOWN_CLASSES = "the unseen classes are not known"
UNKNOWN_PROTOCOL = "which of the generalised protocols was used is not known"


class LikeWithLike(NamedTuple):
    """What values of one group share: they may be compared with each other.

    Taught in: notebook 07.
    """

    benchmark: str
    setting: str
    metric: str
    split: str


@dataclass(frozen=True)
class Comparability:
    """Whether two values can be compared: true if there is no reason against it.

    Args:
        reasons: Why they cannot, one sentence each; empty if they can.

    Taught in: notebook 07.
    """

    reasons: tuple[str, ...]

    def __bool__(self) -> bool:
        """Return whether there is no reason against the comparison."""
        return not self.reasons


def obstacles(result: PublishedResult) -> tuple[str, ...]:
    """Say why a value cannot be compared with any other.

    Args:
        result: A published value.

    Returns:
        One sentence for each obstacle; empty if everything needed is known.

    Taught in: notebook 07.
    """
    found = []
    if result.metric.endswith("/unknown"):
        found.append(UNKNOWN_DEFINITION)
    if result.split == "unknown":
        found.append(UNKNOWN_CLASSES)
    if result.setting == "generalised":
        found.append(UNKNOWN_PROTOCOL)
    if result.caveat:
        found.append(result.caveat)
    return tuple(found)


def comparable(first: PublishedResult, second: PublishedResult) -> Comparability:
    """Say whether two values can be compared, and if not, why.

    Args:
        first: A published value.
        second: Another one.

    Returns:
        An answer that is true if they can be compared; else its `reasons` name what
        differs, and what is not known about either.

    Taught in: notebook 07.
    """
    unknown = [
        f"{one.name}: {why}" for one in (first, second) for why in obstacles(one)
    ]
    return Comparability((*_differences(first, second), *dict.fromkeys(unknown)))


def like_with_like(
    results: Iterable[PublishedResult],
) -> dict[LikeWithLike, list[PublishedResult]]:
    """Group the values that can be compared with each other.

    Real-valued embeddings and binary codes of a method share a group, for the reader
    to see what codes cost; `comparable` keeps them apart.

    Args:
        results: Published values.

    Returns:
        The groups, largest first, each in the order of the results. Values with
        `obstacles` are in none.

    Taught in: notebook 07.
    """
    groups: dict[LikeWithLike, list[PublishedResult]] = {}
    for result in results:
        if not obstacles(result):
            key = LikeWithLike(
                *(getattr(result, name) for name in LikeWithLike._fields)
            )
            groups.setdefault(key, []).append(result)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def sort_by_convention(results: Iterable[PublishedResult]) -> list[PublishedResult]:
    """Sort values so that those with the same meaning stand together.

    Args:
        results: Published values.

    Returns:
        They, by benchmark, setting, quantity, definition (unknown last), split
        (unknown last), real-valued before binary, and value, the largest first.

    Taught in: notebook 07.
    """

    def place(result: PublishedResult) -> tuple:
        return (
            result.benchmark,
            result.setting != "zero-shot",
            QUANTITIES.index(result.quantity),
            (result.metric.endswith("/unknown"), result.metric),
            (result.split == "unknown", result.split),
            bool(result.binary),
            -result.value,
        )

    return sorted(results, key=place)


def _differences(first: PublishedResult, second: PublishedResult) -> list[str]:
    """Say in which ways two values are known to mean different things."""
    found = []
    if _different_images(first.benchmark, second.benchmark):
        found.append(f"{first.benchmark} and {second.benchmark} are different images")
    elif first.split != second.split and "unknown" not in (first.split, second.split):
        found.append(f"unseen classes of {first.split} and of {second.split} differ")
    if first.setting != second.setting:
        found.append(f"{first.setting} and {second.setting} are different settings")
    if first.quantity != second.quantity:
        found.append(f"{first.quantity} and {second.quantity} are different quantities")
    elif (
        first.metric != second.metric and "unknown" not in first.metric + second.metric
    ):
        found.append(f"{first.metric} and {second.metric} are different definitions")
    if {first.binary, second.binary} == {True, False}:
        found.append("real-valued embeddings and binary codes differ in what they cost")
    return found


def _different_images(first: str, second: str) -> bool:
    """Return whether two benchmarks are known to be different."""
    datasets = {name.partition("-")[0] for name in (first, second)}
    known = not first.endswith("-unknown") and not second.endswith("-unknown")
    return len(datasets) == 2 or (known and first != second)
