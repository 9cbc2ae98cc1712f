"""The embedded data set: object classes drawn as photos and as sketches."""

from zssbir_lib.world.catalogue import (
    CATALOGUE,
    ClassEntry,
    class_names,
    classes_by_family,
    define,
)
from zssbir_lib.world.drawing import Drawing, Part
from zssbir_lib.world.options import (
    PHOTO_PRESETS,
    SKETCH_PRESETS,
    PhotoOptions,
    SketchOptions,
    difficulty,
)
from zssbir_lib.world.photo import photo_and_mask, render_photo
from zssbir_lib.world.rendering import (
    DrawnImages,
    WorldImages,
    load_world,
    render_class,
)
from zssbir_lib.world.seeding import image_rng
from zssbir_lib.world.sketch import render_sketch

__all__ = [
    "CATALOGUE",
    "PHOTO_PRESETS",
    "SKETCH_PRESETS",
    "ClassEntry",
    "Drawing",
    "DrawnImages",
    "Part",
    "PhotoOptions",
    "SketchOptions",
    "WorldImages",
    "class_names",
    "define",
    "difficulty",
    "classes_by_family",
    "image_rng",
    "load_world",
    "photo_and_mask",
    "render_class",
    "render_photo",
    "render_sketch",
]
