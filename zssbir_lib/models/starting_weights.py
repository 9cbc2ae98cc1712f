"""Where a network starts: its backbone, its projection and its soft head."""

import torch
from torch import Tensor, nn

from zssbir_lib.models.embedding_net import EmbeddingNet
from zssbir_lib.models.teacher import load_teacher, teacher_classifier
from zssbir_lib.models.weights import (
    imagenet_state,
    load_torchvision_state,
    read_state,
)


def initialise_backbone(net: EmbeddingNet, backbone: str, source: str) -> None:
    """Give the backbone its starting weights; the projection stays random.

    Args:
        net: the network; changed in place.
        backbone: the name it was built with, see `build_backbone`.
        source: "none" (random), "teacher" (the photo teacher of the embedded world that
            ships with this package; small backbone only), "imagenet" (torchvision's own
            weights, downloaded once) or a file holding a state dict with torchvision's
            key names.

    Raises:
        ValueError: the source does not fit the backbone; the message says why.
        FileNotFoundError: there is no such file.
    """
    if source == "none":
        return
    if source == "teacher":
        _start_from_teacher(net, backbone)
    else:
        state = imagenet_state(backbone) if source == "imagenet" else read_state(source)
        load_torchvision_state(net.backbone, backbone, state, source)


def _start_from_teacher(net: EmbeddingNet, backbone: str) -> None:
    """Copy the shipped teacher's backbone."""
    if backbone != "small":
        raise ValueError(
            f"the shipped teacher is a 'small' backbone and cannot start {backbone!r}; "
            "use --weights imagenet, a file, or none"
        )
    net.backbone.load_state_dict(load_teacher().backbone.state_dict())


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


@torch.no_grad()
def start_soft_head(head: nn.Linear, teacher: nn.Module) -> None:
    """Give a student's soft head the weights of the teacher's own classifier.

    A student that starts from the teacher's backbone then starts with the teacher's
    outputs.

    Raises:
        ValueError: the teacher has no linear classifier of the head's shape.

    Source: SBTKNet (Tursun et al.), section 3, has a FC_soft and does not say how it
        starts; this is our default, a fresh head the alternative.
    """
    classifier = teacher_classifier(teacher)
    if classifier is None or classifier.weight.shape != head.weight.shape:
        found = "none" if classifier is None else tuple(classifier.weight.shape)
        raise ValueError(
            f"the student's soft head has weights {tuple(head.weight.shape)}, the "
            f"teacher's linear classifier {found}: start the head fresh "
            "(soft_head=fresh)"
        )
    head.weight.copy_(classifier.weight)
    head.bias.copy_(classifier.bias)
