"""Losses: pure functions of tensors, on embeddings exactly as given."""

from zssbir_lib.losses.distances import pairwise_squared_distances, squared_distance
from zssbir_lib.losses.triplet import triplet_loss

__all__ = ["pairwise_squared_distances", "squared_distance", "triplet_loss"]
