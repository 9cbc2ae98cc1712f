"""Render the images of whole classes, in parallel where there is enough to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from zssbir_lib.jobs import jobs_worth, run_jobs
from zssbir_lib.modality import NAMES, PHOTO
from zssbir_lib.world.cache import cache_key, write_shard
from zssbir_lib.world.catalogue import define
from zssbir_lib.world.options import PhotoOptions, SketchOptions, check_size
from zssbir_lib.world.photo import render_photo
from zssbir_lib.world.seeding import check_modality, image_rng
from zssbir_lib.world.sketch import render_sketch

Options = PhotoOptions | SketchOptions


@dataclass(frozen=True)
class Shard:
    """The images of one class and modality: the unit of work and of the cache.

    Attributes:
        class_name: Name of the class.
        modality: `SKETCH` (0) or `PHOTO` (1).
        count: Number of images.
        size: Pixels per side.
        seed: Seed of the world.
        options: The difficulty knobs of this modality.
        path: Where the images are kept.
    """

    class_name: str
    modality: int
    count: int
    size: int
    seed: int
    options: Options
    path: Path

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array that holds these images."""
        channels = (3,) if self.modality == PHOTO else ()
        return (self.count, *channels, self.size, self.size)

    @property
    def key(self) -> dict[str, Any]:
        """What determines these pixels, see `cache_key`."""
        return cache_key(self.modality, self.count, self.size, self.seed, self.options)


def check_count(count: int) -> None:
    """Check that a number of images per class is a whole number from 1 on.

    Args:
        count: The number of images.

    Raises:
        ValueError: If it is not.
    """
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"count is {count!r}; expected a whole number from 1 on")


def render_class(
    class_name: str,
    modality: int,
    count: int,
    size: int = 32,
    seed: int = 0,
    options: Options | None = None,
) -> np.ndarray:
    """Render the first images of one class in one modality.

    Args:
        class_name: A class of the catalogue.
        modality: `SKETCH` (0) or `PHOTO` (1).
        count: Number of images; the first ones do not depend on it.
        size: Pixels per side, 16 to 512.
        seed: Seed of the world.
        options: `PhotoOptions` for photos or `SketchOptions` for sketches; by default
            the usual difficulty.

    Returns:
        Photos (count, 3, size, size) or sketches (count, size, size), uint8.

    Raises:
        ValueError: If the class, the modality, the count or the size does not exist,
            or the options belong to the other modality.

    Example:
        >>> render_class("mug", PHOTO, 2).shape
        (2, 3, 32, 32)
    """
    check_modality(modality)
    check_size(size)
    definition = define(class_name)
    check_count(count)
    kind = PhotoOptions if modality == PHOTO else SketchOptions
    options = kind() if options is None else options
    if not isinstance(options, kind):
        raise ValueError(
            f"options is a {type(options).__name__}; "
            f"a {NAMES[modality]} needs {kind.__name__}"
        )
    render = render_photo if modality == PHOTO else render_sketch
    generators = (image_rng(seed, class_name, modality, i) for i in range(count))
    return np.stack([render(definition, rng, size, options) for rng in generators])


def draw_shard(shard: Shard) -> None:
    """Render one shard and write it; this is what a worker process does.

    Args:
        shard: The images to draw.
    """
    images = render_class(
        shard.class_name,
        shard.modality,
        shard.count,
        shard.size,
        shard.seed,
        shard.options,
    )
    write_shard(shard.path, images)


def draw_shards(shards: Sequence[Shard], workers: int | None = None) -> None:
    """Draw and write shards, in several processes where there is enough to do.

    Args:
        shards: The images to draw.
        workers: Number of processes; by default one per core, but no more than one per
            400 images. 1 draws in this process.

    Raises:
        ValueError: If `workers` is below 1.
        ChildProcessError: If a process dies.
    """
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}; expected 1 or more (or None)")
    if workers is None:
        workers = jobs_worth(sum(shard.count for shard in shards))
    workers = min(workers, len(shards))
    with tqdm(total=len(shards), desc="drawing the world", unit="class") as bar:
        for _ in run_jobs(draw_shard, shards, workers):
            bar.update()
