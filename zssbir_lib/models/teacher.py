"""The photo teacher of the embedded world: our stand-in for ImageNet weights."""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zssbir_lib.models.backbones import PixelStatistics, SmallConvNet

TEACHER_WEIGHTS = "teacher_small.pt"
TEACHER_REPORT = "teacher_small.json"


class Teacher(nn.Module):
    """A classifier of photos: small backbone and one linear layer.

    Args:
        class_names: the classes it tells apart, in the order of its outputs.

    Taught in: notebook 02.
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
    """What is known of the shipped teacher: how it was made and how good it is.

    Taught in: notebook 02.
    """

    command: str
    accuracy: float
    classes: int
    held_out_photos: int
    settings: dict[str, Any]
    versions: dict[str, str]


def save_teacher(teacher: Teacher, path: Path) -> None:
    """Write a teacher in half precision, under a temporary name first.

    Args:
        teacher: the trained teacher.
        path: the file to write.

    Taught in: notebook 02.
    """
    state = {
        name: value.half() if value.is_floating_point() else value
        for name, value in teacher.state_dict().items()
    }
    partial = path.with_suffix(".partial")
    torch.save({"class_names": list(teacher.class_names), "state": state}, partial)
    partial.replace(path)


def load_teacher(path: Path | None = None) -> Teacher:
    """Load a teacher, by default the one shipped with this package.

    Args:
        path: a file written by `save_teacher`.

    Returns:
        The teacher in evaluation mode, in single precision.

    Raises:
        FileNotFoundError: there is no such file.

    Taught in: notebook 02.
    """
    content = _read(path) if path else _shipped_teacher()
    teacher = Teacher(tuple(content["class_names"]))
    teacher.load_state_dict(content["state"])  # half precision is widened here
    return teacher.eval()


def teacher_report() -> TeacherReport:
    """Return how the shipped teacher was made and its measured accuracy.

    Taught in: notebook 02.
    """
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
            "python -m zssbir_lib teacher --out FILE"
        )
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises many kinds
        raise ValueError(f"{path} is not a readable teacher file: {error}") from error
    if not isinstance(content, dict) or not {"class_names", "state"} <= set(content):
        raise ValueError(
            f"{path} holds no teacher of the embedded world; make one with: "
            "python -m zssbir_lib teacher --out FILE"
        )
    return content
