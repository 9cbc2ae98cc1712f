"""The embedded data set: object classes drawn as photos and as sketches."""

from zssbir_lib.world.catalogue import class_names, define
from zssbir_lib.world.drawing import Drawing, Part
from zssbir_lib.world.options import (
    PHOTO_PRESETS,
    PhotoOptions,
    SketchOptions,
    difficulty,
)
from zssbir_lib.world.photo import photo_and_mask, render_photo
from zssbir_lib.world.rendering import (
    DrawnImages,
    WorldImages,
    image_rng,
    load_world,
    render_class,
)
from zssbir_lib.world.sketch import render_sketch

__all__ = [
    "PHOTO_PRESETS",
    "Drawing",
    "DrawnImages",
    "Part",
    "PhotoOptions",
    "SketchOptions",
    "WorldImages",
    "class_names",
    "define",
    "difficulty",
    "image_rng",
    "load_world",
    "photo_and_mask",
    "render_class",
    "render_photo",
    "render_sketch",
]
