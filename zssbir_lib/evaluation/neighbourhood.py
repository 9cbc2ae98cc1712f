"""What photos say of each other: embeddings improved by their nearest neighbours.

Nothing is learned and no label is used. A gallery is known before any query comes, so
its photos may look at each other once; a query may look at the photos it finds. These
are settings of the search, not of a network: a score with them must say so, and stands
beside scores with them only.

Taught in: notebook 07.
"""

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.evaluation.checks import check_features
from zssbir_lib.evaluation.ranking import BUFFER_ELEMENTS

NEIGHBOURS = 20


def smooth_gallery(gallery: Tensor, neighbours: int = NEIGHBOURS) -> Tensor:
    """Replace every photo by the mean of the photos nearest to it, itself included.

    Args:
        gallery: (N, D) embeddings.
        neighbours: how many, 1 to N; with 1 nothing changes but the length.

    Returns:
        (N, D) of length one.

    Raises:
        ValueError: if the input is no embedding, or the number is out of range.

    Source: database-side feature augmentation, Arandjelovic and Zisserman, "Three
        things everyone should know to improve object retrieval" (2012).

    Taught in: notebook 07.
    """
    return mean_of_nearest(gallery, gallery, neighbours)


def expand_queries(
    query: Tensor, gallery: Tensor, neighbours: int = NEIGHBOURS
) -> Tensor:
    """Move every query half-way to the mean of the photos nearest to it.

    Args:
        query: (Q, D) embeddings.
        gallery: (N, D) embeddings.
        neighbours: how many photos, 1 to N.

    Returns:
        (Q, D) of length one.

    Raises:
        ValueError: if the input is no embedding, or the number is out of range.

    Source: query expansion by the mean, Chum et al., "Total recall" (2007).

    Taught in: notebook 07.
    """
    found = mean_of_nearest(query, gallery, neighbours)
    return functional.normalize(functional.normalize(query, dim=1) + found, dim=1)


def mean_of_nearest(points: Tensor, gallery: Tensor, neighbours: int) -> Tensor:
    """Average the photos that are nearest to each point by the cosine.

    Args:
        points: (M, D) embeddings.
        gallery: (N, D) embeddings.
        neighbours: how many, 1 to N.

    Returns:
        (M, D) of length one.

    Raises:
        ValueError: if the input is no embedding, or the number is out of range.

    Taught in: notebook 07.
    """
    check_features(points, gallery, "euclidean")
    if not 1 <= neighbours <= len(gallery):
        raise ValueError(
            f"neighbours is {neighbours}: choose from 1 to {len(gallery)}, the size of "
            "the gallery"
        )
    photos = functional.normalize(gallery, dim=1)
    row = max(len(photos), neighbours * photos.shape[1])  # numbers held for a point
    means = []
    for part in points.split(max(1, BUFFER_ELEMENTS // row)):
        nearest = (part @ photos.T).topk(neighbours, dim=1).indices  # (M, k)
        means.append(photos[nearest].mean(dim=1))
    return functional.normalize(torch.cat(means), dim=1)


def centre_modalities(query: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
    """Subtract from queries and gallery the mean of each: the gap between modalities.

    The queries' mean takes many queries at once: a setting in which all come together.

    Args:
        query: (Q, D) embeddings.
        gallery: (N, D) embeddings.

    Returns:
        Both, of length one.

    Raises:
        ValueError: if the input is no embedding.

    Taught in: notebook 07.
    """
    check_features(query, gallery, "euclidean")
    query, gallery = (functional.normalize(part, dim=1) for part in (query, gallery))
    centred = (part - part.mean(dim=0) for part in (query, gallery))
    query, gallery = (functional.normalize(part, dim=1) for part in centred)
    return query, gallery
