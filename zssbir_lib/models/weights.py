"""Pretrained weights: files of them, photo teachers, and networks that start there.

The small photo teacher, of the embedded world, ships with this package: our stand-in
for ImageNet weights. The others are torchvision's.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

from zssbir_lib.files import write_whole
from zssbir_lib.models.backbones import (
    IMAGENET_PIXELS,
    PixelStatistics,
    SmallConvNet,
    TorchvisionBackbone,
)
from zssbir_lib.models.embedding_net import EmbeddingNet

TEACHER_WEIGHTS = Path(__file__).with_name("teacher_small.pt")
TEACHER_REPORT = TEACHER_WEIGHTS.with_suffix(".json")


# --- weights -------------------------------------------------------------------------


def imagenet_state(architecture: str) -> dict[str, Tensor]:
    """Return torchvision's ImageNet weights, downloading them if need be."""
    if architecture not in torchvision.models.list_models(torchvision.models):
        raise ValueError(
            f"there are no ImageNet weights for the backbone {architecture!r}; "
            "use --weights teacher or none"
        )
    try:
        enum = torchvision.models.get_model_weights(architecture).DEFAULT
        return enum.get_state_dict(progress=True, check_hash=True)
    except OSError as error:
        raise ValueError(
            f"the ImageNet weights of {architecture} could not be downloaded "
            f"({error}); give a local file instead: --weights FILE"
        ) from error


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Read a state dict (names to tensors) from a file, executing nothing in it."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"no weights file {path}: give an existing file, 'imagenet' or 'none'"
        )
    state = read_tensors(path, "weights")
    if not isinstance(state, dict) or not all(
        isinstance(value, Tensor) for value in state.values()
    ):
        raise ValueError(f"{path} does not hold a state dict of names to tensors")
    return state


def read_tensors(path: Path, kind: str) -> Any:
    """Read a file of PyTorch without executing anything in it."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises many kinds
        raise ValueError(f"{path} is not a readable {kind} file: {error}") from error


def load_torchvision_state(
    module: nn.Module, backbone: str, state: dict[str, Tensor], source: str
) -> None:
    """Copy a torchvision classifier's weights to a backbone, without its last layer."""
    if not isinstance(module, TorchvisionBackbone):
        raise ValueError(
            f"weights in {source!r} are for torchvision networks; the backbone "
            f"{backbone!r} takes --weights teacher or none"
        )
    expected = module.torchvision_names()
    given = {k: v for k, v in state.items() if not k.startswith(module.classifier)}
    missing = [name for name in expected if name not in given]
    unknown = [name for name in given if name not in expected]
    if missing or unknown:
        example = (missing or unknown)[0]
        raise ValueError(
            f"the weights in {source!r} do not fit {backbone}: {len(missing)} names "
            f"missing, {len(unknown)} unknown (for example {example!r})"
        )
    renamed = {expected[name]: value for name, value in given.items()}
    load_fitting(module, renamed, backbone, source)


def load_fitting(
    module: nn.Module, state: dict[str, Tensor], name: str, source: str
) -> None:
    """Load a state dict; a ValueError says in one line why it does not fit."""
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        detail = str(error).splitlines()[-1].strip()
        raise ValueError(
            f"the weights in {source!r} do not fit {name}: {detail}"
        ) from error


# --- photo teachers ------------------------------------------------------------------


