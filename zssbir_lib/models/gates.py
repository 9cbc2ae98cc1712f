"""Conditional squeeze-excitation: channel gates that know sketch from photo."""

import torch
from torch import Tensor, nn

REDUCTION = 16


class ConditionalGate(nn.Module):
    """Scale every channel by a factor that depends on the image and its modality.

    The average of each channel goes through two linear layers; a further weight a
    channel is added for photos only. The factor is 2 sigmoid of the result, so that
    zero weights leave the feature map as it is. The hidden layer has fewer units than
    there are channels, by the reduction.

    Source: MATHM (Huang et al.) and SAKE: x * sigmoid(W2 relu(W1 GAP(x)) + w_tag y)
        with w_tag = 0 at the start. The factor 2 and W2 = 0 at the start are ours: the
        papers start from a pretrained SE-ResNet, we add gates to any backbone.
    """

    def __init__(self, channels: int, reduction: int = REDUCTION) -> None:
        super().__init__()
        hidden = max(1, channels // reduction)
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)
        self.tag = nn.Linear(1, channels, bias=False)
        for weights in (self.excite.weight, self.excite.bias, self.tag.weight):
            nn.init.zeros_(weights)

    def factors(self, feature_map: Tensor, modality: Tensor) -> Tensor:
        """Return the factor of every channel, between 0 and 2, (B, C)."""
        squeezed = torch.relu(self.squeeze(feature_map.mean(dim=(2, 3))))
        photo = modality.to(feature_map)[:, None]  # (B, 1)
        return 2 * torch.sigmoid(self.excite(squeezed) + self.tag(photo))

    def forward(self, feature_map: Tensor, modality: Tensor) -> Tensor:
        """Return the scaled feature map, (B, C, H, W) -> (B, C, H, W)."""
        return feature_map * self.factors(feature_map, modality)[:, :, None, None]


class GatedBackbone(nn.Module):
    """A backbone with a conditional gate in each of its last blocks.

    A gate scales what a block computes; where the block adds that to its input, the
    gate stands before the addition. At the start nothing changes, for both modalities.
    The first blocks get no gate, for example frozen ones.

    Source: MATHM (Huang et al.) has a gate before the addition of every bottleneck.
    """

    def __init__(self, backbone: nn.Module, first: int = 0) -> None:
        super().__init__()
        channels = block_channels(backbone)
        if not 0 <= first < len(channels):
            raise ValueError(
                f"no block is left to gate: the first {first} get none (frozen_blocks) "
                f"and the backbone has {len(channels)}; leave at least one"
            )
        self.blocks, self.first = backbone.blocks, first
        self.feature_size, self.pixels = backbone.feature_size, backbone.pixels
        self.gated_block = backbone.gated_block
        self.gates = nn.ModuleList(ConditionalGate(count) for count in channels[first:])

    def feature_map(self, images: Tensor, modality: Tensor) -> Tensor:
        """Return the last feature map, (B, 3, S, S) -> (B, F, H, W)."""
        features = self.blocks[: self.first](images)
        for block, gate in zip(self.blocks[self.first :], self.gates, strict=True):
            features = self.gated_block(block, gate, features, modality)
        return features

    def forward(self, images: Tensor, modality: Tensor) -> Tensor:
        """Return pooled features, (B, 3, S, S) -> (B, F)."""
        return self.feature_map(images, modality).mean(dim=(2, 3))


@torch.no_grad()
def block_channels(backbone: nn.Module, size: int = 64) -> list[int]:
    """Return the channels of each block, by sending an empty image through."""
    was_training = backbone.training
    backbone.eval()
    features, channels = torch.zeros(1, 3, size, size), []
    for block in backbone.blocks:
        features = block(features)
        channels.append(features.shape[1])
    backbone.train(was_training)
    return channels
