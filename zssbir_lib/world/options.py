"""The knobs that make the drawn world easier or harder."""

from dataclasses import dataclass
from typing import Any

MINIMUM_SIZE, MAXIMUM_SIZE = 16, 512


def check_range(name: str, value: Any, low: float, high: float) -> None:
    """Raise unless a value is a number between two limits, both allowed."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise ValueError(f"{name} is {value!r}; expected a number from {low} to {high}")


def check_pair(name: str, pair: Any, low: float, high: float) -> None:
    """Raise unless a value is (smallest, largest), both within limits."""
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise ValueError(
            f"{name} is {pair!r}; expected two numbers (smallest, largest)"
        )
    for value in pair:
        check_range(name, value, low, high)
    if pair[0] > pair[1]:
        raise ValueError(f"{name} is {pair}; the smallest must come first")


def check_size(size: Any) -> None:
    """Raise unless a size is a whole number of pixels that can be drawn."""
    if not isinstance(size, int) or not MINIMUM_SIZE <= size <= MAXIMUM_SIZE:
        raise ValueError(
            f"size is {size!r}; expected a whole number of pixels "
            f"from {MINIMUM_SIZE} to {MAXIMUM_SIZE}"
        )


@dataclass(frozen=True)
class PhotoOptions:
    """How difficult the photos are.

    Attributes:
        clutter: shapes and structure behind the object, 0 (none) to 2.
        occlusion: share of photos with something before the object, 0 to 1.
        realism: 0 flat colours; 1 shading, texture, cast shadow, blur, sensor noise.
        pose: how far an object is bent, turned and seen at an angle, 0 to 2.
        scale: smallest and largest size of the object, shares of the image, 0.3 to 1.
    """

    clutter: float = 1.0
    occlusion: float = 0.25
    realism: float = 1.0
    pose: float = 1.0
    scale: tuple[float, float] = (0.6, 0.95)

    def __post_init__(self) -> None:
        check_range("PhotoOptions.clutter", self.clutter, 0, 2)
        check_range("PhotoOptions.occlusion", self.occlusion, 0, 1)
        check_range("PhotoOptions.realism", self.realism, 0, 1)
        check_range("PhotoOptions.pose", self.pose, 0, 2)
        check_pair("PhotoOptions.scale", self.scale, 0.3, 1.0)


@dataclass(frozen=True)
class SketchOptions:
    """How difficult the sketches are.

    Attributes:
        abstraction: 0 careful drawings with all details, 1 a few shaky strokes; every
            sketch varies around this value.
        pose: how far an object is bent, turned and seen at an angle, 0 to 2.
        pen: thinnest and thickest pen, in pixels of a 64-pixel image, 0.5 to 6; dense
            drawings are made with a thinner one.
        scale: smallest and largest size of the object, shares of the image, 0.3 to 1.
        drawn: share of the pen's way that is done, above 0; 1 is a finished sketch.
    """

    abstraction: float = 0.5
    pose: float = 0.7
    pen: tuple[float, float] = (1.2, 3.0)
    scale: tuple[float, float] = (0.75, 0.95)
    drawn: float = 1.0

    def __post_init__(self) -> None:
        check_range("SketchOptions.abstraction", self.abstraction, 0, 1)
        check_range("SketchOptions.pose", self.pose, 0, 2)
        check_pair("SketchOptions.pen", self.pen, 0.5, 6.0)
        check_pair("SketchOptions.scale", self.scale, 0.3, 1.0)
        check_range("SketchOptions.drawn", self.drawn, 0.01, 1)


PHOTO_PRESETS = {
    "easy": PhotoOptions(clutter=0.3, occlusion=0.0, realism=0.5, pose=0.5),
    "default": PhotoOptions(),
    "hard": PhotoOptions(clutter=1.7, occlusion=0.6, pose=1.4, scale=(0.45, 0.95)),
}

SKETCH_PRESETS = {
    "easy": SketchOptions(abstraction=0.15, pose=0.4, pen=(1.2, 2.0)),
    "default": SketchOptions(),
    "hard": SketchOptions(abstraction=0.85, pose=1.2),
}


def difficulty(name: str) -> tuple[PhotoOptions, SketchOptions]:
    """Return the photo and sketch options of "easy", "default" or "hard" images."""
    if name not in PHOTO_PRESETS:
        raise ValueError(
            f"unknown difficulty {name!r}; expected one of {list(PHOTO_PRESETS)}"
        )
    return PHOTO_PRESETS[name], SKETCH_PRESETS[name]
