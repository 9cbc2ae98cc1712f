"""Losses: pure functions of tensors, on embeddings and logits exactly as given."""

from zssbir_lib.losses.classification import classification_loss
from zssbir_lib.losses.distances import pairwise_squared_distances, squared_distance
from zssbir_lib.losses.knowledge import (
    class_soft_labels,
    knowledge_preservation_loss,
)
from zssbir_lib.losses.quadruplet import quadruplet_loss
from zssbir_lib.losses.triplet import triplet_loss

__all__ = [
    "class_soft_labels",
    "classification_loss",
    "knowledge_preservation_loss",
    "pairwise_squared_distances",
    "quadruplet_loss",
    "squared_distance",
    "triplet_loss",
]
