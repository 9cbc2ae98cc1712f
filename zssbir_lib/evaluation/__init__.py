"""Exact retrieval evaluation: pure functions of embeddings and labels.

In reading order: ``metrics`` turns the ranks of the relevant photos into precision and
average precision, ``ranking`` compares queries with the gallery and finds those ranks,
``retrieval`` averages over the queries, ``protocols`` says which queries and which
gallery. ``codes`` makes binary codes of embeddings, ``neighbourhood`` improves
embeddings by their neighbours, ``representations`` scores all of them side by side.
``spread`` describes embeddings without ranking them. ``statistics`` and ``comparisons``
say how sure a score or a difference is; ``published`` has the scores of the papers and
says which of them can be compared.

Input without a meaning raises a ValueError that names the argument, what was expected,
and the remedy (``checks``); docstrings do not repeat it.
"""

from zssbir_lib.evaluation.codes import (
    fit_itq,
    learn_rotation,
    pack_codes,
    quantisation_error,
    random_rotation,
    retrieval_codes,
    unpack_codes,
)
from zssbir_lib.evaluation.comparisons import (
    Comparison,
    compare_methods,
    sign_flip_test,
)
from zssbir_lib.evaluation.metrics import average_precision, precision_at
from zssbir_lib.evaluation.neighbourhood import (
    centre_modalities,
    expand_queries,
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
    comparable,
    disagreements,
    like_with_like,
    methods_without_values,
    obstacles,
    published_results,
    published_sources,
    select_results,
)
from zssbir_lib.evaluation.ranking import rank_gallery
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
from zssbir_lib.evaluation.spread import (
    confusion_matrix,
    domain_gap,
    embedding_spread,
    most_confused_pair,
    mutual_confusion,
)
from zssbir_lib.evaluation.statistics import (
    bootstrap_interval,
    chance_of_difference,
    chance_to_see,
    mean_interval,
    paired_interval,
    pooled_spread,
    share_of_pairs_apart,
    smallest_visible_difference,
)

__all__ = [
    "Comparison",
    "LabelledEmbeddings",
    "PublishedResult",
    "RetrievalSets",
    "average_precision",
    "bootstrap_interval",
    "centre_modalities",
    "chance_of_difference",
    "chance_to_see",
    "comparable",
    "compare_methods",
    "confusion_matrix",
    "disagreements",
    "domain_gap",
    "embedding_spread",
    "encode_sets",
    "evaluate_retrieval",
    "expand_queries",
    "fit_itq",
    "generalised_with_seen_gallery",
    "generalised_with_seen_sample",
    "improve_by_neighbours",
    "learn_rotation",
    "like_with_like",
    "mean_interval",
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
    "published_results",
    "published_sources",
    "quantisation_error",
    "random_rotation",
    "rank_gallery",
    "retrieval_codes",
    "score_representations",
    "select_results",
    "share_of_pairs_apart",
    "sign_flip_test",
    "smallest_visible_difference",
    "smooth_gallery",
    "unpack_codes",
    "zero_shot",
]
