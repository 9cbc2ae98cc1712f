"""Photo teachers: whole classifiers of photos that a student may learn from."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn

from zssbir_lib.models.backbones import IMAGENET_MEAN, IMAGENET_STD, PixelStatistics
from zssbir_lib.models.embedding_net import EmbeddingNet
from zssbir_lib.models.teacher import load_teacher
from zssbir_lib.models.weights import imagenet_state, read_state


class TorchvisionTeacher(nn.Module):
    """A torchvision classifier of the 1,000 ImageNet classes, its last layer included.

    Args:
        architecture: a name that torchvision knows, such as "resnet50".
        state: its weights, with torchvision's key names.
        source: where they came from, for the message.

    Raises:
        ValueError: torchvision has no such classifier, or the weights do not fit it.

    Taught in: notebook 04.
    """

    pixels = PixelStatistics(IMAGENET_MEAN, IMAGENET_STD)

    def __init__(
        self, architecture: str, state: dict[str, Tensor], source: str
    ) -> None:
        super().__init__()
        self.network = torchvision.models.get_model(architecture, weights=None)
        try:
            self.network.load_state_dict(state)
        except RuntimeError as error:
            detail = str(error).splitlines()[-1].strip()
            raise ValueError(
                f"the weights in {source!r} do not fit {architecture}: {detail}"
            ) from error

    @property
    def class_names(self) -> Sequence[str]:
        """Names of the outputs, in their order."""
        return torchvision.models.ResNet50_Weights.DEFAULT.meta["categories"]

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, (B, 3, S, S) -> (B, 1000)."""
        return self.network(images)


def load_photo_teacher(architecture: str, source: str) -> nn.Module:
    """Load a classifier of photos.

    Args:
        architecture: "small" (the embedded world) or any classifier of torchvision.
        source: "teacher" (ships with this package, small only), "imagenet"
            (torchvision's own weights, downloaded once), or a file of weights.

    Returns:
        A frozen module in evaluation mode, with `pixels` and `class_names`, that maps
        images (B, 3, S, S) to logits (B, K).

    Raises:
        ValueError: there is no such classifier, or the source does not fit it.
        FileNotFoundError: there is no such file.

    Taught in: notebook 04.
    """
    if source == "none":
        raise ValueError(
            "a teacher with random weights knows nothing; train from --weights teacher "
            "(small backbone) or imagenet, or name a trained teacher"
        )
    with torch.random.fork_rng(devices=[]):  # new layers draw weights, soon replaced
        if architecture == "small":
            teacher = load_teacher(None if source == "teacher" else Path(source))
        else:
            teacher = _load_torchvision_teacher(architecture, source)
    return teacher.eval().requires_grad_(False)


def _load_torchvision_teacher(architecture: str, source: str) -> nn.Module:
    """Load a torchvision classifier from its own weights or a file."""
    if architecture not in torchvision.models.list_models(torchvision.models):
        raise ValueError(
            f"torchvision has no classifier {architecture!r}: give a name such as "
            "resnet50 or mobilenet_v2, or small for the embedded world"
        )
    if source == "teacher":
        raise ValueError(
            f"the shipped teacher is a 'small' network, not {architecture!r}: name "
            "imagenet or a file of weights"
        )
    state = imagenet_state(architecture) if source == "imagenet" else read_state(source)
    return TorchvisionTeacher(architecture, state, source)


def teacher_classifier(teacher: nn.Module) -> nn.Linear | None:
    """Return a teacher's last linear layer, features to logits; None if it has none.

    Taught in: notebook 04.
    """
    linear = [layer for layer in teacher.modules() if isinstance(layer, nn.Linear)]
    return linear[-1] if linear else None


@torch.no_grad()
def start_soft_head(net: EmbeddingNet, teacher: nn.Module) -> None:
    """Give a student's soft head the weights of the teacher's own classifier.

    A student that starts from the teacher's backbone then starts with the teacher's
    outputs.

    Args:
        net: the student, with a head "soft"; changed in place.
        teacher: see `load_photo_teacher`.

    Raises:
        ValueError: the teacher has no linear classifier of the head's shape.

    Source: SBTKNet (Tursun et al.), section 3, has a FC_soft and does not say how it
        starts; this is our default, a fresh head the alternative.

    Taught in: notebook 04.
    """
    head, classifier = net.heads["soft"], teacher_classifier(teacher)
    if classifier is None or classifier.weight.shape != head.weight.shape:
        found = "none" if classifier is None else tuple(classifier.weight.shape)
        raise ValueError(
            f"the student's soft head has weights {tuple(head.weight.shape)}, the "
            f"teacher's linear classifier {found}: start the head fresh "
            "(soft_head=fresh)"
        )
    head.weight.copy_(classifier.weight)
    head.bias.copy_(classifier.bias)
