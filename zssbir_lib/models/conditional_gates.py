"""Conditional squeeze-excitation: channel gates that know sketch from photo."""

import torch
from torch import Tensor, nn
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import Bottleneck

REDUCTION = 16


class ConditionalGate(nn.Module):
    """Scale every channel by a factor that depends on the image and its modality.

    The average of each channel goes through two linear layers; a further weight a
    channel is added for photos only. The factor is 2 sigmoid of the result, so that
    zero weights leave the feature map as it is.

    Args:
        channels: number C of channels.
        reduction: how many times fewer units the hidden layer has.

    Source: MATHM (Huang et al.) and SAKE: x * sigmoid(W2 relu(W1 GAP(x)) + w_tag y)
        with w_tag = 0 at the start. The factor 2 and W2 = 0 at the start are ours: the
        papers start from a pretrained SE-ResNet, we add gates to any backbone.

    Taught in: notebook 05.
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
        """Return the factor of every channel.

        Args:
            feature_map: float (B, C, H, W).
            modality: 0 sketch, 1 photo, (B,).

        Returns:
            Factors, float (B, C), between 0 and 2.
        """
        squeezed = torch.relu(self.squeeze(feature_map.mean(dim=(2, 3))))
        photo = modality.to(feature_map)[:, None]  # (B, 1)
        return 2 * torch.sigmoid(self.excite(squeezed) + self.tag(photo))

    def forward(self, feature_map: Tensor, modality: Tensor) -> Tensor:
        """Return the scaled feature map, (B, C, H, W) -> (B, C, H, W)."""
        return feature_map * self.factors(feature_map, modality)[:, :, None, None]


class GatedBackbone(nn.Module):
    """A backbone with a conditional gate in each of its last blocks.

    A gate scales what a block computes; where the block adds that to its input, the
    gate stands before the addition. At the start the gated backbone computes what the
    backbone computes, for both modalities.

    Args:
        backbone: its `blocks` are applied one after the other; see `build_backbone`.
        first: number of first blocks that get no gate, for example frozen ones.
        reduction: see `ConditionalGate`.

    Raises:
        ValueError: there is no block left to gate.

    Source: MATHM (Huang et al.) has a gate before the addition of every bottleneck.

    Taught in: notebook 05.
    """

    def __init__(
        self, backbone: nn.Module, first: int = 0, reduction: int = REDUCTION
    ) -> None:
        super().__init__()
        channels = block_channels(backbone)
        if not 0 <= first < len(channels):
            raise ValueError(
                f"no block is left to gate: the first {first} get none (frozen_blocks) "
                f"and the backbone has {len(channels)}; leave at least one"
            )
        self.blocks, self.first = backbone.blocks, first
        self.feature_size, self.pixels = backbone.feature_size, backbone.pixels
        self.gates = nn.ModuleList(
            ConditionalGate(count, reduction) for count in channels[first:]
        )

    def feature_map(self, images: Tensor, modality: Tensor) -> Tensor:
        """Return the last feature map, (B, 3, S, S) -> (B, F, H, W).

        Args:
            images: normalised float images.
            modality: 0 sketch, 1 photo, (B,).
        """
        features = self.blocks[: self.first](images)
        for block, gate in zip(self.blocks[self.first :], self.gates, strict=True):
            features = gated_block(block, gate, features, modality)
        return features

    def forward(self, images: Tensor, modality: Tensor) -> Tensor:
        """Return pooled features, (B, 3, S, S) -> (B, F)."""
        return self.feature_map(images, modality).mean(dim=(2, 3))


def gated_block(
    block: nn.Module, gate: ConditionalGate, features: Tensor, modality: Tensor
) -> Tensor:
    """Apply a block with its gate: before the addition if the block is residual.

    Args:
        block: of a backbone.
        gate: of as many channels as the block gives.
        features: float (B, C, H, W).
        modality: 0 sketch, 1 photo, (B,).

    Returns:
        What the block gives, gated, float (B, C', H', W').

    Taught in: notebook 05.
    """
    if isinstance(block, InvertedResidual):
        branch = gate(block.conv(features), modality)
        return features + branch if block.use_res_connect else branch
    if isinstance(block, Bottleneck):
        shortcut = features if block.downsample is None else block.downsample(features)
        branch = block.relu(block.bn1(block.conv1(features)))
        branch = block.relu(block.bn2(block.conv2(branch)))
        branch = gate(block.bn3(block.conv3(branch)), modality)
        return block.relu(branch + shortcut)
    return gate(block(features), modality)


@torch.no_grad()
def block_channels(backbone: nn.Module, size: int = 64) -> list[int]:
    """Return how many channels each block of a backbone gives.

    Args:
        backbone: see `build_backbone`; its mode is restored.
        size: side of the image that is sent through it.

    Taught in: notebook 05.
    """
    was_training = backbone.training
    backbone.eval()
    features, channels = torch.zeros(1, 3, size, size), []
    for block in backbone.blocks:
        features = block(features)
        channels.append(features.shape[1])
    backbone.train(was_training)
    return channels
