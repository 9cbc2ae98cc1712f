"""Losses: pure functions of tensors, on embeddings and logits exactly as given.

A batch is embeddings, float (B, D), labels, int64 (B,), and modality, int64 (B,), 0
sketch and 1 photo. A loss is a float tensor without dimensions. Wrong shapes, labels,
names and numbers raise a ValueError that says what was expected.
"""

from zssbir_lib.losses.mining import mine_hardest
from zssbir_lib.losses.modality_aware import (
    AS_RELEASED,
    TERMS,
    WEIGHTINGS,
    CombinedTerms,
    TermValues,
    combine_terms,
    gradient_weights,
    modality_aware_terms,
    modality_aware_triplet_loss,
    smooth_hinge,
)
from zssbir_lib.losses.relation_aware import (
    SAMPLINGS,
    Quadruplets,
    hardest_quadruplets,
    quadruplet_set_loss,
    quadruplet_violations,
    random_quadruplets,
    relation_aware_quadruplet_loss,
    sample_quadruplets,
)
from zssbir_lib.losses.semantic import (
    class_soft_labels,
    classification_loss,
    knowledge_preservation_loss,
)
from zssbir_lib.losses.triplet import (
    pairwise_squared_distances,
    quadruplet_loss,
    squared_distance,
    triplet_loss,
)

__all__ = [
    "AS_RELEASED",
    "SAMPLINGS",
    "TERMS",
    "WEIGHTINGS",
    "CombinedTerms",
    "Quadruplets",
    "TermValues",
    "class_soft_labels",
    "classification_loss",
    "combine_terms",
    "gradient_weights",
    "hardest_quadruplets",
    "knowledge_preservation_loss",
    "mine_hardest",
    "modality_aware_terms",
    "modality_aware_triplet_loss",
    "pairwise_squared_distances",
    "quadruplet_loss",
    "quadruplet_set_loss",
    "quadruplet_violations",
    "random_quadruplets",
    "relation_aware_quadruplet_loss",
    "sample_quadruplets",
    "smooth_hinge",
    "squared_distance",
    "triplet_loss",
]
