"""The network that every method trains: backbone, projection, optional heads."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from zssbir_lib.models.attention import AttentionPooling
from zssbir_lib.models.backbones import PixelStatistics, build_backbone
from zssbir_lib.models.conditional_gates import GatedBackbone
from zssbir_lib.models.cosine_classifier import CosineClassifier
from zssbir_lib.models.modality_centring import ModalityCentring

CLASSIFIER_INPUTS = ("pooled", "embedding")


class EmbeddingNet(nn.Module):
    """Map images of both modalities to points in one embedding space.

    One backbone with shared weights sees sketches and photos alike. A linear layer
    projects its pooled feature, and the result is scaled to length one, so that
    squared Euclidean distances lie in [0, 4]. Further linear heads, parallel to the
    projection, serve losses that need other outputs; retrieval does not use them.

    Args:
        backbone: name of the backbone, see `build_backbone`.
        embedding_size: number of dimensions D of the embedding.
        normalise: scale embeddings to length one.
        head_sizes: number of outputs of each further head, by name.
        classifier_input: what the head "identity" sees: "pooled" (F features) or
            "embedding" (D numbers, before they are scaled to length one).
        classifier_bias: whether that head has a bias.
        classifier_scale: None for a linear head, a number above 0 for a
            `CosineClassifier` of that scale, which has no bias.
        attention: pool with learned weights instead of the plain average.
        centring: keep the mean pooled feature of each modality, for `centred`.

    Raises:
        ValueError: the backbone or the classifier's input is unknown, or the size is
            not positive.

    Source: SBTKNet (Tursun et al.), section 3: a shared encoder with FC_sim (our
    `projection`), FC_id (head "identity") and FC_soft (head "soft"). Length one is our
    reading: the paper does not state it, the margin 0.2 implies it.

    Taught in: notebook 02.
    """

    def __init__(
        self,
        backbone: str,
        embedding_size: int,
        normalise: bool = True,
        head_sizes: Mapping[str, int] | None = None,
        classifier_input: str = "pooled",
        classifier_bias: bool = True,
        classifier_scale: float | None = None,
        attention: bool = False,
        centring: bool = False,
    ) -> None:
        super().__init__()
        if embedding_size < 1:
            raise ValueError(f"embedding_size must be 1 or more, got {embedding_size}")
        if classifier_input not in CLASSIFIER_INPUTS:
            raise ValueError(
                f"classifier_input must be one of {', '.join(CLASSIFIER_INPUTS)}, got "
                f"{classifier_input!r}"
            )
        self.backbone = build_backbone(backbone)
        features = self.backbone.feature_size
        self.projection = nn.Linear(features, embedding_size)
        self.normalise = normalise
        self.classifier_input = classifier_input
        seen = {"pooled": features, "embedding": embedding_size}[classifier_input]
        self.heads = nn.ModuleDict()
        for name, outputs in (head_sizes or {}).items():
            if name != "identity":
                self.heads[name] = nn.Linear(features, outputs)
            elif classifier_scale is None:
                self.heads[name] = nn.Linear(seen, outputs, classifier_bias)
            else:
                self.heads[name] = CosineClassifier(seen, outputs, classifier_scale)
        self.attention = AttentionPooling(features) if attention else None
        self.centring = ModalityCentring(features) if centring else None

    @property
    def pixels(self) -> PixelStatistics:
        """Mean and standard deviation of the input pixels."""
        return self.backbone.pixels

    @property
    def gated(self) -> bool:
        """Whether conditional gates were added, see `add_gates`."""
        return isinstance(self.backbone, GatedBackbone)

    def pooled(self, images: Tensor, modality: Tensor | None = None) -> Tensor:
        """Return backbone features, (B, 3, S, S) -> (B, F).

        Args:
            images: normalised float images.
            modality: (B,) with 0 sketch, 1 photo; without gates both are treated alike.

        Raises:
            ValueError: there are gates and no modality.
        """
        features = self.feature_map(images, modality)  # (B, F, H, W)
        if self.attention is None:
            return features.mean(dim=(2, 3))
        return self.attention(features)

    def feature_map(self, images: Tensor, modality: Tensor | None = None) -> Tensor:
        """Return the backbone's last feature map, (B, 3, S, S) -> (B, F, H, W)."""
        if not self.gated:
            return self.backbone.blocks(images)
        if modality is None:
            raise ValueError(
                "this network has conditional gates: give the modality of every image, "
                "0 sketch, 1 photo"
            )
        return self.backbone.feature_map(images, modality)

    def project(self, pooled: Tensor) -> Tensor:
        """Return embeddings of pooled features, (B, F) -> (B, D)."""
        embeddings = self.projection(pooled)
        return functional.normalize(embeddings, dim=1) if self.normalise else embeddings

    def centred(self, pooled: Tensor, modality: Tensor) -> Tensor:
        """Return pooled features without what their modality shares, (B, F) -> (B, F).

        Args:
            pooled: features of the backbone.
            modality: (B,) with 0 sketch, 1 photo.

        Raises:
            ValueError: the network was built without centring.
        """
        if self.centring is None:
            raise ValueError(
                "this network does not know the mean features of the modalities: train "
                "it with feature=centred"
            )
        return self.centring(pooled, modality)

    def classify(self, pooled: Tensor) -> Tensor:
        """Return the logits of the seen classes, (B, F) -> (B, C)."""
        seen = pooled if self.classifier_input == "pooled" else self.projection(pooled)
        return self.heads["identity"](seen)

    def forward(self, images: Tensor, modality: Tensor | None = None) -> Tensor:
        """Return embeddings, (B, 3, S, S) -> (B, D)."""
        return self.project(self.pooled(images, modality))