class Teacher(nn.Module):
    """A classifier of photos: small backbone and one linear layer.

    The names of the classes stand in the order of its outputs.
    """

    def __init__(self, class_names: tuple[str, ...]) -> None:
        super().__init__()
        self.class_names = class_names
        self.backbone = SmallConvNet()
        self.classifier = nn.Linear(self.backbone.feature_size, len(class_names))

    @property
    def pixels(self) -> PixelStatistics:
        """Mean and standard deviation of the input pixels."""
        return self.backbone.pixels

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, (B, 3, S, S) -> (B, number of classes)."""
        return self.classifier(self.backbone(images))


@dataclass(frozen=True)
class TeacherReport:
    """What is known of the shipped teacher: how it was made and how good it is."""

    command: str
    accuracy: float
    classes: int
    held_out_photos: int
    settings: dict[str, Any]
    versions: dict[str, str]


def save_teacher(teacher: Teacher, path: Path) -> None:
    """Write a trained teacher to a file, in half precision."""
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in teacher.state_dict().items()
    }
    content = {"class_names": list(teacher.class_names), "state": state}
    write_whole(path, lambda file: torch.save(content, file))


def load_teacher(path: Path | None = None) -> Teacher:
    """Load a teacher from a file of `save_teacher`, by default the one shipped.

    It is in evaluation mode and in single precision.
    """
    content = read_teacher(path) if path else shipped_teacher()
    teacher = Teacher(tuple(content["class_names"]))
    teacher.load_state_dict(content["state"])  # half precision is widened here
    return teacher.eval()


def teacher_report() -> TeacherReport:
    """Return how the shipped teacher was made and its measured accuracy."""
    return TeacherReport(**json.loads(TEACHER_REPORT.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def shipped_teacher() -> dict[str, Any]:
    """Read the packaged weights once."""
    return read_teacher(TEACHER_WEIGHTS)


def read_teacher(path: Path) -> dict[str, Any]:
    """Read what `save_teacher` wrote."""
    remedy = "python studies/teacher.py --out FILE"
    if not path.is_file():
        raise FileNotFoundError(
            f"no teacher weights at {path}; make them with: {remedy}"
        )
    content = read_tensors(path, "teacher")
    if not isinstance(content, dict) or not {"class_names", "state"} <= set(content):
        raise ValueError(
            f"{path} holds no teacher of the embedded world; make one with: {remedy}"
        )
    return content


def load_photo_teacher(architecture: str, source: str) -> nn.Module:
    """Load a frozen classifier of photos, (B, 3, S, S) -> (B, K), in evaluation mode.

    The architecture is "small" (the embedded world) or any classifier of torchvision;
    the source "teacher" (ships with this package, small only), "imagenet"
    (torchvision's own weights, downloaded once) or a file of weights. What is returned
    has `pixels` and `class_names`.
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
            teacher = load_torchvision_teacher(architecture, source)
    return teacher.eval().requires_grad_(False)


def load_torchvision_teacher(architecture: str, source: str) -> nn.Module:
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
    network = torchvision.models.get_model(architecture, weights=None)
    load_fitting(network, state, architecture, source)
    network.pixels = IMAGENET_PIXELS
    network.class_names = torchvision.models.ResNet50_Weights.DEFAULT.meta["categories"]
    return network


def teacher_classifier(teacher: nn.Module) -> nn.Linear | None:
    """Return a teacher's last linear layer, features to logits; None if it has none."""
    linear = [layer for layer in teacher.modules() if isinstance(layer, nn.Linear)]
    return linear[-1] if linear else None


# --- where a network starts ----------------------------------------------------------


def initialise_backbone(net: EmbeddingNet, backbone: str, source: str) -> None:
    """Give the backbone its starting weights; the projection stays random.

    Args:
        net: the network; changed in place.
        backbone: the name it was built with, see `build_backbone`.
        source: "none" (random), "teacher" (the shipped photo teacher; small backbone
            only), "imagenet" (torchvision's own weights, downloaded once) or a file
            holding a state dict with torchvision's key names.
    """
    if source == "none":
        return
    if source == "teacher":
        if backbone != "small":
            raise ValueError(
                "the shipped teacher is a 'small' backbone and cannot start "
                f"{backbone!r}; use --weights imagenet, a file, or none"
            )
        net.backbone.load_state_dict(load_teacher().backbone.state_dict())
        return
    state = imagenet_state(backbone) if source == "imagenet" else read_state(source)
    load_torchvision_state(net.backbone, backbone, state, source)


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

    Source: the released code of MATHM (Huang et al.), for its layer 2048 -> 512.
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
def classifier_projection(
    weight: Tensor, size: int, generator: torch.Generator
) -> Tensor:
    """Return a projection (D, F) onto what matters most to a classifier (K, F).

    Its weights are decomposed as U S V^T. The largest singular values with their right
    vectors, S V^T, keep what tells the classes apart. They are scaled up so that their
    sum equals that of all singular values, and turned by a random rotation, so that
    every output carries its share.
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
def start_soft_head(head: nn.Linear, teacher: nn.Module) -> None:
    """Give a student's soft head the weights of the teacher's own classifier.

    A student that starts from the teacher's backbone then starts with its outputs.

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
