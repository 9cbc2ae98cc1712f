"""A class definition as a photo: filled, lit, textured, cluttered, noisy."""

import math
from functools import lru_cache

import numpy as np

from zssbir_lib.world.drawing import Definition, Drawing
from zssbir_lib.world.options import PhotoOptions, check_size
from zssbir_lib.world.scene import (
    SUPERSAMPLING,
    Scene,
    muted_colours,
    paint_scene,
    separated_luminances,
    surrounding_luminances,
)

# Fields over the image, the same in every process: an image takes a random window


TEXTURES = 24


@lru_cache(maxsize=4)
def ramps(size: int) -> np.ndarray:
    """Return two fields (2, S, S) that run from -1 to 1, to the right and down."""
    line = np.linspace(-1, 1, size, dtype=np.float32)
    fields = np.stack([np.tile(line, (size, 1)), np.tile(line[:, None], (1, size))])
    fields.flags.writeable = False
    return fields


@lru_cache(maxsize=4)
def texture_bank(size: int) -> np.ndarray:
    """Return random textures (24, 3, 2 S, 2 S) whose contrast falls with frequency.

    The amplitude at frequency f is f to the power -b, with b from 0.9 (rough) to 1.8
    (cloudy). Mean 0, standard deviation 1.

    Source: D. J. Field, "Relations between the statistics of natural images and the
    response properties of cortical cells", 1987.
    """
    rng = np.random.default_rng(20240)
    width = 2 * size
    across, down = np.fft.rfftfreq(width), np.fft.fftfreq(width)
    frequencies = np.hypot(across[None, :], down[:, None])
    frequencies[0, 0] = np.inf  # no constant part
    frequencies = np.maximum(frequencies, 1 / size)  # nothing larger than the image
    bank = np.empty((TEXTURES, 3, width, width), np.float32)
    for texture in bank:
        common, *own = np.fft.rfft2(rng.standard_normal((4, width, width)))
        spectrum = np.stack([0.97 * common + 0.24 * channel for channel in own])
        texture[:] = np.fft.irfft2(spectrum * frequencies ** -rng.uniform(0.9, 1.8))
        texture /= texture.std()
    bank.flags.writeable = False
    return bank


@lru_cache(maxsize=4)
def grain(size: int) -> np.ndarray:
    """Return one field of white noise (3, 2 S, 2 S) from which images take a window."""
    rng = np.random.default_rng(20241)
    field = rng.standard_normal((3, 2 * size, 2 * size), dtype=np.float32)
    field.flags.writeable = False
    return field


def window(field: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Cut a random square out of a larger field, mirrored half of the time; a view."""
    down, right, mirror = rng.random(3).tolist()
    top = int((field.shape[1] - size + 1) * down)
    left = int((field.shape[2] - size + 1) * right)
    cut = field[:, top : top + size, left : left + size]
    return cut[:, :, ::-1] if mirror < 0.5 else cut


@lru_cache(maxsize=16)
def blur_matrix(size: int, sigma: float) -> np.ndarray:
    """Return the matrix (S, S) that blurs a row of pixels with a Gaussian.

    Every row sums to 1, so flat regions stay flat.
    """
    places = np.arange(size)
    weights = np.exp(-0.5 * ((places[:, None] - places[None, :]) / sigma) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


# The photo


def gradient(
    first: np.ndarray, second: np.ndarray, size: int, rng: np.random.Generator
) -> np.ndarray:
    """Paint a background (3, S, S) that changes from one colour (3,) to another.

    Four in ten have a horizon (a steep change), the others a slow gradient.
    """
    turn, horizon, level = rng.random(3).tolist()
    right, down = ramps(size)
    angle = 2 * math.pi * turn
    blend = (math.cos(angle) * 0.35) * right + (math.sin(angle) * 0.35) * down + 0.5
    if horizon < 0.4:
        blend = np.clip((blend - (0.3 + 0.4 * level)) * 12 + 0.5, 0, 1)
    start = first.astype(np.float32)[:, None, None]
    return start + (second - first).astype(np.float32)[:, None, None] * blend


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
    """Render one photo (3, S, S) uint8, and the mask (S, S), 0 to 1, of its object.

    Args:
        definition: a class of the world: a function that draws one object.
        rng: the image's generator (`image_rng`).
        size: S in pixels, 16 to 512.
        options: how difficult the photo is; None for `PhotoOptions()`.

    Raises:
        ValueError: the size is out of range, or the definition draws nothing.
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
    """Render one photo of an object, (3, S, S) uint8: arguments of `photo_and_mask`."""
    return photo_and_mask(definition, rng, size, options)[0]
