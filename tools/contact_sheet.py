"""Draw a sheet of example images, one row a class, to judge class definitions by eye.

Example: python tools/contact_sheet.py --out sheet.png --classes mug,teapot
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.world.catalogue import class_names, define
from zssbir_lib.world.options import PHOTO_PRESETS, difficulty
from zssbir_lib.world.photo import render_photo
from zssbir_lib.world.rendering import image_rng
from zssbir_lib.world.sketch import render_sketch

NAME_WIDTH, GAP = 90, 2
MODALITIES = {"photo": (PHOTO,), "sketch": (SKETCH,), "both": (PHOTO, SKETCH)}


def draw_image(
    name: str, modality: int, index: int, size: int, seed: int, level: str
) -> Image.Image:
    """Render one image of a class as a picture of mode RGB."""
    photo_options, sketch_options = difficulty(level)
    rng = image_rng(seed, name, modality, index)
    if modality == PHOTO:
        photo = render_photo(define(name), rng, size, photo_options)
        return Image.fromarray(np.ascontiguousarray(photo.transpose(1, 2, 0)))
    sketch = render_sketch(define(name), rng, size, sketch_options)
    return Image.fromarray(sketch).convert("RGB")


def draw_sheet(names: list[str], options: argparse.Namespace) -> Image.Image:
    """Render all examples into one picture, class names beside their rows."""
    step = options.size * options.zoom + GAP
    modalities = MODALITIES[options.modality]
    column = NAME_WIDTH + step * options.count * len(modalities)
    rows = -(-len(names) // options.columns)
    shape = (column * options.columns, max(14, step) * rows)
    sheet = Image.new("RGB", shape, "white")
    pen = ImageDraw.Draw(sheet)
    for place, name in enumerate(names):
        left, top = column * (place // rows), max(14, step) * (place % rows)
        pen.text((left + 2, top + step // 2 - 6), name, fill="black")
        left += NAME_WIDTH
        for modality in modalities:
            for index in range(options.count):
                example = draw_image(
                    name, modality, index, options.size, options.seed, options.level
                )
                sheet.paste(example.resize((step - GAP, step - GAP), 0), (left, top))
                left += step
    return sheet


def main() -> None:
    """Read the command line and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="PNG file to write")
    parser.add_argument("--classes", default="", help="names with commas; default all")
    parser.add_argument("--size", type=int, default=64, help="pixels of an image")
    parser.add_argument("--zoom", type=int, default=1, help="enlarge by this factor")
    parser.add_argument("--count", type=int, default=8, help="images a class")
    parser.add_argument("--columns", type=int, default=1, help="classes side by side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--modality", choices=MODALITIES, default="both")
    parser.add_argument("--level", choices=PHOTO_PRESETS, default="default")
    options = parser.parse_args()
    names = [name for name in options.classes.split(",") if name]
    draw_sheet(names or list(class_names()), options).save(options.out)


if __name__ == "__main__":
    main()
