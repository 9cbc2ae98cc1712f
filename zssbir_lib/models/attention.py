"""Attention pooling: a learned, weighted average over a feature map's positions."""

import torch
from torch import Tensor, nn

REDUCTION = 4  # how many times fewer channels the hidden layer has


class AttentionPooling(nn.Module):
    """Average a feature map with weights that depend on what stands where.

    Two 1x1 convolutions give every position a score, a softmax over the positions
    makes weights of the scores, and the weighted average is the pooled feature. The
    last convolution starts at zero, so that training starts from the plain average.

    Args:
        channels: number F of channels of the feature map.

    Source: SBTKNet (Tursun et al.), section 3, tries a soft attention module on the
        last feature map and gives no equations. This is the soft spatial attention of
        Song et al. (ICCV 2017) as a weighted mean; starting at the plain mean is ours.

    Taught in: notebook 04.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(1, channels // REDUCTION)
        self.score = nn.Sequential(
            nn.Conv2d(channels, hidden, kernel_size=1),
            nn.ReLU(),
            nn.Conv2d(hidden, 1, kernel_size=1),
        )
        nn.init.zeros_(self.score[-1].weight)
        nn.init.zeros_(self.score[-1].bias)

    def weights(self, feature_map: Tensor) -> Tensor:
        """Return one weight a position, (B, F, H, W) -> (B, H, W); they sum to 1."""
        scores = self.score(feature_map)  # (B, 1, H, W)
        return torch.softmax(scores.flatten(1), dim=1).view_as(scores[:, 0])

    def forward(self, feature_map: Tensor) -> Tensor:
        """Return weighted averages, (B, F, H, W) -> (B, F)."""
        weights = self.weights(feature_map)[:, None]  # (B, 1, H, W)
        return (feature_map * weights).sum(dim=(2, 3))
