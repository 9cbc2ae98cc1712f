"""Exact retrieval evaluation: pure functions of embeddings and labels.

The files follow the way of the data: ``distances`` compares queries with the
gallery, ``ranking`` finds the ranks of the relevant photos, ``metrics`` turns
ranks into precision and average precision, ``retrieval`` averages them over the
queries, ``protocols`` says which queries and which gallery. ``average_precision``
is the same arithmetic for a single ranking, written for reading.
"""

from zssbir_lib.evaluation.average_precision import average_precision, precision_at
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
    "LabelledEmbeddings",
    "RetrievalSets",
    "average_precision",
    "domain_gap",
    "effective_rank",
    "embedding_spread",
    "evaluate_retrieval",
    "generalised_with_seen_gallery",
    "generalised_with_seen_sample",
    "mean_interval",
    "metric_names",
    "paired_interval",
    "per_query_metrics",
    "precision_at",
    "rank_gallery",
    "zero_shot",
]
