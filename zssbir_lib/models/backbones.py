"""Backbones: networks that turn an image into one pooled feature vector."""

from collections.abc import Callable
from dataclasses import dataclass

import torchvision
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class PixelStatistics:
    """Mean and standard deviation that a backbone's input is normalised with.

    Taught in: notebook 02.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class SmallConvNet(nn.Module):
    """Five convolution blocks for drawn images of 32 to 64 pixels.

    About 0.2 million weights: it trains on one processor core in seconds. Each block
    is convolution, batch normalisation, ReLU; the average over all positions is the
    feature.

    Taught in: notebook 02.
    """

    feature_size = 128
    pixels = PixelStatistics((0.5, 0.5, 0.5), (0.3, 0.3, 0.3))

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

    Its blocks keep their order in `blocks`, so that the first ones can be frozen.
    """

    pixels = PixelStatistics(IMAGENET_MEAN, IMAGENET_STD)

    def __init__(self, blocks: nn.Sequential, feature_size: int) -> None:
        super().__init__()
        self.blocks = blocks
        self.feature_size = feature_size

    def forward(self, images: Tensor) -> Tensor:
        """Return pooled features, (B, 3, S, S) -> (B, feature_size)."""
        return self.blocks(images).mean(dim=(2, 3))


def mobilenet_v2() -> TorchvisionBackbone:
    """Return MobileNetV2 without its classifier (1280 features)."""
    network = torchvision.models.mobilenet_v2(weights=None)
    return TorchvisionBackbone(network.features, feature_size=1280)


def resnet50() -> TorchvisionBackbone:
    """Return ResNet-50 without its classifier (2048 features): stem, 16 bottlenecks."""
    network = torchvision.models.resnet50(weights=None)
    stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool)
    layers = (network.layer1, network.layer2, network.layer3, network.layer4)
    bottlenecks = [bottleneck for layer in layers for bottleneck in layer]
    return TorchvisionBackbone(nn.Sequential(stem, *bottlenecks), feature_size=2048)


BACKBONES: dict[str, Callable[[], nn.Module]] = {
    "small": SmallConvNet,
    "mobilenet_v2": mobilenet_v2,
    "resnet50": resnet50,
}


def build_backbone(name: str) -> nn.Module:
    """Build a backbone with fresh random weights.

    Args:
        name: "small", "mobilenet_v2" or "resnet50".

    Returns:
        A module that maps float images (B, 3, S, S), normalised with its `pixels`,
        to features (B, feature_size); its `blocks` are an `nn.Sequential`.

    Raises:
        ValueError: there is no backbone of that name.

    Taught in: notebook 02.
    """
    if name not in BACKBONES:
        known = ", ".join(BACKBONES)
        raise ValueError(f"no backbone is called {name!r}; choose one of: {known}")
    return BACKBONES[name]()