def add_gates(net: EmbeddingNet, first: int = 0) -> None:
    """Put a conditional gate into each block of the backbone.

    At the start the gates leave everything as it is.

    Args:
        net: the network; changed in place. Load backbone weights before.
        first: number of first blocks that get none, for example frozen ones.

    Raises:
        ValueError: there is no block left to gate, or there are gates already.

    Taught in: notebook 05.
    """
    if net.gated:
        raise ValueError("the network has gates already: add them once")
    net.backbone = GatedBackbone(net.backbone, first)


def freeze_first_blocks(net: EmbeddingNet, count: int) -> None:
    """Exclude the first blocks of the backbone from training.

    Args:
        net: the network; changed in place.
        count: number of blocks, 0 to the number the backbone has.

    Raises:
        ValueError: the backbone has fewer blocks.

    Taught in: notebook 02.
    """
    available = len(net.backbone.blocks)
    if not 0 <= count <= available:
        raise ValueError(f"frozen_blocks must lie in 0..{available}, got {count}")
    for block in net.backbone.blocks[:count]:
        block.requires_grad_(False)


def batch_norms(module: nn.Module) -> Iterator[nn.BatchNorm2d]:
    """Yield every batch normalisation layer in a module.

    Taught in: notebook 02.
    """
    kinds = (nn.BatchNorm2d, nn.SyncBatchNorm)
    return (m for m in module.modules() if isinstance(m, kinds))


def set_training_mode(net: nn.Module, keep_statistics: bool) -> None:
    """Switch to training mode, optionally with BatchNorm statistics kept.

    Keeping them means: normalise with the statistics of the pretraining photos, and do
    not update them. On a small data set that is worth more than most losses.

    Args:
        net: the network; changed in place.
        keep_statistics: leave all BatchNorm layers in evaluation mode.

    Taught in: notebook 02.
    """
    net.train()
    if keep_statistics:
        for layer in batch_norms(net):
            layer.eval()


@torch.no_grad()
def count_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """Return the number of weights in a module.

    Taught in: notebook 02.
    """
    parameters = module.parameters()
    return sum(p.numel() for p in parameters if p.requires_grad or not trainable_only)
