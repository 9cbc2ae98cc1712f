"""Where published tables contradict each other.

Taught in: notebook 07.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from zssbir_lib.evaluation.published import PublishedResult


def disagreements(
    results: Sequence[PublishedResult],
) -> list[tuple[PublishedResult, PublishedResult]]:
    """Find the pairs of values on which tables contradict each other.

    Both claim to be the same quantity of the same method, in different tables, and they
    differ in the value by more than rounding, or in the number of dimensions.

    Args:
        results: Published values.

    Returns:
        Pairs, in the order of the results.

    Taught in: notebook 07.
    """
    return [pair for pair in combinations(results, 2) if _contradict(*pair)]


def _contradict(first: PublishedResult, second: PublishedResult) -> bool:
    """Return whether two values should agree and do not."""
    shared = ("method", "variant", "benchmark", "setting", "quantity", "binary")
    if any(getattr(first, name) != getattr(second, name) for name in shared):
        return False
    if set(first.sources) & set(second.sources):
        return False  # one table with two rows
    lengths = {first.dimensions, second.dimensions} - {None}
    apart = abs(Decimal(first.printed) - Decimal(second.printed))
    return len(lengths) == 2 or apart > _rounding(first.printed, second.printed)


def _rounding(first: str, second: str) -> Decimal:
    """Return how far apart two prints of one number may be: 0, or half a digit."""
    digits = {Decimal(text).as_tuple().exponent for text in (first, second)}
    return Decimal(0) if len(digits) == 1 else Decimal(5).scaleb(max(digits) - 1)
