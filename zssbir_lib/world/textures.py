"""Fields of numbers over the image: ramps, natural textures, noise.

They are the same in every process; an image chooses a place in them at random.
"""

from functools import lru_cache

import numpy as np

TEXTURES = 24


@lru_cache(maxsize=4)
def ramps(size: int) -> np.ndarray:
    """Return two fields that run from -1 to 1, to the right and down.

    Args:
        size: Size of the image in pixels.

    Returns:
        (2, size, size) float32, not to be written to.
    """
    line = np.linspace(-1, 1, size, dtype=np.float32)
    fields = np.stack([np.tile(line, (size, 1)), np.tile(line[:, None], (1, size))])
    fields.flags.writeable = False
    return fields


@lru_cache(maxsize=4)
def texture_bank(size: int) -> np.ndarray:
    """Return random textures whose contrast falls with frequency, as in nature.

    The amplitude at frequency f is f to the power -b, with b from 0.9 (rough) to 1.8
    (cloudy). The bank is the same in every process: images choose a texture and a
    place in it with their own generator.

    Args:
        size: Size of the image in pixels; textures are twice as large.

    Returns:
        (24, 3, 2 size, 2 size) float32 of mean 0 and standard deviation 1, not to be
        written to.

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
    """Return one field of white noise, from which images take a random window.

    Args:
        size: Size of the image in pixels; the field is twice as large.

    Returns:
        (3, 2 size, 2 size) float32, not to be written to.
    """
    rng = np.random.default_rng(20241)
    field = rng.standard_normal((3, 2 * size, 2 * size), dtype=np.float32)
    field.flags.writeable = False
    return field


def window(field: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Cut a random square out of a larger field, mirrored half of the time.

    Args:
        field: (C, H, W) with H and W of at least `size`.
        size: Side of the square in pixels.
        rng: The image's generator.

    Returns:
        A view, (C, size, size).
    """
    down, right, mirror = rng.random(3).tolist()
    top = int((field.shape[1] - size + 1) * down)
    left = int((field.shape[2] - size + 1) * right)
    cut = field[:, top : top + size, left : left + size]
    return cut[:, :, ::-1] if mirror < 0.5 else cut
