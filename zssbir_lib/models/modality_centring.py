"""Modality centring: take from every feature what all images of its modality share."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from zssbir_lib.modality import NAMES


class ModalityCentring(nn.Module):
    """Subtract from features of length one the mean feature of their modality.

    Sketches as a whole lie elsewhere than photos as a whole. The means are those of
    the training images, running averages like those of BatchNorm, so that nothing has
    to be known of the images that are searched.

    Args:
        features: number F of dimensions.
        momentum: share of a mean that each batch replaces, above 0, at most 1.

    Raises:
        ValueError: the momentum is out of range.

    Source: the distance between modalities in an embedding space, Liang et al.
        (NeurIPS 2022).

    Taught in: notebook 07.
    """

    def __init__(self, features: int, momentum: float = 0.05) -> None:
        super().__init__()
        if not 0 < momentum <= 1:
            raise ValueError(f"momentum must be above 0 and at most 1, got {momentum}")
        self.momentum = momentum
        self.register_buffer("means", torch.zeros(len(NAMES), features))
        self.register_buffer("batches", torch.zeros(len(NAMES), dtype=torch.int64))

    @torch.no_grad()
    def note(self, pooled: Tensor, modality: Tensor) -> None:
        """Take the features of a training batch into the means.

        The first batches are averaged evenly, later ones with the momentum.

        Args:
            pooled: features as the backbone gives them, float (B, F).
            modality: 0 sketch, 1 photo, (B,); a modality may be missing.
        """
        directions = functional.normalize(pooled.float(), dim=1)
        for kind in range(len(NAMES)):
            chosen = directions[modality.to(pooled.device) == kind]
            if len(chosen) == 0:
                continue
            self.batches[kind] += 1
            share = max(self.momentum, 1 / int(self.batches[kind]))
            self.means[kind].lerp_(chosen.mean(dim=0), share)

    def forward(self, pooled: Tensor, modality: Tensor) -> Tensor:
        """Return centred features of length one, (B, F) and (B,) -> (B, F)."""
        directions = functional.normalize(pooled, dim=1)
        means = self.means[modality.to(self.means.device)]  # (B, F)
        return functional.normalize(directions - means, dim=1)
