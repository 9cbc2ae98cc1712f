"""What a ranking compares: real numbers or bits, plain or after test-time steps.

One trained network gives four scores in every protocol. The embeddings as they are
("real") and codes of 64 bits made of them ("code") are what the papers report. "real+"
and "code+" are the same after steps that need no training and no label: each embedding
averaged with that of the mirrored image, the gallery smoothed by its neighbours, the
queries expanded by the photos they find. A score with a plus stands beside scores with
a plus only.
"""

from torch import Tensor

from zssbir_lib.evaluation.codes import retrieval_codes
from zssbir_lib.evaluation.neighbourhood import (
    NEIGHBOURS,
    expand_queries,
    smooth_gallery,
)
from zssbir_lib.evaluation.protocols import LabelledEmbeddings, RetrievalSets

REPRESENTATIONS = ("real", "code", "real+", "code+")
BITS = 64


def score_representations(
    plain: RetrievalSets,
    mirrored: RetrievalSets,
    bits: int = BITS,
    neighbours: int = NEIGHBOURS,
) -> dict[str, dict[str, float | int]]:
    """Return the metrics of the same images by representation, for all four.

    Args:
        plain: embeddings of queries and gallery.
        mirrored: the same images, each averaged with its mirror image.
        bits: length of a code.
        neighbours: how many photos are averaged.
    """
    improved = improve_by_neighbours(mirrored, neighbours)
    return {
        "real": plain.evaluate(),
        "code": encode_sets(plain, bits).evaluate(distance="hamming"),
        "real+": improved.evaluate(),
        "code+": encode_sets(improved, bits).evaluate(distance="hamming"),
    }


def encode_sets(sets: RetrievalSets, bits: int = BITS) -> RetrievalSets:
    """Replace embeddings by the packed codes that ITQ learns from their gallery."""
    codes = retrieval_codes(sets.query.embeddings, sets.gallery.embeddings, bits)
    return with_embeddings(sets, *codes)


def improve_by_neighbours(
    sets: RetrievalSets, neighbours: int = NEIGHBOURS
) -> RetrievalSets:
    """Smooth the gallery, then expand the queries in the smoothed gallery."""
    gallery = smooth_gallery(sets.gallery.embeddings, neighbours)
    query = expand_queries(sets.query.embeddings, gallery, neighbours)
    return with_embeddings(sets, query, gallery)


def with_embeddings(
    sets: RetrievalSets, query: Tensor, gallery: Tensor
) -> RetrievalSets:
    """Return the same images with other embeddings, labels kept."""
    return RetrievalSets(
        LabelledEmbeddings(query, sets.query.labels),
        LabelledEmbeddings(gallery, sets.gallery.labels),
    )
