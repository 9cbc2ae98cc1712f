"""Precision and average precision of many queries, from the ranks of their hits.

All queries of one call belong to the same class, so they share R, the number of
relevant photos in the gallery, and their ranks form a (Q, R) table. Everything is
float64. ``average_precision`` has the same formulas for one ranking.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Cut:
    """The hits inside the first K photos, for each of Q queries.

    Args:
        depth: K.
        whole: (Q,) relevant photos inside K whatever the order of tied photos.
        hits: (Q,) float64, ``whole`` plus the share of a group of tied photos
            that the cut goes through: of a group of 10 with 4 relevant photos, 5
            of whose places lie inside, 2 hits count.

    Taught in: notebook 02.
    """

    depth: int
    whole: Tensor
    hits: Tensor


@dataclass(frozen=True)
class RelevantRanks:
    """Where the R relevant photos of Q queries stand, best first.

    Args:
        rank: (Q, R) 1-based ranks; under the block rule the number of photos that
            are at least as near as this one.
        found: (Q, R) relevant photos up to that rank.
        cuts: the hits inside K, for every K that is asked for.

    Taught in: notebook 02.
    """

    rank: Tensor
    found: Tensor
    cuts: dict[int, Cut]


def untied_ranks(rank: Tensor, depths: list[int]) -> RelevantRanks:
    """Describe rankings without ties by the ranks of their relevant photos.

    Args:
        rank: (Q, R) 1-based ranks, increasing in each row.
        depths: the cut-offs K that will be asked for.

    Returns:
        The ranks with their cuts.

    Taught in: notebook 02.
    """
    found = torch.arange(1, rank.shape[1] + 1, device=rank.device).expand_as(rank)
    cuts = {}
    for depth in depths:
        hits = (rank <= depth).sum(dim=1)
        cuts[depth] = Cut(depth, hits, hits.double())
    return RelevantRanks(rank, found, cuts)


def precision_at_cut(cut: Cut) -> Tensor:
    """Return P@K = hits inside K, divided by K (photos that are missing are misses).

    Taught in: notebook 02.
    """
    return cut.hits / cut.depth


def precision_at_hits(ranks: RelevantRanks) -> Tensor:
    """Return the (Q, R) precisions at the rank of every relevant photo.

    Taught in: notebook 02.
    """
    return ranks.found.double() / ranks.rank


def envelope(precision: Tensor) -> Tensor:
    """Replace every precision by the largest at the same or a later rank.

    Taught in: notebook 02.
    """
    return precision.flip(1).cummax(dim=1).values.flip(1)


def precision_sums(precision: Tensor, cut: Cut) -> tuple[Tensor, Tensor]:
    """Add up the precisions of the relevant photos inside K.

    Args:
        precision: (Q, R) float64 precision at every relevant photo.
        cut: the hits inside K.

    Returns:
        (Q,) sums of the plain and of the interpolated precisions (the envelope
        inside K). The part of a tied group inside K has the precision at K.

    Taught in: notebook 02.
    """
    width = min(cut.depth, precision.shape[1])
    inside = torch.arange(width, device=precision.device) < cut.whole[:, None]
    shared = cut.hits - cut.whole
    last = torch.where(shared > 0, precision_at_cut(cut), 0.0)
    plain = precision[:, :width] * inside
    interpolated = torch.maximum(envelope(plain), last[:, None]) * inside
    rest = shared * last
    return plain.sum(dim=1) + rest, interpolated.sum(dim=1) + rest


def metrics_at(precision: Tensor, ranks: RelevantRanks, k: int) -> dict[str, Tensor]:
    """Return every convention of mAP@K and P@K, one value a query.

    Args:
        precision: (Q, R) float64, from ``precision_at_hits``.
        ranks: the ranks, with cuts at K and at the smaller of K and R.
        k: the cut-off K.

    Returns:
        (Q,) float64 values by metric name.

    Source: "relevant" is SBTKNet (arXiv 2102.04016), equation 7; "voc" is what
        the evaluation code of SAKE, MATHM and ZSE-SBIR computes.
    Taught in: notebook 02.
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
        f"p@{k}": precision_at_cut(cut),
        f"p@{k}/capped": precision_at_cut(ranks.cuts[fewest]),
    }


def all_metrics(ranks: RelevantRanks, ks: tuple[int, ...]) -> dict[str, Tensor]:
    """Return every metric of one group of queries, one value a query.

    Args:
        ranks: the ranks of R relevant photos, with cuts at every K and at the
            smaller of K and R.
        ks: the cut-offs K.

    Returns:
        (Q,) float64 values by metric name.

    Taught in: notebook 02.
    """
    precision = precision_at_hits(ranks)
    values = {
        "map@all": precision.mean(dim=1),
        "map@all/voc": envelope(precision).mean(dim=1),
    }
    for k in ks:
        values |= metrics_at(precision, ranks, k)
    return values
