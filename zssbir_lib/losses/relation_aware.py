"""RAMLN: quadruplets in both directions, with a margin for every anchor."""

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.losses.mining import NONE
from zssbir_lib.losses.modality_terms import LEAST_SQUARE
from zssbir_lib.losses.quadruplet_sampling import Quadruplets, hardest_quadruplets
from zssbir_lib.modality import PHOTO, SKETCH


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
        embeddings: float (B, D), used as given.
        labels: class numbers, int64 (B,).
        modality: 0 sketch, 1 photo, int64 (B,).
        margin: the gap asked for, one number or one for every anchor, float (B,).
        lam: share of the negative of the other modality, 0 to 1.
        beta: sharpness of a smooth hinge, above 0; None for the plain hinge.

    Returns:
        The mean over sketch anchors and the mean over photo anchors, averaged, a float
        tensor without dimensions. Anchors that lack an image are left out, and a
        direction that has no anchor; 0 if none has.

    Raises:
        ValueError: shapes do not fit, or lam or beta is out of range.

    Source: RAMLN (Liu et al.); positive, negatives and lambda as published, the rest
        (hard mining, the mean of both directions) is our reading.

    Taught in: notebook 06.
    """
    _check_tags(embeddings, labels=labels, modality=modality)
    quadruplets = hardest_quadruplets(embeddings, labels, modality)
    return quadruplet_set_loss(embeddings, modality, quadruplets, margin, lam, beta)


def quadruplet_set_loss(
    embeddings: Tensor,
    modality: Tensor,
    quadruplets: Quadruplets,
    margin: Tensor | float,
    lam: float = 0.5,
    beta: float | None = None,
) -> Tensor:
    """Return the loss of given quadruplets, see `relation_aware_quadruplet_loss`.

    Args:
        embeddings: float (B, D).
        modality: 0 sketch, 1 photo, int64 (B,).
        quadruplets: one for every image.
        margin: one number, or float (B,).
        lam: share of the negative of the other modality, 0 to 1.
        beta: sharpness of a smooth hinge; None for the plain hinge.

    Returns:
        The loss, a float tensor without dimensions.

    Raises:
        ValueError: shapes do not fit, or lam or beta is out of range.

    Taught in: notebook 06.
    """
    _check_tags(embeddings, modality=modality)
    if beta is not None and not beta > 0:
        raise ValueError(f"beta must be above 0, or None for the hinge; got {beta}")
    violations, valid = quadruplet_violations(embeddings, quadruplets, margin, lam)
    if beta is None:
        each = torch.relu(violations)
    else:
        each = functional.softplus(violations, beta=beta)
    return mean_of_directions(each, valid, modality)


def quadruplet_violations(
    embeddings: Tensor, quadruplets: Quadruplets, margin: Tensor | float, lam: float
) -> tuple[Tensor, Tensor]:
    """Return by how much every anchor misses its margin.

    Args:
        embeddings: float (B, D).
        quadruplets: one for every image.
        margin: one number, or float (B,).
        lam: share of the negative of the other modality, 0 to 1. A negative whose
            share is 0 may be missing.

    Returns:
        d(a, p) - (1 - lam) d(a, n1) - lam d(a, n2) + margin of every anchor, float
        (B,), and which anchors have all of it, bool (B,).

    Raises:
        ValueError: a shape does not fit or lam is out of range.

    Source: RAMLN (Liu et al.), the quadruplet loss.

    Taught in: notebook 06.
    """
    _check(embeddings, quadruplets, margin, lam)
    shares = embeddings.new_tensor([1.0, lam - 1.0, -lam])  # of p, n1, n2
    chosen = torch.stack(quadruplets)  # (3, B)
    used = shares != 0
    valid = (chosen[used] != NONE).all(dim=0)
    distances = chosen_distances(embeddings, chosen[used])
    return (shares[used, None] * distances).sum(dim=0) + margin, valid


def chosen_distances(embeddings: Tensor, chosen: Tensor) -> Tensor:
    """Return each row's distance to the rows chosen for it, differentiable twice.

    A meta step needs second derivatives, which the faster `distances_to` of
    `modality_terms` does not give.

    Args:
        embeddings: float (B, D).
        chosen: positions in the batch, int64 (K, B); -1 is read as the first row.

    Returns:
        Distances, float (K, B), at least 1e-6 and without gradient there.

    Taught in: notebook 06.
    """
    gaps = embeddings[chosen.clamp(min=0)] - embeddings  # (K, B, D)
    return gaps.square().sum(dim=2).clamp(min=LEAST_SQUARE).sqrt()


def mean_of_directions(each: Tensor, valid: Tensor, modality: Tensor) -> Tensor:
    """Average over sketch anchors and over photo anchors, then both.

    Args:
        each: float (B,).
        valid: which to count, bool (B,).
        modality: 0 sketch, 1 photo, (B,).

    Returns:
        A float tensor without dimensions; 0 if nothing is valid.

    Taught in: notebook 06.
    """
    anchors = [valid & (modality == kind) for kind in (SKETCH, PHOTO)]
    means = [each[some].mean() for some in anchors if some.any()]
    return torch.stack(means).mean() if means else 0.0 * each.sum()


def _check_tags(embeddings: Tensor, **tags: Tensor) -> None:
    """Raise unless there are embeddings, and one of each tag for every one."""
    if embeddings.ndim != 2 or len(embeddings) == 0:
        raise ValueError(
            f"embeddings must be (B, D) with B of 1 or more, got shape "
            f"{tuple(embeddings.shape)}"
        )
    for name, tag in tags.items():
        if tag.shape != embeddings.shape[:1]:
            raise ValueError(
                f"{name} must have shape ({len(embeddings)},), one for each embedding, "
                f"got {tuple(tag.shape)}"
            )


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
