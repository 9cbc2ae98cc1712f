"""Losses: pure functions of tensors, on embeddings and logits exactly as given."""

from zssbir_lib.losses.classification import classification_loss
from zssbir_lib.losses.distances import pairwise_squared_distances, squared_distance
from zssbir_lib.losses.gradient_weights import gradient_weights, smooth_hinge
from zssbir_lib.losses.knowledge import (
    class_soft_labels,
    knowledge_preservation_loss,
)
from zssbir_lib.losses.mining import HardestImages, hardest_in_rows, mine_hardest
from zssbir_lib.losses.modality_aware import (
    AS_RELEASED,
    WEIGHTINGS,
    CombinedTerms,
    combine_terms,
    modality_aware_triplet_loss,
)
from zssbir_lib.losses.modality_terms import TERMS, TermValues, modality_aware_terms
from zssbir_lib.losses.quadruplet import quadruplet_loss
from zssbir_lib.losses.quadruplet_sampling import (
    SAMPLINGS,
    Quadruplets,
    hardest_quadruplets,
    random_quadruplets,
    sample_quadruplets,
)
from zssbir_lib.losses.relation_aware import (
    quadruplet_set_loss,
    quadruplet_violations,
    relation_aware_quadruplet_loss,
)
from zssbir_lib.losses.triplet import triplet_loss

__all__ = [
    "AS_RELEASED",
    "SAMPLINGS",
    "TERMS",
    "WEIGHTINGS",
    "CombinedTerms",
    "HardestImages",
    "Quadruplets",
    "TermValues",
    "class_soft_labels",
    "classification_loss",
    "combine_terms",
    "gradient_weights",
    "hardest_in_rows",
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
