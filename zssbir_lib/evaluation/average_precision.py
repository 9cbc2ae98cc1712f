"""Precision and average precision of one ranking, written for reading.

A ranking is a list of zeros and ones, best photo first: 1 where the photo shows
the class of the query. ``metrics`` computes the same quantities for thousands of
queries at once; the tests hold the two against each other.
"""

from collections.abc import Sequence

DIVISORS = ("min", "hits", "relevant", "k")


def precision_at(relevance: Sequence[int], k: int) -> float:
    """Return the share of relevant photos among the first k.

    Args:
        relevance: 0 or 1 for every gallery photo, best first, length N.
        k: number of photos looked at, at least 1. Where k is larger than N the
            missing photos count as wrong.

    Returns:
        A number from 0 to 1.

    Raises:
        ValueError: if the ranking holds anything but 0 and 1, or k is below 1.

    Source: P@K of SBTKNet (arXiv 2102.04016), section 4.
    Taught in: notebook 02.
    """
    _check(relevance, k)
    return sum(relevance[:k]) / k


def average_precision(
    relevance: Sequence[int],
    k: int | None = None,
    divide_by: str = "min",
    interpolated: bool = False,
) -> float:
    """Average the precision at the ranks of the relevant photos.

    Args:
        relevance: 0 or 1 for every gallery photo, best first, length N.
        k: look at the first k photos only; None for the whole ranking.
        divide_by: "min" for the smaller of k and R, "hits" for the relevant
            photos inside the first k, "relevant" for R, "k" for k itself. R is
            the number of relevant photos in the whole ranking. Without k, "min",
            "hits" and "relevant" agree.
        interpolated: replace each precision by the best precision at the same or
            a later rank inside the first k (the Pascal VOC envelope).

    Returns:
        A number from 0 to 1; 0 if no relevant photo is inside the first k.

    Raises:
        ValueError: if the ranking has no relevant photo or holds anything but 0
            and 1, if k is below 1, or if the divisor is unknown.

    Source: SBTKNet (arXiv 2102.04016), equation 7, for "relevant"; the other
        conventions are those of the published evaluation code.
    Taught in: notebook 02.
    """
    k = len(relevance) if k is None else k
    _check(relevance, k)
    relevant = sum(relevance)
    if relevant == 0:
        raise ValueError(
            "the ranking has no relevant photo: average precision is not defined; "
            "leave such a query out"
        )
    ranks = [i for i, hit in enumerate(relevance[:k], start=1) if hit]
    precisions = [precision_at(relevance, rank) for rank in ranks]
    if interpolated:
        precisions = [max(precisions[i:]) for i in range(len(precisions))]
    return sum(precisions) / _divisor(divide_by, k, relevant, max(len(ranks), 1))


def _divisor(name: str, k: int, relevant: int, hits: int) -> int:
    """Return the number by which the sum of precisions is divided."""
    if name not in DIVISORS:
        raise ValueError(f"unknown divisor {name!r}: choose one of {DIVISORS}")
    return {"min": min(k, relevant), "hits": hits, "relevant": relevant, "k": k}[name]


def _check(relevance: Sequence[int], k: int) -> None:
    """Refuse rankings and cut-offs that have no meaning."""
    if k < 1:
        raise ValueError(f"k is {k}: look at least at 1 photo of a non-empty ranking")
    strange = [value for value in relevance if value not in (0, 1)]
    if strange:
        raise ValueError(f"the ranking holds {strange[0]!r}: expected only 0 and 1")
