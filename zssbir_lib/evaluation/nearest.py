"""Find the nearest photos themselves, to show them; scores need only their ranks."""

import torch
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice, check_features
from zssbir_lib.evaluation.distances import DISTANCES, GalleryKeys
from zssbir_lib.evaluation.ranking import BUFFER_ELEMENTS

NUMBERS_A_KEY = 4  # the key, its sorted copy, and an index of eight bytes


def rank_gallery(
    query: Tensor, gallery: Tensor, k: int, distance: str = "euclidean"
) -> Tensor:
    """Return the nearest photos of every query, for retrieval panels.

    Args:
        query: (Q, D) embeddings or codes, as for ``evaluate_retrieval``.
        gallery: (N, D) embeddings or codes on the same device.
        k: number of photos to return, from 1 to N.
        distance: "euclidean", "cosine" or "hamming".

    Returns:
        (Q, k) int64 indices into the gallery, nearest first; photos with equal
        keys stand in the order of the gallery.

    Raises:
        ValueError: if the input cannot be compared, or k is out of range.

    Taught in: notebook 02.
    """
    check_choice("distance", distance, DISTANCES)
    check_features(query, gallery, distance)
    if not 1 <= k <= len(gallery):
        raise ValueError(
            f"k is {k}: choose from 1 to {len(gallery)}, the size of the gallery"
        )
    query, gallery = query.detach(), gallery.detach()
    keys = GalleryKeys(gallery, distance)
    nearest = torch.empty(len(query), k, dtype=torch.int64, device=query.device)
    rows = max(1, min(256, BUFFER_ELEMENTS // (NUMBERS_A_KEY * len(gallery))))
    for part, found in zip(query.split(rows), nearest.split(rows), strict=True):
        found.copy_(keys.compare(part).sort(stable=True).indices[:, :k])
    return nearest
