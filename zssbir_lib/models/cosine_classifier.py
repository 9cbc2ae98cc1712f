"""A classifier on the sphere: one direction a class, compared by angle alone."""

import torch
from torch import Tensor, nn
from torch.nn import functional


class CosineClassifier(nn.Module):
    """Score an embedding by its cosine with one learned direction for each class.

    A linear classifier may tell classes by the length of the embedding, which retrieval
    throws away when it scales embeddings to length one. Here both are scaled first, so
    that what classifies is what retrieves, and the directions are prototypes of the
    classes on the sphere on which sketches and photos lie.

    Args:
        features: number D of dimensions of the embedding.
        classes: number C of classes.
        scale: factor on the cosines, above 0: how sharp the probabilities can be.

    Raises:
        ValueError: the scale is not above 0.

    Source: NormFace (Wang et al., ACM MM 2017); as a baseline of retrieval, Zhai and Wu
        (BMVC 2019).

    Taught in: notebook 07.
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

    def extra_repr(self) -> str:
        """Return what a printed network says of this layer."""
        classes, features = self.weight.shape
        return f"features={features}, classes={classes}, scale={self.scale}"
