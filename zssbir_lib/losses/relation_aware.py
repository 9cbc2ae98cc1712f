"""RAMLN: quadruplets in both directions, with a margin for every anchor."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.losses.mining import NONE, check_batch, mine_hardest
from zssbir_lib.losses.modality_aware import LEAST_SQUARE
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.records import check_choice

SAMPLINGS = ("hard", "uniform")


class Quadruplets(NamedTuple):
    """Positions, int64 (B,), of three other images for every anchor; -1 for none."""

    positive: Tensor  # of the anchor's class and the other modality
    same_negative: Tensor  # of another class and the anchor's modality
    other_negative: Tensor  # of another class and the other modality


def relation_aware_quadruplet_loss(
    embeddings: Tensor,
    labels: Tensor,
    modality: Tensor,
    margin: Tensor | float,
    lam: float = 0.5,
    beta: float | None = None,
) -> Tensor:
    """Return the loss of batch-hard quadruplets, sketch and photo anchors alike.

    An anchor's farthest positive in the other modality shall be closer than its
    nearest negatives, of which one is of its own and one of the other modality, by the
    margin. Distances are Euclidean, not squared. With lam = 1 it is the bidirectional
    triplet loss.

    Args:
        embeddings: float (B, D).
        labels: int64 (B,).
        modality: int64 (B,).
        margin: the gap asked for, one number or one for every anchor, float (B,).
        lam: share of the negative of the other modality, 0 to 1.
        beta: sharpness of a smooth hinge, above 0; None for the plain hinge.

    Returns:
        The mean over sketch anchors and the mean over photo anchors, averaged. Anchors
        that lack an image are left out, and a direction that has no anchor; 0 if none
        has.

    Source: RAMLN (Liu et al.); positive, negatives and lambda as published, the rest
        (hard mining, the mean of both directions) is our reading.
    """
    check_batch(embeddings, labels=labels, modality=modality)
    quadruplets = hardest_quadruplets(embeddings, labels, modality)
    return quadruplet_set_loss(embeddings, modality, quadruplets, margin, lam, beta)


def sample_quadruplets(
    sampling: str,
    embeddings: Tensor,
    labels: Tensor,
    modality: Tensor,
    generator: torch.Generator,
) -> Quadruplets:
    """Choose a quadruplet for every anchor, without gradient.

    By name of the sampling they are `hardest_quadruplets` ("hard"), which draw no
    random numbers, or `random_quadruplets` ("uniform").
    """
    check_choice("sampling", sampling, SAMPLINGS)
    if sampling == "hard":
        return hardest_quadruplets(embeddings, labels, modality)
    drawn = random_quadruplets(labels.cpu(), modality.cpu(), generator)
    return Quadruplets(*(part.to(embeddings.device) for part in drawn))


def hardest_quadruplets(
    embeddings: Tensor, labels: Tensor, modality: Tensor
) -> Quadruplets:
    """Mine the hardest quadruplet of every anchor, see `mine_hardest`."""
    _, same_negative, positive, other_negative = mine_hardest(
        embeddings, labels, modality
    )
    return Quadruplets(positive, same_negative, other_negative)


def random_quadruplets(
    labels: Tensor, modality: Tensor, generator: torch.Generator
) -> Quadruplets:
    """Draw each image of every anchor's quadruplet uniformly from a batch (on the CPU).

    The arguments are those of `sample_quadruplets`.
    """
    same_class = labels[:, None] == labels  # (B, B)
    same_modality = modality[:, None] == modality

    def draw(allowed: Tensor) -> Tensor:
        order = torch.rand(allowed.shape, generator=generator)
        highest = torch.where(allowed, order, -1.0).max(dim=1)
        return torch.where(highest.values < 0, NONE, highest.indices)

    return Quadruplets(
        draw(same_class & ~same_modality),
        draw(~same_class & same_modality),
        draw(~same_class & ~same_modality),
    )


def quadruplet_set_loss(
    embeddings: Tensor,
    modality: Tensor,
    quadruplets: Quadruplets,
    margin: Tensor | float,
    lam: float = 0.5,
    beta: float | None = None,
) -> Tensor:
    """Return the loss of given quadruplets, one for every image.

    Other arguments and the result are those of `relation_aware_quadruplet_loss`.
    """
    check_batch(embeddings, modality=modality)
    if beta is not None and not beta > 0:
        raise ValueError(f"beta must be above 0, or None for the hinge; got {beta}")
    each, valid = quadruplet_violations(embeddings, quadruplets, margin, lam)
    each = functional.softplus(each, beta=beta) if beta else torch.relu(each)
    return mean_of_directions(each, valid, modality)


def quadruplet_violations(
    embeddings: Tensor, quadruplets: Quadruplets, margin: Tensor | float, lam: float
) -> tuple[Tensor, Tensor]:
    """Return by how much every anchor misses its margin, see `quadruplet_set_loss`.

    d(a, p) - (1 - lam) d(a, n1) - lam d(a, n2) + margin of every anchor, float (B,),
    and which anchors have all of it, bool (B,). A negative of share 0 may be missing.

    Source: RAMLN (Liu et al.), the quadruplet loss.
    """
    _check(embeddings, quadruplets, margin, lam)
    shares = embeddings.new_tensor([1.0, lam - 1.0, -lam])  # of p, n1, n2
    chosen = torch.stack(quadruplets)  # (3, B)
    used = shares != 0
    valid = (chosen[used] != NONE).all(dim=0)
    distances = chosen_distances(embeddings, chosen[used])
    return (shares[used, None] * distances).sum(dim=0) + margin, valid


def chosen_distances(embeddings: Tensor, chosen: Tensor) -> Tensor:
    """Return what `distances_to` does, differentiable twice for the meta step."""
    gaps = embeddings[chosen.clamp(min=0)] - embeddings  # (K, B, D)
    return gaps.square().sum(dim=2).clamp(min=LEAST_SQUARE).sqrt()


def mean_of_directions(each: Tensor, valid: Tensor, modality: Tensor) -> Tensor:
    """Average the valid of (B,) over sketch and over photo anchors, then both; or 0."""
    anchors = [valid & (modality == kind) for kind in (SKETCH, PHOTO)]
    means = [each[some].mean() for some in anchors if some.any()]
    return torch.stack(means).mean() if means else 0.0 * each.sum()


def _check(
    embeddings: Tensor, quadruplets: Quadruplets, margin: Tensor | float, lam: float
) -> None:
    """Raise unless there is one quadruplet and at most one margin for every image."""
    count = embeddings.shape[:1]
    if embeddings.ndim != 2 or any(one.shape != count for one in quadruplets):
        raise ValueError(
            f"embeddings must be (B, D) with a quadruplet for each, got "
            f"{tuple(embeddings.shape)} and {tuple(quadruplets.positive.shape)}"
        )
    if isinstance(margin, Tensor) and margin.shape not in (torch.Size([]), count):
        raise ValueError(
            f"margin must be one number or one for each of {count[0]} anchors, got "
            f"shape {tuple(margin.shape)}"
        )
    if not 0 <= lam <= 1:
        raise ValueError(f"lam must lie between 0 and 1, got {lam}")
