"""Photo teachers: classifiers of photos that a student starts or learns from.

The small one, of the embedded world, ships with this package: our stand-in for
ImageNet weights. The others are torchvision's.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
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
)
from zssbir_lib.models.weights import imagenet_state, load_fitting, read_state

TEACHER_WEIGHTS = "teacher_small.pt"
TEACHER_REPORT = "teacher_small.json"


class Teacher(nn.Module):
    """A classifier of photos: small backbone and one linear layer.

    Args:
        class_names: the classes it tells apart, in the order of its outputs.
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
    """Load a teacher, by default the one shipped with this package.

    Args:
        path: a file written by `save_teacher`.

    Returns:
        The teacher in evaluation mode, in single precision.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file holds no teacher.
    """
    content = _read(path) if path else _shipped_teacher()
    teacher = Teacher(tuple(content["class_names"]))
    teacher.load_state_dict(content["state"])  # half precision is widened here
    return teacher.eval()


def teacher_report() -> TeacherReport:
    """Return how the shipped teacher was made and its measured accuracy."""
    text = resources.files("zssbir_lib.models").joinpath(TEACHER_REPORT).read_text()
    return TeacherReport(**json.loads(text))


@lru_cache(maxsize=1)
def _shipped_teacher() -> dict[str, Any]:
    """Read the packaged weights once."""
    with resources.as_file(resources.files("zssbir_lib.models")) as folder:
        return _read(folder / TEACHER_WEIGHTS)


def _read(path: Path) -> dict[str, Any]:
    """Read a teacher file without executing anything in it."""
    if not path.is_file():
        raise FileNotFoundError(
            f"no teacher weights at {path}; make them with: "
            "python studies/teacher.py --out FILE"
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises many kinds
        raise ValueError(f"{path} is not a readable teacher file: {error}") from error
    if not isinstance(content, dict) or not {"class_names", "state"} <= set(content):
        raise ValueError(
            f"{path} holds no teacher of the embedded world; make one with: "
            "python studies/teacher.py --out FILE"
        )
    return content


class TorchvisionTeacher(nn.Module):
    """A torchvision classifier of the 1,000 ImageNet classes, its last layer included.

    Args:
        architecture: a name that torchvision knows, such as "resnet50".
        state: its weights, with torchvision's key names.
        source: where they came from, for the message.

    Raises:
        ValueError: torchvision has no such classifier, or the weights do not fit it.
    """

    pixels = IMAGENET_PIXELS

    def __init__(
        self, architecture: str, state: dict[str, Tensor], source: str
    ) -> None:
        super().__init__()
        self.network = torchvision.models.get_model(architecture, weights=None)
        load_fitting(self.network, state, architecture, source)

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
    """Return a teacher's last linear layer, features to logits; None if it has none."""
    linear = [layer for layer in teacher.modules() if isinstance(layer, nn.Linear)]
    return linear[-1] if linear else None
