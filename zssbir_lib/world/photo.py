"""Render a class definition as a photo: filled, lit, textured, cluttered, noisy."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from zssbir_lib.world.background import (
    gradient,
    muted_colours,
    separated_luminances,
    surrounding_luminances,
)
from zssbir_lib.world.drawing import Drawing
from zssbir_lib.world.options import PhotoOptions, check_size
from zssbir_lib.world.scene import SUPERSAMPLING, Scene, paint_scene
from zssbir_lib.world.textures import grain, ramps, texture_bank, window

Definition = Callable[[Drawing], None]


@lru_cache(maxsize=16)
def blur_matrix(size: int, sigma: float) -> np.ndarray:
    """Return the matrix that blurs a row of pixels with a Gaussian.

    Args:
        size: Length of the row.
        sigma: Standard deviation of the Gaussian in pixels.

    Returns:
        (size, size) float32; every row sums to 1, so flat regions stay flat.
    """
    places = np.arange(size)
    weights = np.exp(-0.5 * ((places[:, None] - places[None, :]) / sigma) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _colour_table(
    scene: Scene, areas: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what each label shows, and the colours of the background's two ends.

    The table has five rows: red, green, blue, "is painted" and "is the object".
    """
    first, count = scene.clutter + 1, len(scene.colours)
    last = first + count
    allowed = separated_luminances(scene.colours, areas[first:last])
    behind = surrounding_luminances(allowed, scene.clutter, rng)
    before = 0.1 + 0.8 * rng.random(scene.occluders)
    muted = muted_colours(rng, np.concatenate([behind, before]))
    table = np.zeros((5, last + scene.occluders), np.float32)
    table[3, 1:] = 1
    table[4, first:last] = 1
    table[:3, 1:first] = muted[:, 2 : 2 + scene.clutter]
    tones = 0.93 + 0.14 * rng.random(count)  # equal colours still differ a little
    table[:3, first:last] = np.array(scene.colours).T * tones
    table[:3, last:] = muted[:, 2 + scene.clutter :]
    return table, muted[:, 0], muted[:, 1]


def _shrink(layers: np.ndarray) -> np.ndarray:
    """Average blocks of 2 x 2 pixels: (C, 2S, 2S) becomes (C, S, S)."""
    rows = layers[:, ::2] + layers[:, 1::2]
    blocks = rows[:, :, ::2] + rows[:, :, 1::2]
    blocks *= 1 / SUPERSAMPLING**2
    return blocks


def _light(
    image: np.ndarray, mask: np.ndarray, realism: float, rng: np.random.Generator
) -> None:
    """Shade the object as if it bulged, and let it cast a soft shadow (in place)."""
    size = len(mask)
    turn, relief, slope, darkness = rng.random(4).tolist()
    angle = math.radians(-150 + 120 * turn)  # the light comes from above
    toward_x, toward_y = math.cos(angle), math.sin(angle)
    blur = blur_matrix(size, 0.05 * size)
    height = blur @ mask @ blur.T
    right, down = ramps(size)
    side = (0.05 + 0.25 * slope) * (toward_x * right + toward_y * down)
    lean = 0.13 * size * (0.2 + 0.8 * relief)
    side[:, 1:-1] -= lean * toward_x * (height[:, 2:] - height[:, :-2])
    side[1:-1] -= lean * toward_y * (height[2:] - height[:-2])
    shift = max(1, round(0.05 * size))
    shadow = np.zeros_like(height)
    shadow[shift:, shift:] = height[:-shift, :-shift]
    shadow *= (mask - 1) * (0.5 * darkness)
    image *= 1 + realism * (mask * side + shadow)


def _photograph(
    image: np.ndarray, realism: float, rng: np.random.Generator
) -> np.ndarray:
    """Pass an image through an imperfect camera: exposure, tint, blur, noise."""
    size = image.shape[1]
    contrast, brightness, blurred, amount, noise, *tint = rng.random(8).tolist()
    mean = float(image.mean())
    image = (image - mean) * (1 + realism * (0.5 * contrast - 0.35))
    image += mean + realism * 0.3 * (brightness - 0.5)
    balance = 1 + realism * 0.2 * (np.array(tint, np.float32) - 0.5)
    image *= balance[:, None, None]
    if blurred < 0.4 * realism:
        blur = blur_matrix(size, (0.008 + 0.0015 * round(4 * amount)) * size)
        image = blur @ image @ blur.T
    return image + window(grain(size), size, rng) * (0.04 * realism * noise)


def photo_and_mask(
    definition: Definition,
    rng: np.random.Generator,
    size: int = 32,
    options: PhotoOptions | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Render one photo and the mask of the pixels that show the object.

    Args:
        definition: A class of the world: a function that draws one object.
        rng: The image's generator, see `image_rng`.
        size: Height and width in pixels, 16 to 512.
        options: The difficulty knobs; by default `PhotoOptions()`.

    Returns:
        (photo (3, size, size) uint8, mask (size, size) float32 from 0 to 1).

    Raises:
        ValueError: If the size is not allowed or the definition draws nothing.
    """
    check_size(size)
    options = options or PhotoOptions()
    draw = Drawing(rng)
    definition(draw)
    scene = paint_scene(draw.parts, rng, size, options)
    areas = np.bincount(scene.labels.ravel(), minlength=256)
    table, first, second = _colour_table(scene, areas, rng)
    layers = _shrink(np.take(table, scene.labels, axis=1, mode="clip"))
    image, painted, mask = layers[:3], layers[3], layers[4]

    second = first + (second - first) * min(1.0, options.clutter)
    image += (1 - painted) * gradient(first, second, size, rng)
    behind, surface, *amounts = rng.random(4).tolist()
    bank = texture_bank(size)
    texture = window(bank[int(len(bank) * behind)], size, rng)
    image += texture * ((1 - mask) * (0.1 * options.realism * amounts[0]))
    texture = window(bank[int(len(bank) * surface)], size, rng)
    image *= 1 + texture * (mask * (0.1 * options.realism * amounts[1]))

    _light(image, mask, options.realism, rng)
    image = _photograph(image, options.realism, rng)
    return (np.clip(image, 0, 1) * 255).astype(np.uint8), mask


def render_photo(
    definition: Definition,
    rng: np.random.Generator,
    size: int = 32,
    options: PhotoOptions | None = None,
) -> np.ndarray:
    """Render one photo of an object.

    Args:
        definition: A class of the world: a function that draws one object.
        rng: The image's generator, see `image_rng`.
        size: Height and width in pixels, 16 to 512.
        options: The difficulty knobs; by default `PhotoOptions()`.

    Returns:
        Photo, (3, size, size) uint8, red, green, blue.

    Raises:
        ValueError: If the size is not allowed or the definition draws nothing.
    """
    return photo_and_mask(definition, rng, size, options)[0]
