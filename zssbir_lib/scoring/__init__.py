"""Scoring: everything between a network with images and its metrics.

`embedding` sends images through a network, `scores` makes queries and galleries of what
comes out. One pass through the backbone serves every feature, protocol and code.
"""

from zssbir_lib.scoring.embedding import (
    FEATURES,
    PooledImages,
    accuracy,
    apply_head,
    embed,
    images_at_a_time,
    unit,
)
from zssbir_lib.scoring.scores import (
    CELL_METRICS,
    CELLS,
    PROTOCOLS,
    SplitScorer,
    check_gallery_size,
    check_unseen,
    embed_zero_shot,
    score_retrieval,
)

__all__ = [
    "CELLS",
    "CELL_METRICS",
    "FEATURES",
    "PROTOCOLS",
    "PooledImages",
    "SplitScorer",
    "accuracy",
    "apply_head",
    "check_gallery_size",
    "check_unseen",
    "embed",
    "embed_zero_shot",
    "images_at_a_time",
    "score_retrieval",
    "unit",
]
