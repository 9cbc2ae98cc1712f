"""Find the ranks of the relevant photos without ever sorting the photos.

A rank is a count: the number of gallery photos that are at least as near. So it is
enough to sort each query's keys (numbers without their photos, which is fast) and
to look up the keys of the relevant photos by binary search. Queries are taken class by
class, a few hundred rows at a time, so that those of a class share their relevant
photos: the full table of similarities never exists, and the gallery is not copied.

Tied photos: under the "block" rule all photos of a tied group stand at the group's
last rank (the rule of scikit-learn's ``average_precision_score``), and a group that
a cut-off goes through counts in proportion, which is its mean over all orders.
"optimistic" puts the relevant photos of a tied group first, "pessimistic" last: no
order of the tied photos gives a larger or a smaller P@K or average precision (other
than "hits"). Block values never lie below the pessimistic ones, but plain average
precision may lie above the optimistic one: two tied relevant photos behind a wrong
one score 2/3, while in any order they score (1/2 + 2/3) / 2.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from zssbir_lib.evaluation.distances import GalleryKeys
from zssbir_lib.evaluation.metrics import Cut, RelevantRanks, untied_ranks
from zssbir_lib.evaluation.sorting import count_in_itself, count_up_to, sort_rows

TIE_RULES = ("block", "optimistic", "pessimistic")
BUFFER_ELEMENTS = 2**25  # 128 MiB of float32 keys at most
RANK_ELEMENTS = 2**17  # 1 MiB of ranks at a time, of which metrics make many copies


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
    """Yield the ranks of the relevant photos, for groups of queries of one class.

    Args:
        query: (Q, D) embeddings or codes, checked already.
        gallery: (N, D) embeddings or codes on the same device.
        query_labels: (Q,) int64 on that device.
        gallery_labels: (N,) int64 on that device.
        distance: "euclidean", "cosine" or "hamming".
        ks: the cut-offs K at which hits are counted, as well as at min(K, R).
        ties: "block", "optimistic" or "pessimistic".
        chunk_size: queries compared at a time; fewer if the gallery is so large
            that their keys would not fit into 128 MiB.

    Yields:
        The indices of some queries (B,) and their ranks (B, R). Queries without a
        relevant photo are never yielded.

    Taught in: notebook 02.
    """
    columns_of = class_columns(gallery_labels)
    keys = GalleryKeys(gallery, distance)
    chunk_size = min(chunk_size, len(query), max(1, BUFFER_ELEMENTS // len(gallery)))
    buffer = keys.gallery.new_empty(chunk_size, len(gallery))

    query_order = query_labels.argsort(stable=True)
    has_relevant = torch.isin(query_labels[query_order], gallery_labels)
    for chunk in query_order[has_relevant].split(chunk_size):
        chunk_keys = keys.compare(query[chunk], out=buffer[: len(chunk)])
        for label, members in class_slices(query_labels[chunk]).items():
            columns = columns_of[label]
            for rows in split_slice(members, max(1, RANK_ELEMENTS // len(columns))):
                relevant = chunk_keys[rows].index_select(1, columns)
                yield chunk[rows], rank_relevant(chunk_keys[rows], relevant, ks, ties)


def class_columns(labels: Tensor) -> dict[int, Tensor]:
    """Return where the photos of each class stand in a gallery.

    Args:
        labels: (N,) integers in any order.

    Returns:
        Ascending int64 positions (R,) for every label.

    Taught in: notebook 02.
    """
    labels, order = labels.sort(stable=True)
    return {label: order[where] for label, where in class_slices(labels).items()}


def class_slices(sorted_labels: Tensor) -> dict[int, slice]:
    """Return where each class stands in sorted labels.

    Args:
        sorted_labels: (N,) integers, equal ones side by side.

    Returns:
        A slice for every label.

    Taught in: notebook 02.
    """
    labels, sizes = torch.unique_consecutive(sorted_labels, return_counts=True)
    ends = sizes.cumsum(dim=0)
    bounds = zip(labels.tolist(), (ends - sizes).tolist(), ends.tolist(), strict=True)
    return {label: slice(start, end) for label, start, end in bounds}


def split_slice(rows: slice, size: int) -> Iterator[slice]:
    """Yield the slice in parts of at most that size.

    Taught in: notebook 02.
    """
    for start in range(rows.start, rows.stop, size):
        yield slice(start, min(start + size, rows.stop))


def rank_relevant(
    keys: Tensor, relevant: Tensor, ks: tuple[int, ...] = (), ties: str = "block"
) -> RelevantRanks:
    """Count ranks and hits of the relevant photos of queries of one class.

    Args:
        keys: (Q, N) ordering keys, smaller is nearer. Overwritten.
        relevant: (Q, R), the keys of the relevant photos among them.
            Overwritten.
        ks: the cut-offs K.
        ties: "block", "optimistic" or "pessimistic".

    Returns:
        The ranks, with cuts at every K and every min(K, R).

    Taught in: notebook 02.
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
    """Count the hits inside the first photos when tied photos share their ranks.

    Args:
        keys: (Q, N), ascending.
        relevant: (Q, R), ascending.
        depth: the cut-off K.

    Returns:
        The hits; all R of them where K reaches the end of the gallery.

    Taught in: notebook 02.
    """
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
