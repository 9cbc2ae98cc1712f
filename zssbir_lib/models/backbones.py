"""Backbones: networks that turn an image into one pooled feature vector.

A new torchvision backbone is one entry in `BACKBONES`; nothing else knows their names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torchvision
from torch import Tensor, nn
from torchvision.models.mobilenetv2 import InvertedResidual

Gate = Callable[[Tensor, Tensor], Tensor]  # of a feature map and the modality
GatedBlock = Callable[[nn.Module, Gate, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class PixelStatistics:
    """Mean and standard deviation that a backbone's input is normalised with."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


IMAGENET_PIXELS = PixelStatistics((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def gate_after(
    block: nn.Module, gate: Gate, features: Tensor, modality: Tensor
) -> Tensor:
    """Apply a block, then its gate."""
    return gate(block(features), modality)


def gate_inverted_residual(
    block: nn.Module, gate: Gate, features: Tensor, modality: Tensor
) -> Tensor:
    """Apply a block of MobileNetV2; where it adds its input, the gate stands before."""
    if not isinstance(block, InvertedResidual):  # the first block and the last
        return gate(block(features), modality)
    branch = gate(block.conv(features), modality)
    return features + branch if block.use_res_connect else branch


def gate_bottleneck(
    block: nn.Module, gate: Gate, features: Tensor, modality: Tensor
) -> Tensor:
    """Apply a block of ResNet-50 with the gate before the addition."""
    if isinstance(block, nn.Sequential):  # the stem
        return gate(block(features), modality)
    shortcut = features if block.downsample is None else block.downsample(features)
    branch = block.relu(block.bn1(block.conv1(features)))
    branch = block.relu(block.bn2(block.conv2(branch)))
    branch = gate(block.bn3(block.conv3(branch)), modality)
    return block.relu(branch + shortcut)


class SmallConvNet(nn.Module):
    """Five convolution blocks for drawn images of 32 to 64 pixels.

    About 0.2 million weights: it trains on one processor core in seconds. The average
    over all positions is the feature.
    """

    feature_size = 128
    pixels = PixelStatistics((0.5, 0.5, 0.5), (0.3, 0.3, 0.3))
    gated_block = staticmethod(gate_after)

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            convolution_block(3, 16, kernel=5, stride=2),
            convolution_block(16, 32, kernel=3, stride=2),
            convolution_block(32, 64, kernel=3, stride=1),
            convolution_block(64, 96, kernel=3, stride=2),
            convolution_block(96, 128, kernel=3, stride=2),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return pooled features, (B, 3, S, S) -> (B, 128)."""
        return self.blocks(images).mean(dim=(2, 3))  # average over positions


def convolution_block(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Module:
    """Return convolution, batch normalisation and ReLU, in this order."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class TorchvisionBackbone(nn.Module):
    """A torchvision classifier without its last layer.

    Its blocks keep their order in `blocks`, so that the first ones can be frozen. Parts
    are torchvision's names of them, several for one block; weights whose names begin
    with `classifier` are left out; `gated_block` applies a block with a gate.
    """

    pixels = IMAGENET_PIXELS

    def __init__(
        self,
        network: Callable[..., nn.Module],
        parts: tuple[str | tuple[str, ...], ...],
        feature_size: int,
        classifier: str,
        gated_block: GatedBlock = gate_after,
    ) -> None:
        super().__init__()
        part_of = network(weights=None).get_submodule
        self.blocks = nn.Sequential(
            *(
                part_of(part)
                if isinstance(part, str)
                else nn.Sequential(*map(part_of, part))
                for part in parts
            )
        )
        self.network, self.parts, self.classifier = network, parts, classifier
        self.feature_size, self.gated_block = feature_size, gated_block

    def forward(self, images: Tensor) -> Tensor:
        """Return pooled features, (B, 3, S, S) -> (B, feature_size)."""
        return self.blocks(images).mean(dim=(2, 3))

    def torchvision_names(self) -> dict[str, str]:
        """Return torchvision's names of all weights mapped to ours.

        A network is built for it. Its random draws have always come before those of
        later layers: without them, gates would start from other weights.
        """
        reference, places = self.network(weights=None), {}
        for number, part in enumerate(self.parts):
            if isinstance(part, str):
                places[part] = f"blocks.{number}"
            else:
                places |= {one: f"blocks.{number}.{i}" for i, one in enumerate(part)}
        return {
            f"{theirs}.{rest}": f"{ours}.{rest}"
            for theirs, ours in places.items()
            for rest in reference.get_submodule(theirs).state_dict()
        }


BACKBONES: dict[str, Callable[[], nn.Module]] = {
    "small": SmallConvNet,
    "mobilenet_v2": partial(
        TorchvisionBackbone,
        torchvision.models.mobilenet_v2,
        parts=tuple(f"features.{number}" for number in range(19)),
        feature_size=1280,
        classifier="classifier.",
        gated_block=gate_inverted_residual,
    ),
    "resnet50": partial(
        TorchvisionBackbone,
        torchvision.models.resnet50,
        parts=(
            ("conv1", "bn1", "relu", "maxpool"),
            *(f"layer1.{number}" for number in range(3)),
            *(f"layer2.{number}" for number in range(4)),
            *(f"layer3.{number}" for number in range(6)),
            *(f"layer4.{number}" for number in range(3)),
        ),
        feature_size=2048,
        classifier="fc.",
        gated_block=gate_bottleneck,
    ),
}


def build_backbone(name: str) -> nn.Module:
    """Build a backbone with fresh random weights, by its name in `BACKBONES`.

    It maps float images (B, 3, S, S), normalised with its `pixels`, to features
    (B, feature_size); its `blocks` are an `nn.Sequential`.
    """
    if name not in BACKBONES:
        known = ", ".join(BACKBONES)
        raise ValueError(f"no backbone is called {name!r}; choose one of: {known}")
    return BACKBONES[name]()
