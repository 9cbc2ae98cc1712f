"""Compare queries with a gallery and find the ranks of the relevant photos, exactly.

Ranking needs no distances, only keys: numbers in the same order, from one matrix
product and a number for each photo. Of the squared Euclidean distance, |g|^2 / 2 - q.g
is enough: |q|^2 is the same for the whole gallery. The cosine distance is one minus q.g
divided by both lengths, of which |q| changes no order. The Hamming distance of two
codes written as -1 and +1 is (bits - q.g) / 2. Keys are float32, or float64 if the
gallery's embeddings are; the gallery is copied only if it has another type or lies far
from the origin.

A rank is a count: the number of photos that are at least as near. So each query's keys
are sorted without their photos, which is fast, and those of the relevant photos are
looked up by binary search. Queries are taken class by class, a few hundred at a time,
so that they share their relevant photos: the full table of similarities never exists.

Tied photos: under the "block" rule all photos of a tied group stand at the group's
last rank (the rule of scikit-learn's ``average_precision_score``), and a group that
a cut-off goes through counts in proportion, which is its mean over all orders.
"optimistic" puts the relevant photos of a tied group first, "pessimistic" last: no
order of the tied photos gives a larger or a smaller P@K or average precision (other
than "hits"). Block values never lie below the pessimistic ones, but plain average
precision may lie above the optimistic one: two tied relevant photos behind a wrong
one score 2/3, while in any order they score (1/2 + 2/3) / 2.
"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from zssbir_lib.evaluation.checks import (
    at_least_float32,
    check_choice,
    check_features,
    check_nearest,
)
from zssbir_lib.evaluation.metrics import Cut, RelevantRanks, untied_ranks

DISTANCES = ("euclidean", "cosine", "hamming")
TIE_RULES = ("block", "optimistic", "pessimistic")
SHORTEST = 1e-12  # a length of zero would divide nothing by nothing
BUFFER_ELEMENTS = 2**25  # 128 MiB of float32 keys at most
RANK_ELEMENTS = 2**17  # 1 MiB of ranks at a time, of which metrics make many copies


# keys: one number for each query and photo, smaller means nearer


class GalleryKeys:
    """Ordering keys of queries against a fixed gallery (N, D)."""

    def __init__(self, gallery: Tensor, distance: str) -> None:
        self.distance = distance
        self.dtype = at_least_float32(gallery.dtype)
        self.centre = coarse_mean(gallery) if distance == "euclidean" else None
        self.gallery = self._prepare(gallery)
        if distance == "euclidean":
            self.halves = half_squared_lengths(self.gallery)  # (N,)
        if distance == "cosine":
            lengths = torch.linalg.vector_norm(self.gallery, dim=1)  # (N,)
            self.lengths = lengths.clamp(min=SHORTEST)

    def compare(self, query: Tensor, out: Tensor | None = None) -> Tensor:
        """Return keys (Q, N), in each row ordered like the distances."""
        query, columns = self._prepare(query), self.gallery.T
        if self.distance == "euclidean":
            return torch.addmm(self.halves, query, columns, alpha=-1, out=out)
        if self.distance == "cosine":
            return torch.mm(-normalize(query), columns, out=out).div_(self.lengths)
        return torch.mm(-query, columns, out=out)

    def _prepare(self, features: Tensor) -> Tensor:
        """Bring embeddings or codes to the form that is multiplied."""
        if self.distance == "hamming":
            return code_signs(features)
        features = features.to(self.dtype)
        shifted = self.centre is not None and self.centre.any()
        return features - self.centre if shifted else features


def half_squared_lengths(features: Tensor) -> Tensor:
    """Return |g|^2 / 2 of every row (N,), less about their mean, for more digits."""
    blocks = features.split(256)  # small enough for the processor's cache
    halves = torch.cat([block.double().square().sum(dim=1) / 2 for block in blocks])
    return (halves - coarse_mean(halves[:, None])).to(features.dtype)


def coarse_mean(features: Tensor) -> Tensor:
    """Return about the mean of the rows (D,), on a grid as wide as their spread.

    A shift changes no distance, but rounding is smallest around the origin. The grid, a
    power of two, keeps whole numbers exact, so that equal distances stay equal, and
    shifts nothing that lies around the origin. A thousand rows estimate it well enough.
    """
    sample = features[:: 1 + len(features) // 1000]
    sample = sample.to(at_least_float32(features.dtype))
    spread = sample.std(dim=0, correction=0).max()
    grid = 2.0 ** math.frexp(float(spread))[1]
    return (sample.mean(dim=0) / grid).round() * grid


def code_signs(codes: Tensor) -> Tensor:
    """Write codes (bool, -1 and +1, 0 and 1, packed uint8) as float32 -1 and +1."""
    if codes.dtype == torch.uint8:
        shifts = torch.arange(8, dtype=torch.uint8, device=codes.device)
        codes = ((codes[:, :, None] >> shifts) & 1).flatten(start_dim=1)
    return (codes > 0).float() * 2 - 1


# sorting and counting, by the fastest tool each device has: on the CPU numpy sorts keys
# without their indices, in place and with vector instructions, about ten times faster
# than torch.sort, and its binary search makes use of sorted queries


def numpy_can_read(tensor: Tensor) -> bool:
    """Return whether numpy can work in the tensor's own memory."""
    return tensor.device.type == "cpu"


