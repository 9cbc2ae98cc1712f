"""One random generator per image, so that no image depends on any other."""

import hashlib

import numpy as np

from zssbir_lib.modality import NAMES, PHOTO, SKETCH


def check_modality(modality: int) -> None:
    """Check that a modality is one of the two that exist.

    Args:
        modality: `SKETCH` (0) or `PHOTO` (1).

    Raises:
        ValueError: If it is neither.
    """
    if modality not in (SKETCH, PHOTO):
        raise ValueError(f"modality is {modality!r}; expected 0 (sketch) or 1 (photo)")


def image_rng(
    seed: int, class_name: str, modality: int, index: int
) -> np.random.Generator:
    """Return the generator of one image of the drawn world.

    The four arguments are hashed together: image 3 of a class is the same whether 4 or
    400 images are asked for, in any order, by any number of processes.

    Args:
        seed: Seed of the whole world.
        class_name: Class of the image.
        modality: `SKETCH` (0) or `PHOTO` (1).
        index: Number of the image within its class and modality, from 0.

    Returns:
        A fresh NumPy generator.

    Raises:
        ValueError: If the modality is neither 0 nor 1.

    Example:
        >>> first = image_rng(0, "mug", 1, 3).random()
        >>> first == image_rng(0, "mug", 1, 3).random()
        True
    """
    check_modality(modality)
    text = f"{seed}/{class_name}/{NAMES[modality]}/{index}"
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))
