"""What stands on a feature map: attention pooling, classifiers, modality centring."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from zssbir_lib.modality import NAMES

REDUCTION = 4  # how many times fewer channels the hidden layer of attention has


class AttentionPooling(nn.Module):
    """Average a feature map with weights that depend on what stands where.

    Two 1x1 convolutions give every position a score, a softmax over the positions
    makes weights of the scores, and the weighted average is the pooled feature. The
    last convolution starts at zero, so that training starts from the plain average.

    Source: SBTKNet (Tursun et al.), section 3, tries a soft attention module on the
        last feature map and gives no equations. This is the soft spatial attention of
        Song et al. (ICCV 2017) as a weighted mean; starting at the plain mean is ours.
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


def classifier(
    inputs: int, classes: int, bias: bool = True, scale: float = 0.0
) -> nn.Module:
    """Build a classifier of embeddings or pooled features.

    Args:
        inputs: how many numbers it sees.
        classes: how many logits it gives.
        bias: of a linear classifier.
        scale: 0 for a linear classifier; above 0 for a `CosineClassifier`.
    """
    if scale == 0:
        return nn.Linear(inputs, classes, bias)
    return CosineClassifier(inputs, classes, scale)


class CosineClassifier(nn.Module):
    """Score an embedding by its cosine with one learned direction for each class.

    A linear classifier may tell classes by the length of the embedding, which retrieval
    throws away when it scales embeddings to length one. Here both are scaled first, so
    that what classifies is what retrieves, and the directions are prototypes of the
    classes on the sphere on which sketches and photos lie. The scale says how sharp the
    probabilities can be.

    Source: NormFace (Wang et al., ACM MM 2017); as a baseline of retrieval, Zhai and Wu
        (BMVC 2019).
    """

    def __init__(self, features: int, classes: int, scale: float) -> None:
        super().__init__()
        if not scale > 0:
            raise ValueError(f"scale must be above 0, got {scale}")
        self.scale = scale
        self.weight = nn.Parameter(torch.empty(classes, features))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)  # as nn.Linear does

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return logits between -scale and scale, (B, D) -> (B, C)."""
        directions = functional.normalize(self.weight, dim=1)  # (C, D)
        return self.scale * functional.normalize(embeddings, dim=1) @ directions.T


class ModalityCentring(nn.Module):
    """Subtract from features of length one the mean feature of their modality.

    Sketches as a whole lie elsewhere than photos as a whole. The means are those of
    the training images, running averages like those of BatchNorm, so that nothing has
    to be known of the images that are searched. The momentum is the share of a mean
    that each batch replaces.

    Source: the distance between modalities in an embedding space, Liang et al.
        (NeurIPS 2022).
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
        """Take the features of a training batch, (B, F), into the means.

        The first batches are averaged evenly, later ones with the momentum. A modality
        may be missing.
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