def sort_rows(rows: Tensor) -> Tensor:
    """Sort every row (Q, N) in ascending order; the input may be overwritten."""
    if not numpy_can_read(rows):
        return rows.sort(dim=1).values
    rows.numpy().sort(axis=1)
    return rows


def count_up_to(sorted_rows: Tensor, values: Tensor, strictly: bool = False) -> Tensor:
    """Count in each row (Q, N) the entries at most, or below, each value (Q, R)."""
    side = "left" if strictly else "right"
    few = values.shape[1] < 32  # too few for a loop over rows to pay
    if few or not numpy_can_read(sorted_rows):
        return torch.searchsorted(sorted_rows, values, side=side)
    counts = np.empty(values.shape, dtype=np.int64)
    for row, wanted, count in zip(
        sorted_rows.numpy(), values.numpy(), counts, strict=True
    ):
        count[:] = row.searchsorted(wanted, side)
    return torch.from_numpy(counts)


def count_in_itself(sorted_rows: Tensor, strictly: bool = False) -> Tensor:
    """Count for each entry how many of its sorted row are at most (or below) it."""
    order = torch.arange(sorted_rows.shape[1], device=sorted_rows.device)
    counts = (order if strictly else order + 1).repeat(len(sorted_rows), 1)
    tied = (sorted_rows[:, 1:] == sorted_rows[:, :-1]).any(dim=1)
    if tied.any():
        rows = sorted_rows[tied]
        counts[tied] = count_up_to(rows, rows, strictly)
    return counts


# ranks


