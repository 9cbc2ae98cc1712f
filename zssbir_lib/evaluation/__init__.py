"""Exact retrieval evaluation: pure functions of embeddings and labels.

The files follow the way of the data: ``distances`` compares queries with the
gallery, ``ranking`` finds the ranks of the relevant photos, ``metrics`` turns
ranks into precision and average precision, ``retrieval`` averages them over the
queries, ``protocols`` says which queries and which gallery. ``average_precision``
is the same arithmetic for a single ranking, written for reading. ``codes`` makes
binary codes of embeddings; ``distance="hamming"`` ranks them.
"""

from zssbir_lib.evaluation.average_precision import average_precision, precision_at
from zssbir_lib.evaluation.codes.itq import ITQEncoder, fit_itq, retrieval_codes
from zssbir_lib.evaluation.codes.packing import pack_codes, unpack_codes
from zssbir_lib.evaluation.codes.rotation import (
    learn_rotation,
    procrustes_rotation,
    quantisation_error,
    random_rotation,
    released_rotation,
)
from zssbir_lib.evaluation.domain_gap import domain_gap
from zssbir_lib.evaluation.nearest import rank_gallery
from zssbir_lib.evaluation.protocols import (
    LabelledEmbeddings,
    RetrievalSets,
    generalised_with_seen_gallery,
    generalised_with_seen_sample,
    zero_shot,
)
from zssbir_lib.evaluation.retrieval import (
    evaluate_retrieval,
    metric_names,
    per_query_metrics,
)
from zssbir_lib.evaluation.spread import effective_rank, embedding_spread
from zssbir_lib.evaluation.statistics import mean_interval, paired_interval

__all__ = [
    "ITQEncoder",
    "LabelledEmbeddings",
    "RetrievalSets",
    "average_precision",
    "domain_gap",
    "effective_rank",
    "embedding_spread",
    "evaluate_retrieval",
    "fit_itq",
    "generalised_with_seen_gallery",
    "generalised_with_seen_sample",
    "learn_rotation",
    "mean_interval",
    "metric_names",
    "pack_codes",
    "paired_interval",
    "per_query_metrics",
    "precision_at",
    "procrustes_rotation",
    "quantisation_error",
    "random_rotation",
    "rank_gallery",
    "released_rotation",
    "retrieval_codes",
    "unpack_codes",
    "zero_shot",
]
