"""The cache of rendered images: what determines them names their folder.

Layout: `<cache>/world/photo-32px-<hash>/key.json` and `.../mug.npz`, one file per
class. The hash covers everything in `key.json`, so images that would come out
differently never share a folder.
"""

import hashlib
import json
import warnings
import zipfile
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from zssbir_lib.files import VARIABLE, write_shared
from zssbir_lib.modality import NAMES
from zssbir_lib.world.options import PhotoOptions, SketchOptions

GENERATOR_VERSION = 1  # raise it when a change anywhere else changes the pixels
NOT_DRAWING = ("cache.py", "store.py", "rendering.py", "groups.py", "__init__.py")


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Return a hash of the world's source files, so that an edited class is redrawn.

    Returns:
        16 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=8)
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        if path.name not in NOT_DRAWING:
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def cache_key(
    modality: int,
    count: int,
    size: int,
    seed: int,
    options: PhotoOptions | SketchOptions,
) -> dict[str, Any]:
    """Collect everything that determines the pixels of a set of images.

    Args:
        modality: `SKETCH` (0) or `PHOTO` (1).
        count: Images per class.
        size: Pixels per side.
        seed: Seed of the world.
        options: The difficulty knobs of this modality.

    Returns:
        A dictionary that can be written as JSON.
    """
    return {
        "generator_version": GENERATOR_VERSION,
        "source": source_digest(),
        "pillow": PIL.__version__,
        "numpy": np.__version__,
        "modality": NAMES[modality],
        "images_per_class": count,
        "size": size,
        "seed": seed,
        "options": asdict(options),
    }


def key_folder(cache_folder: Path, key: dict[str, Any]) -> Path:
    """Return the folder of one set of images.

    Args:
        cache_folder: The cache as a whole.
        key: What `cache_key` returned.

    Returns:
        `<cache>/world/<modality>-<size>px-<hash>`.
    """
    text = json.dumps(key, sort_keys=True)
    digest = hashlib.blake2b(text.encode(), digest_size=10).hexdigest()
    return cache_folder / "world" / f"{key['modality']}-{key['size']}px-{digest}"


def prepare_folder(folder: Path, key: dict[str, Any]) -> None:
    """Make the folder of one set of images and put its readable key inside.

    Args:
        folder: What `key_folder` returned.
        key: What `cache_key` returned.

    Raises:
        OSError: If the folder cannot be written to; the message says what to do.
    """
    text = json.dumps(key, indent=2, sort_keys=True) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_shared(folder / "key.json", lambda file: file.write(text.encode()))
    except OSError as error:
        raise OSError(
            f"cannot write to the cache folder {folder} ({error.strerror or error}); "
            f"choose another by cache_folder=... or the environment variable {VARIABLE}"
        ) from error


def write_shard(path: Path, images: np.ndarray) -> None:
    """Write the images of one class and modality.

    Args:
        path: The `.npz` file.
        images: uint8 array, images first.
    """
    write_shared(path, lambda file: np.savez(file, images=images))


def read_shard(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """Read the images of one class and modality, if they are there and whole.

    The checksum in the file finds damaged bytes; a damaged file is announced by a
    one-line warning.

    Args:
        path: The `.npz` file.
        shape: The expected shape.

    Returns:
        uint8 array of that shape, or None where it must be drawn (again).
    """
    try:
        with np.load(path, allow_pickle=False) as shard:
            images = shard["images"]
        if images.shape != shape or images.dtype != np.uint8:
            raise ValueError(f"holds {images.dtype} {images.shape}, expected {shape}")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        warnings.warn(f"{path} is damaged ({reason}); drawing it again", stacklevel=2)
        return None
    return images
