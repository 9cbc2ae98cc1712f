"""What photos say of each other: embeddings improved by their nearest neighbours.

Nothing is learned and no label is used. A gallery is known before any query comes, so
its photos may look at each other once; a query may look at the photos it finds. These
are settings of the search, not of a network: a score with them must say so, and stands
beside scores with them only. Embeddings of half precision are averaged in float32.
"""

import torch
from torch import Tensor
from torch.nn import functional

from zssbir_lib.evaluation.checks import (
    at_least_float32,
    check_features,
    check_nearest,
)
from zssbir_lib.evaluation.ranking import BUFFER_ELEMENTS

NEIGHBOURS = 20


def smooth_gallery(gallery: Tensor, neighbours: int = NEIGHBOURS) -> Tensor:
    """Replace every photo by the mean of those nearest to it, (N, D) of length one.

    Neighbours are 1 to N, the photo itself included: with 1 only its length changes.

    Source: database-side feature augmentation, Arandjelovic and Zisserman, "Three
        things everyone should know to improve object retrieval" (2012).
    """
    return mean_of_nearest(gallery, gallery, neighbours)


def expand_queries(
    query: Tensor, gallery: Tensor, neighbours: int = NEIGHBOURS
) -> Tensor:
    """Move queries half-way to the mean of the photos they find, (Q, D) of length one.

    Args:
        query: embeddings, float (Q, D).
        gallery: embeddings, float (N, D).
        neighbours: number of photos, 1 to N.

    Source: query expansion by the mean, Chum et al., "Total recall" (2007).
    """
    found = mean_of_nearest(query, gallery, neighbours)
    return functional.normalize(unit(query) + found, dim=1)


def mean_of_nearest(points: Tensor, gallery: Tensor, neighbours: int) -> Tensor:
    """Average the photos nearest to each point by the cosine, (M, D) of length one."""
    check_features(points, gallery, "euclidean")
    check_nearest("neighbours", neighbours, gallery)
    photos = unit(gallery)
    points = points.detach().to(photos.dtype)
    means = torch.empty_like(points)
    row = max(len(photos), neighbours * photos.shape[1])  # numbers held for a point
    rows = max(1, BUFFER_ELEMENTS // (2 * row))
    for part, mean in zip(points.split(rows), means.split(rows), strict=True):
        nearest = (part @ photos.T).topk(neighbours, dim=1).indices  # (M, k)
        torch.mean(photos[nearest], dim=1, out=mean)
    return functional.normalize(means, dim=1, out=means)


def unit(embeddings: Tensor) -> Tensor:
    """Scale every row to length one, (N, D) -> (N, D), in float32 or float64."""
    wide = embeddings.detach().to(at_least_float32(embeddings.dtype))
    return functional.normalize(wide, dim=1)


def centre_modalities(query: Tensor, gallery: Tensor) -> tuple[Tensor, Tensor]:
    """Subtract from queries and gallery the mean of each, the gap between modalities.

    Takes embeddings and returns some of length one. The queries' mean takes many
    queries at once: a setting in which all come together.
    """
    check_features(query, gallery, "euclidean")
    query, gallery = unit(query), unit(gallery)
    return unit(query - query.mean(dim=0)), unit(gallery - gallery.mean(dim=0))
