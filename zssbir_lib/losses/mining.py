"""Batch-hard mining by modality: the farthest positive and the nearest negative."""

from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.modality import SKETCH

NONE = -1  # in place of an index: the batch has no such image
ROWS = 256  # anchors at a time: a larger matrix takes more memory and is no faster


class HardestImages(NamedTuple):
    """Positions in the batch, int64 (B,), of every anchor's hardest; -1 for none."""

    within_positive: Tensor  # the farthest of the anchor's class and modality
    within_negative: Tensor  # the nearest of the anchor's modality and another class
    cross_positive: Tensor  # the farthest of the anchor's class, other modality
    cross_negative: Tensor  # the nearest of another class and the other modality


@torch.no_grad()
def mine_hardest(
    embeddings: Tensor, labels: Tensor, modality: Tensor, self_pairs: bool = False
) -> HardestImages:
    """Mine the four hardest images of every anchor, sketch or photo.

    The batch is that of `modality_aware_triplet_loss`. There is no gradient: the loss
    differentiates only the distances to what was mined. With self pairs, an anchor that
    has no other positive is its own, at distance 0, as in the released code of MATHM.

    Source: MATHM (Huang et al.), figure 2; definitions as in its released code.
    """
    lengths, is_sketch = embeddings.square().sum(1), modality == SKETCH
    found = []
    for start in range(0, len(embeddings), ROWS):
        part = slice(start, start + ROWS)
        # |c|^2 - 2 a.c: the squared distance but for |a|^2, the same in the whole row
        ranks = torch.addmm(lengths, embeddings[part], embeddings.T, alpha=-2)  # (A, B)
        same, own = labels[part, None] == labels, is_sketch[part, None] == is_sketch
        different, other = ~same, ~own
        if not self_pairs:
            same.diagonal(start).fill_(False)
        within = hardest_in_rows(ranks, same & own, different & own)
        cross = hardest_in_rows(ranks, same & other, different & other)
        found.append(torch.stack([*within, *cross]))
    return HardestImages(*torch.cat(found, dim=1))


def hardest_in_rows(
    distances: Tensor, positive: Tensor, negative: Tensor
) -> tuple[Tensor, Tensor]:
    """Return each row's farthest positive and nearest negative; -1 where it has none.

    Example:
        >>> near = torch.tensor([[1.0, 2.0, 3.0]])
        >>> same = torch.tensor([[True, True, False]])
        >>> hardest_in_rows(near, same, ~same)
        (tensor([1]), tensor([2]))
    """
    if distances.shape[1] == 0:
        none = torch.full(distances.shape[:1], NONE, device=distances.device)
        return none, none
    farthest = distances.masked_fill(~positive, -torch.inf).max(dim=1)
    nearest = distances.masked_fill(~negative, torch.inf).min(dim=1)
    return (
        torch.where(farthest.values == -torch.inf, NONE, farthest.indices),
        torch.where(nearest.values == torch.inf, NONE, nearest.indices),
    )


def check_batch(embeddings: Tensor, **tags: Tensor) -> None:
    """Raise unless there are embeddings, and one of each tag for every one."""
    if embeddings.ndim != 2 or len(embeddings) == 0:
        raise ValueError(
            f"embeddings must be (B, D) with B above 0, got {tuple(embeddings.shape)}"
        )
    for name, tag in tags.items():
        if tag.shape != embeddings.shape[:1]:
            raise ValueError(
                f"{name} must have shape ({len(embeddings)},), one for each embedding, "
                f"got {tuple(tag.shape)}"
            )
