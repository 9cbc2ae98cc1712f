"""The network that every method trains: backbone, projection, optional heads."""

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor, nn
from torch.nn import functional

from zssbir_lib.models.backbones import PixelStatistics, build_backbone
from zssbir_lib.models.gates import GatedBackbone
from zssbir_lib.models.heads import AttentionPooling, ModalityCentring
from zssbir_lib.records import check_choice

CLASSIFIER_INPUTS = ("pooled", "embedding")
Heads = Mapping[str, nn.Module | int]


class EmbeddingNet(nn.Module):
    """Map images of both modalities to points in one embedding space.

    One backbone with shared weights sees sketches and photos alike. A linear layer
    projects its pooled feature, and the result is scaled to length one, so that
    squared Euclidean distances lie in [0, 4]. Further heads, parallel to the
    projection, serve losses that need other outputs; retrieval does not use them.

    Args:
        backbone: name of the backbone, see `build_backbone`.
        embedding_size: number of dimensions D of the embedding.
        heads: further heads by name: a layer, or a number of outputs for a linear one;
            or a function that returns them for the number F of pooled features, called
            after backbone and projection have drawn their random weights.
        normalise: scale embeddings to length one.
        classifier_input: what the head "identity" sees: "pooled" (F features) or
            "embedding" (D numbers, before they are scaled to length one).
        attention: pool with learned weights instead of the plain average.
        centring: keep the mean pooled feature of each modality, for `centred`.

    Source: SBTKNet (Tursun et al.), section 3: a shared encoder with FC_sim (our
        `projection`), FC_id (head "identity") and FC_soft (head "soft"). Length one is
        our reading: the paper does not state it, the margin 0.2 implies it.
    """

    def __init__(
        self,
        backbone: str,
        embedding_size: int,
        heads: Heads | Callable[[int], Heads] | None = None,
        normalise: bool = True,
        classifier_input: str = "pooled",
        attention: bool = False,
        centring: bool = False,
    ) -> None:
        super().__init__()
        if embedding_size < 1:
            raise ValueError(f"embedding_size must be 1 or more, got {embedding_size}")
        check_choice("classifier_input", classifier_input, CLASSIFIER_INPUTS)
        self.trained_on: tuple[str, ...] = ()  # names of classes
        self.backbone = build_backbone(backbone)
        features = self.backbone.feature_size
        self.projection = nn.Linear(features, embedding_size)
        self.normalise, self.classifier_input = normalise, classifier_input
        self.heads = nn.ModuleDict()
        wanted = heads(features) if callable(heads) else heads or {}
        for name, head in wanted.items():
            if isinstance(head, int):
                through = name == "identity" and classifier_input == "embedding"
                head = nn.Linear(embedding_size if through else features, head)
            self.heads[name] = head
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
        """Return backbone features, (B, 3, S, S) -> (B, F); gates need the modality."""
        features = self.feature_map(images, modality)  # (B, F, H, W)
        return self.attention(features) if self.attention else features.mean((2, 3))

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
        """Return pooled features without what their modality shares, (B, F)."""
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
    """Put a conditional gate into each block of the backbone but the first ones.

    At the start the gates leave everything as it is. Load backbone weights before.
    """
    if net.gated:
        raise ValueError("the network has gates already: add them once")
    net.backbone = GatedBackbone(net.backbone, first)


def freeze_first_blocks(net: EmbeddingNet, count: int) -> None:
    """Exclude the first blocks of the backbone, 0 to all, from training."""
    available = len(net.backbone.blocks)
    if not 0 <= count <= available:
        raise ValueError(f"frozen_blocks must lie in 0..{available}, got {count}")
    for block in net.backbone.blocks[:count]:
        block.requires_grad_(False)


def batch_norms(module: nn.Module) -> Iterator[nn.BatchNorm2d]:
    """Yield every batch normalisation layer in a module."""
    kinds = (nn.BatchNorm2d, nn.SyncBatchNorm)
    return (m for m in module.modules() if isinstance(m, kinds))


def set_training_mode(net: nn.Module, keep_statistics: bool) -> None:
    """Switch to training mode, optionally with BatchNorm statistics kept.

    Keeping them means: normalise with the statistics of the pretraining photos. On a
    small data set that is worth more than most losses.
    """
    net.train()
    if keep_statistics:
        for layer in batch_norms(net):
            layer.eval()


def count_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """Return the number of weights in a module."""
    weights = module.parameters()
    return sum(w.numel() for w in weights if w.requires_grad or not trainable_only)