def walk_rankings(
    query: Tensor,
    gallery: Tensor,
    query_labels: Tensor,
    gallery_labels: Tensor,
    distance: str,
    ks: tuple[int, ...],
    ties: str = "block",
    chunk_size: int = 512,
) -> Iterator[tuple[Tensor, RelevantRanks]]:
    """Yield indices (B,) of queries of one class and the ranks of their photos (B, R).

    Queries without a relevant photo are never yielded. Fewer than `chunk_size` are
    compared at a time if their keys would not fit into 128 MiB.
    """
    columns_of = class_columns(gallery_labels)
    keys = GalleryKeys(gallery, distance)
    chunk_size = min(chunk_size, len(query), max(1, BUFFER_ELEMENTS // len(gallery)))
    buffer = keys.gallery.new_empty(chunk_size, len(gallery))

    query_order = query_labels.argsort(stable=True)
    has_relevant = torch.isin(query_labels[query_order], gallery_labels)
    for chunk in query_order[has_relevant].split(chunk_size):
        chunk_keys = keys.compare(query[chunk], out=buffer[: len(chunk)])
        labels, sizes = torch.unique_consecutive(
            query_labels[chunk], return_counts=True
        )
        sizes = sizes.tolist()
        of_class = labels.tolist(), chunk.split(sizes), chunk_keys.split(sizes)
        for label, members, rows in zip(*of_class, strict=True):
            columns = columns_of[label]
            size = max(1, RANK_ELEMENTS // len(columns))
            parts = zip(members.split(size), rows.split(size), strict=True)
            for part, part_keys in parts:
                relevant = part_keys.index_select(1, columns)
                yield part, rank_relevant(part_keys, relevant, ks, ties)


def class_columns(labels: Tensor) -> dict[int, Tensor]:
    """Return where the photos of each class stand in a gallery, ascending (R,)."""
    labels, order = labels.sort(stable=True)
    names, sizes = torch.unique_consecutive(labels, return_counts=True)
    return dict(zip(names.tolist(), order.split(sizes.tolist()), strict=True))


def rank_relevant(
    keys: Tensor, relevant: Tensor, ks: tuple[int, ...] = (), ties: str = "block"
) -> RelevantRanks:
    """Rank relevant photos (Q, R) among keys (Q, N); overwrites both.

    The ranks have cuts at every K and every min(K, R).
    """
    keys, relevant = sort_rows(keys), sort_rows(relevant)
    depths = sorted({depth for k in ks for depth in (k, min(k, relevant.shape[1]))})
    if ties == "block":
        rank, found = count_up_to(keys, relevant), count_in_itself(relevant)
        cuts = {depth: block_cut(keys, relevant, depth) for depth in depths}
        return RelevantRanks(rank, found, cuts)
    best = ties == "optimistic"
    ahead = count_up_to(keys, relevant, best) - count_in_itself(relevant, best)
    order = torch.arange(1, relevant.shape[1] + 1, device=relevant.device)
    return untied_ranks(ahead + order, depths)


def block_cut(keys: Tensor, relevant: Tensor, depth: int) -> Cut:
    """Count the hits inside the first photos when tied photos share their ranks."""
    if depth >= keys.shape[1]:
        everything = relevant.new_full((len(relevant),), relevant.shape[1])
        return Cut(depth, everything.long(), everything.double())
    last = keys[:, depth - 1].contiguous()[:, None]  # the key at rank K
    before = count_up_to(keys, last, strictly=True)
    tied = count_up_to(keys, last) - before
    relevant_before = count_up_to(relevant, last, strictly=True)
    relevant_tied = count_up_to(relevant, last) - relevant_before
    share = ((depth - before) / tied.double()).clamp(max=1)
    hits = relevant_before + share * relevant_tied
    return Cut(depth, relevant_before[:, 0], hits[:, 0])


# the photos themselves, to show them; scores need only their ranks


def rank_gallery(
    query: Tensor, gallery: Tensor, k: int, distance: str = "euclidean"
) -> Tensor:
    """Return the photos nearest to every query: int64 (Q, k), nearest first.

    They are indices into the gallery; of equal keys, the first photo comes first.

    Args:
        query: (Q, D) embeddings or codes, as for `evaluate_retrieval`.
        gallery: (N, D) embeddings or codes on the same device.
        k: number of photos to return, from 1 to N.
        distance: "euclidean", "cosine" or "hamming".
    """
    check_choice("distance", distance, DISTANCES)
    check_features(query, gallery, distance)
    check_nearest("k", k, gallery)
    query, gallery = query.detach(), gallery.detach()
    keys = GalleryKeys(gallery, distance)
    nearest = torch.empty(len(query), k, dtype=torch.int64, device=query.device)
    # four numbers a key: itself, its sorted copy, and an index of eight bytes
    rows = max(1, min(256, BUFFER_ELEMENTS // (4 * len(gallery))))
    for part, found in zip(query.split(rows), nearest.split(rows), strict=True):
        found.copy_(keys.compare(part).sort(stable=True).indices[:, :k])
    return nearest
