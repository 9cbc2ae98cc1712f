"""Load the drawn data set: from the cache where it is there, else draw it first."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zssbir_lib.files import cache_folder as default_folder
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.world.cache import (
    cache_key,
    key_folder,
    prepare_folder,
    read_shard,
)
from zssbir_lib.world.catalogue import class_names as all_class_names
from zssbir_lib.world.catalogue import define
from zssbir_lib.world.options import PhotoOptions, SketchOptions, check_size
from zssbir_lib.world.rendering import Options, Shard, check_count, draw_shards


@dataclass(frozen=True)
class WorldImages:
    """The drawn data set.

    Attributes:
        photos: Class name to photos, (N, 3, size, size) uint8.
        sketches: Class name to sketches, (M, size, size) uint8, 255 is paper. Classes
            with photos only are missing here.
    """

    photos: dict[str, np.ndarray]
    sketches: dict[str, np.ndarray]


def load_world(
    class_names: Iterable[str] | None = None,
    photos: int = 100,
    sketches: int = 60,
    size: int = 32,
    seed: int = 0,
    photo_options: PhotoOptions | None = None,
    sketch_options: SketchOptions | None = None,
    workers: int | None = None,
    cache_folder: str | Path | None = None,
    photo_only: Iterable[str] = (),
) -> WorldImages:
    """Load the drawn data set; draw and keep what the cache does not hold yet.

    The cache has one file per class and modality, so an interrupted run goes on where
    it stopped, and a damaged file costs a warning and its own redrawing.

    Args:
        class_names: Classes to load; by default all of the catalogue.
        photos: Photos per class, 1 or more.
        sketches: Sketches per class, 1 or more.
        size: Pixels per side, 16 to 512.
        seed: Seed of the world.
        photo_options: Difficulty of the photos; by default `PhotoOptions()`.
        sketch_options: Difficulty of the sketches; by default `SketchOptions()`.
        workers: Number of processes; by default one per core where it pays.
        cache_folder: Where images are kept; by default `$ZSSBIR_CACHE`, or
            `~/.cache/zssbir` where that is not set.
        photo_only: Classes of which no sketches are wanted.

    Returns:
        Photos and sketches of every class, in the order of `class_names`.

    Raises:
        ValueError: If a class or a value is not allowed.
        OSError: If the cache folder cannot be written to.
        ChildProcessError: If a process that draws images died.

    Example:
        >>> world = load_world(["mug", "cat"], photos=2, sketches=2)  # doctest: +SKIP
        >>> world.photos["mug"].shape  # doctest: +SKIP
        (2, 3, 32, 32)
    """
    check_size(size)
    names = check_names(all_class_names() if class_names is None else class_names)
    without_sketches = set(check_names(photo_only))
    with_sketches = [name for name in names if name not in without_sketches]
    folder = default_folder() if cache_folder is None else Path(cache_folder)
    photo_options = photo_options or PhotoOptions()
    sketch_options = sketch_options or SketchOptions()
    plan = _plan(folder, names, PHOTO, photos, size, seed, photo_options)
    plan += _plan(folder, with_sketches, SKETCH, sketches, size, seed, sketch_options)
    images = _fetch(plan, workers)
    return WorldImages(
        photos={name: images[name, PHOTO] for name in names},
        sketches={name: images[name, SKETCH] for name in with_sketches},
    )


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """Check that all classes exist and none is named twice.

    Args:
        names: Class names.

    Returns:
        The same names.

    Raises:
        ValueError: If a class is unknown or repeated, or a lone string is given.
    """
    if isinstance(names, str):
        raise ValueError(f"class names must be a list of names, not the text {names!r}")
    names = tuple(names)
    for place, name in enumerate(names):
        define(name)
        if name in names[:place]:
            raise ValueError(f"class {name!r} is named twice")
    return names


def _plan(
    cache_folder: Path,
    names: Iterable[str],
    modality: int,
    count: int,
    size: int,
    seed: int,
    options: Options,
) -> list[Shard]:
    """List the shards of one modality; they share a key and so a folder."""
    check_count(count)
    key = cache_key(modality, count, size, seed, options)
    folder = key_folder(cache_folder, key)
    return [
        Shard(name, modality, count, size, seed, options, folder / f"{name}.npz")
        for name in names
    ]


def _fetch(plan: list[Shard], workers: int | None) -> dict[tuple[str, int], np.ndarray]:
    """Read all shards, drawing the missing ones in between."""
    images, missing = {}, []
    for shard in plan:
        found = read_shard(shard.path, shard.shape)
        if found is None:
            missing.append(shard)
        else:
            images[shard.class_name, shard.modality] = found
    if missing:
        for folder, shard in {shard.path.parent: shard for shard in missing}.items():
            prepare_folder(folder, shard.key)
        draw_shards(missing, workers)
    for shard in missing:
        found = read_shard(shard.path, shard.shape)
        if found is None:
            raise RuntimeError(f"{shard.path} was just drawn but cannot be read back")
        images[shard.class_name, shard.modality] = found
    return images
