"""Exact retrieval evaluation: pure functions of embeddings and labels.

The files follow the way of the data: ``distances`` compares queries with the
gallery, ``ranking`` finds the ranks of the relevant photos, ``metrics`` turns
ranks into precision and average precision, ``retrieval`` averages them over the
queries, ``protocols`` says which queries and which gallery. ``average_precision``
is the same arithmetic for a single ranking, written for reading. ``codes`` makes
binary codes of embeddings; ``distance="hamming"`` ranks them, and
``representations`` scores both side by side. ``statistics`` and
``uncertainty`` say how sure a score or a difference is; ``published`` has the scores
of the papers, and ``published_comparison`` says which of them can be compared.
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
from zssbir_lib.evaluation.confusion import (
    confusion_matrix,
    most_confused_pair,
    mutual_confusion,
)
from zssbir_lib.evaluation.domain_gap import domain_gap
from zssbir_lib.evaluation.nearest import rank_gallery
from zssbir_lib.evaluation.neighbourhood import (
    centre_modalities,
    expand_queries,
    mean_of_nearest,
    smooth_gallery,
)
from zssbir_lib.evaluation.protocols import (
    LabelledEmbeddings,
    RetrievalSets,
    generalised_with_seen_gallery,
    generalised_with_seen_sample,
    zero_shot,
)
from zssbir_lib.evaluation.published import (
    PublishedResult,
    methods_without_values,
    published_results,
    published_sources,
    select_results,
)
from zssbir_lib.evaluation.published_comparison import (
    Comparability,
    LikeWithLike,
    comparable,
    like_with_like,
    obstacles,
    sort_by_convention,
)
from zssbir_lib.evaluation.published_disagreements import disagreements
from zssbir_lib.evaluation.representations import (
    encode_sets,
    improve_by_neighbours,
    score_representations,
)
from zssbir_lib.evaluation.retrieval import (
    evaluate_retrieval,
    metric_names,
    per_query_metrics,
)
from zssbir_lib.evaluation.spread import effective_rank, embedding_spread
from zssbir_lib.evaluation.statistics import mean_interval, paired_interval
from zssbir_lib.evaluation.uncertainty import (
    Comparison,
    bootstrap_interval,
    chance_of_difference,
    chance_to_see,
    compare_methods,
    compare_two,
    holm,
    joint_confidence,
    pooled_spread,
    resampled_means,
    share_of_pairs_apart,
    sign_flip_test,
    smallest_visible_difference,
    table_interval,
)

__all__ = [
    "Comparability",
    "Comparison",
    "ITQEncoder",
    "LabelledEmbeddings",
    "LikeWithLike",
    "PublishedResult",
    "RetrievalSets",
    "average_precision",
    "bootstrap_interval",
    "centre_modalities",
    "chance_of_difference",
    "chance_to_see",
    "comparable",
    "compare_methods",
    "compare_two",
    "confusion_matrix",
    "disagreements",
    "domain_gap",
    "effective_rank",
    "embedding_spread",
    "encode_sets",
    "evaluate_retrieval",
    "expand_queries",
    "fit_itq",
    "generalised_with_seen_gallery",
    "generalised_with_seen_sample",
    "holm",
    "improve_by_neighbours",
    "joint_confidence",
    "learn_rotation",
    "like_with_like",
    "mean_interval",
    "mean_of_nearest",
    "methods_without_values",
    "metric_names",
    "most_confused_pair",
    "mutual_confusion",
    "obstacles",
    "pack_codes",
    "paired_interval",
    "per_query_metrics",
    "pooled_spread",
    "precision_at",
    "procrustes_rotation",
    "published_results",
    "published_sources",
    "quantisation_error",
    "random_rotation",
    "rank_gallery",
    "released_rotation",
    "resampled_means",
    "retrieval_codes",
    "score_representations",
    "select_results",
    "share_of_pairs_apart",
    "sign_flip_test",
    "smallest_visible_difference",
    "smooth_gallery",
    "sort_by_convention",
    "table_interval",
    "unpack_codes",
    "zero_shot",
]
