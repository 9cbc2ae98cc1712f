"""Start an embedding from what a pretrained classifier looks at."""

import torch
from torch import Tensor, nn

from zssbir_lib.models.embedding_net import EmbeddingNet


@torch.no_grad()
def classifier_projection(
    weight: Tensor, size: int, generator: torch.Generator
) -> Tensor:
    """Return a projection onto the directions that matter most to a classifier.

    The classifier's weights are decomposed as U S V^T. The largest singular values
    with their right vectors, S V^T, keep what tells the classes apart. They are scaled
    up so that their sum equals that of all singular values, and turned by a random
    rotation, so that every output carries its share.

    Args:
        weight: of the classifier, float (K, F): K classes, F features.
        size: D outputs, 1 to min(K, F).
        generator: decides the rotation.

    Returns:
        Weights of a linear layer, float (D, F).

    Raises:
        ValueError: the size is out of range.

    Source: the released code of MATHM (Huang et al.), for its layer 2048 -> 512.

    Taught in: notebook 05.
    """
    if weight.ndim != 2 or not 1 <= size <= min(weight.shape):
        raise ValueError(
            f"embedding_size is {size}, expected 1 to {min(weight.shape)}: a "
            f"classifier with weights {tuple(weight.shape)} has no more directions; or "
            "start the projection at random (projection_start=random)"
        )
    _, values, directions = torch.linalg.svd(weight, full_matrices=False)
    kept = values[:size] * (values.sum() / values[:size].sum())
    noise = torch.randn(size, size, generator=generator, dtype=weight.dtype)
    rotation, _ = torch.linalg.qr(noise)
    return rotation @ (kept[:, None] * directions[:size])  # (D, D) @ (D, F)


@torch.no_grad()
def start_projection(
    net: EmbeddingNet, classifier: nn.Linear, generator: torch.Generator
) -> None:
    """Give a network's projection the main directions of a pretrained classifier.

    Args:
        net: the network; changed in place. The bias of its projection becomes zero.
        classifier: of the same features, with at least as many classes as the
            embedding has numbers.
        generator: decides the rotation.

    Raises:
        ValueError: the classifier has fewer classes, or sees other features.

    Source: the released code of MATHM (Huang et al.).

    Taught in: notebook 05.
    """
    size, features = net.projection.weight.shape
    if classifier.in_features != features:
        raise ValueError(
            f"the classifier sees {classifier.in_features} features, the projection "
            f"{features}: take the classifier that the backbone was pretrained with"
        )
    weight = classifier_projection(classifier.weight, size, generator)
    net.projection.weight.copy_(weight)
    net.projection.bias.zero_()
