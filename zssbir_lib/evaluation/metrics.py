"""Precision and average precision: of one ranking for reading, of many at once.

A ranking is a list of zeros and ones, best photo first: 1 where the photo shows the
class of the query. All queries of a batched call belong to the same class, so they
share R, the number of relevant photos in the gallery, and their ranks form a (Q, R)
table; everything is float64 there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice

DIVISORS = ("min", "hits", "relevant", "k")


# one ranking


def precision_at(relevance: Sequence[int], k: int) -> float:
    """Return the share of relevant photos among the first k, 0 to 1.

    Args:
        relevance: 0 or 1 for every gallery photo, best first, length N.
        k: photos looked at, at least 1; beyond N, missing photos count as wrong.

    Source: P@K of SBTKNet (arXiv 2102.04016), section 4.
    """
    _check(relevance, k)
    return sum(relevance[:k]) / k


def average_precision(
    relevance: Sequence[int],
    k: int | None = None,
    divide_by: str = "min",
    interpolated: bool = False,
) -> float:
    """Average the precision at the ranks of the relevant photos, 0 if none is found.

    Args:
        relevance: 0 or 1 for every gallery photo, best first, length N.
        k: look at the first k photos only; None for the whole ranking.
        divide_by: "min" for the smaller of k and R, "hits" for the relevant photos
            inside the first k, "relevant" for R, the relevant photos of the whole
            ranking, "k" for k itself. Without k, all but "k" agree.
        interpolated: replace each precision by the best at the same or a later rank
            inside the first k (the Pascal VOC envelope).

    Source: SBTKNet (arXiv 2102.04016), equation 7, for "relevant"; the other
        conventions are those of the published evaluation code.
    """
    k = len(relevance) if k is None else k
    _check(relevance, k)
    check_choice("divisor", divide_by, DIVISORS)
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
    divisors = min(k, relevant), max(len(ranks), 1), relevant, k
    return sum(precisions) / divisors[DIVISORS.index(divide_by)]


def _check(relevance: Sequence[int], k: int) -> None:
    """Refuse rankings and cut-offs that have no meaning."""
    if k < 1:
        raise ValueError(f"k is {k}: look at least at 1 photo of a non-empty ranking")
    strange = [value for value in relevance if value not in (0, 1)]
    if strange:
        raise ValueError(f"the ranking holds {strange[0]!r}: expected only 0 and 1")


# many rankings


@dataclass(frozen=True)
class Cut:
    """The hits inside the first K photos, for each of Q queries."""

    depth: int  # K
    whole: Tensor  # (Q,) relevant photos inside K whatever the order of tied photos
    # (Q,) float64, `whole` plus the share of a group of tied photos that the cut goes
    # through: of a group of 10 with 4 relevant photos, 5 of whose places lie inside, 2
    hits: Tensor

    @property
    def precision(self) -> Tensor:
        """Return P@K (Q,); photos that are missing are misses."""
        return self.hits / self.depth


@dataclass(frozen=True)
class RelevantRanks:
    """Where the R relevant photos of Q queries stand, best first."""

    rank: Tensor  # (Q, R) from 1; by the block rule, how many are at least as near
    found: Tensor  # (Q, R) relevant photos up to that rank
    cuts: dict[int, Cut]  # the hits inside K, for every K that is asked for


def untied_ranks(rank: Tensor, depths: list[int]) -> RelevantRanks:
    """Describe rankings without ties by the ranks (Q, R) of their relevant photos."""
    found = torch.arange(1, rank.shape[1] + 1, device=rank.device).expand_as(rank)
    hits = {depth: (rank <= depth).sum(dim=1) for depth in depths}
    cuts = {depth: Cut(depth, whole, whole.double()) for depth, whole in hits.items()}
    return RelevantRanks(rank, found, cuts)


def envelope(precision: Tensor) -> Tensor:
    """Replace every precision by the largest at the same or a later rank."""
    return precision.flip(1).cummax(dim=1).values.flip(1)


def precision_sums(precision: Tensor, cut: Cut) -> tuple[Tensor, Tensor]:
    """Add up the precisions (Q, R) inside K: plain sums, and of the envelope inside K.

    The part of a tied group inside K has the precision at K.
    """
    width = min(cut.depth, precision.shape[1])
    inside = torch.arange(width, device=precision.device) < cut.whole[:, None]
    shared = cut.hits - cut.whole
    last = torch.where(shared > 0, cut.precision, 0.0)
    plain = precision[:, :width] * inside
    interpolated = torch.maximum(envelope(plain), last[:, None]) * inside
    rest = shared * last
    return plain.sum(dim=1) + rest, interpolated.sum(dim=1) + rest


def metrics_at(precision: Tensor, ranks: RelevantRanks, k: int) -> dict[str, Tensor]:
    """Return every convention of mAP@K and P@K, one value a query.

    Source: "relevant" is SBTKNet (arXiv 2102.04016), equation 7; "voc" is what
        the evaluation code of SAKE, MATHM and ZSE-SBIR computes.
    """
    cut, relevant = ranks.cuts[k], precision.shape[1]
    fewest = min(k, relevant)
    total, total_voc = precision_sums(precision, cut)
    return {
        f"map@{k}/min": total / fewest,
        f"map@{k}/voc": total_voc / fewest,
        f"map@{k}/hits": torch.where(cut.hits > 0, total / cut.hits, 0.0),
        f"map@{k}/relevant": total / relevant,
        f"map@{k}/k": total / k,
        f"p@{k}": cut.precision,
        f"p@{k}/capped": ranks.cuts[fewest].precision,
    }


def all_metrics(ranks: RelevantRanks, ks: tuple[int, ...]) -> dict[str, Tensor]:
    """Return every metric of one group of queries, one float64 value a query."""
    precision = ranks.found.double() / ranks.rank  # (Q, R)
    values = {
        "map@all": precision.mean(dim=1),
        "map@all/voc": envelope(precision).mean(dim=1),
    }
    for k in ks:
        values |= metrics_at(precision, ranks, k)
    return values
