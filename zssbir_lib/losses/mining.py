"""Batch-hard mining by modality: the farthest positive and the nearest negative."""

from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.losses.distances import pairwise_squared_distances
from zssbir_lib.modality import SKETCH

NONE = -1  # in place of an index: the batch has no such image


class HardestImages(NamedTuple):
    """The hardest images of every anchor, as positions in the batch; -1 for none.

    Attributes:
        within_positive: farthest image of the anchor's class and modality, int64 (B,).
        within_negative: nearest of the anchor's modality and another class, int64 (B,).
        cross_positive: farthest of the anchor's class and the other modality.
        cross_negative: nearest of the other modality and another class.

    Taught in: notebook 05.
    """

    within_positive: Tensor
    within_negative: Tensor
    cross_positive: Tensor
    cross_negative: Tensor


def hardest_in_rows(
    distances: Tensor, positive: Tensor, negative: Tensor
) -> tuple[Tensor, Tensor]:
    """Find the farthest positive and the nearest negative in every row.

    Args:
        distances: float (A, C), of A anchors to C candidates.
        positive: bool (A, C), which candidates are positives of which anchor.
        negative: bool (A, C), which are negatives.

    Returns:
        Columns of the farthest positives and of the nearest negatives, int64 (A,)
        each; -1 in rows that have none.

    Example:
        >>> near = torch.tensor([[1.0, 2.0, 3.0]])
        >>> same = torch.tensor([[True, True, False]])
        >>> hardest_in_rows(near, same, ~same)
        (tensor([1]), tensor([2]))

    Taught in: notebook 05.
    """
    if distances.shape[1] == 0:
        none = torch.full(distances.shape[:1], NONE, device=distances.device)
        return none, none
    farthest = torch.where(positive, distances, -torch.inf).max(dim=1)
    nearest = torch.where(negative, distances, torch.inf).min(dim=1)
    return (
        torch.where(farthest.values == -torch.inf, NONE, farthest.indices),
        torch.where(nearest.values == torch.inf, NONE, nearest.indices),
    )


@torch.no_grad()
def mine_hardest(
    embeddings: Tensor, labels: Tensor, modality: Tensor, self_pairs: bool = False
) -> HardestImages:
    """Mine the four hardest images of every anchor, sketch or photo.

    The batch is put in order, sketches first, so that the distances fall into the
    blocks sketch-sketch, sketch-photo and photo-photo. They are computed block by
    block and without gradient: the loss differentiates only what was mined.

    Args:
        embeddings: float (B, D), as given.
        labels: class numbers, (B,).
        modality: 0 sketch, 1 photo, (B,).
        self_pairs: let an anchor be its own positive, at distance 0. It is chosen only
            where there is no other; the released code of MATHM does so.

    Returns:
        Positions in the batch.

    Source: MATHM (Huang et al.), section 3; the definitions are those of its figure 2.

    Taught in: notebook 05.
    """
    order = modality.argsort(stable=True)
    count = int((modality == SKETCH).sum())
    kinds = [
        (embeddings[part], labels[part], start)
        for part, start in ((order[:count], 0), (order[count:], count))
    ]
    within = [_hardest_within(*kind, self_pairs) for kind in kinds]
    cross = _hardest_across(*kinds)
    places = torch.stack([torch.cat(pair) for pair in zip(*within, strict=True)])
    places = torch.cat([places, torch.stack([torch.cat(p) for p in cross])])  # (4, B)
    found = torch.empty_like(places)
    found[:, order] = torch.where(places == NONE, NONE, order[places])
    return HardestImages(*found)


def _hardest_within(
    embeddings: Tensor, labels: Tensor, start: int, self_pairs: bool
) -> tuple[Tensor, Tensor]:
    """Mine in one modality; places count from `start`."""
    distances = pairwise_squared_distances(embeddings, embeddings)
    same = labels[:, None] == labels
    positive = same.clone().fill_diagonal_(self_pairs)
    return _shifted(hardest_in_rows(distances, positive, ~same), start)


def _hardest_across(
    sketches: tuple[Tensor, Tensor, int], photos: tuple[Tensor, Tensor, int]
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Mine in the other modality: positives, then negatives, sketch anchors first."""
    distances = pairwise_squared_distances(sketches[0], photos[0])
    same = sketches[1][:, None] == photos[1]
    of_sketches = _shifted(hardest_in_rows(distances, same, ~same), photos[2])
    distances, same = distances.T.contiguous(), same.T.contiguous()
    of_photos = _shifted(hardest_in_rows(distances, same, ~same), sketches[2])
    return tuple(zip(of_sketches, of_photos, strict=True))


def _shifted(columns: tuple[Tensor, Tensor], start: int) -> tuple[Tensor, Tensor]:
    """Turn columns of a block into places in the ordered batch."""
    return tuple(torch.where(c == NONE, NONE, c + start) for c in columns)
