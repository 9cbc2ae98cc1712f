"""The drawn data set: images of whole classes, kept in a store once they are drawn.

Layout: `<cache>/drawn/photo-32px-<hash>/` with `key.json` and `images.u8`, in which
every class of the catalogue has its place, empty until it is asked for. The hash covers
everything in `key.json`, so images that would come out differently never share a file.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import PIL

from zssbir_lib.files import VARIABLE, write_shared
from zssbir_lib.files import cache_folder as default_folder
from zssbir_lib.modality import NAMES, PHOTO, SKETCH
from zssbir_lib.store import Chunk, PixelFile, clear_refusals, fill
from zssbir_lib.world.catalogue import class_names as all_class_names
from zssbir_lib.world.catalogue import define
from zssbir_lib.world.options import PhotoOptions, SketchOptions, check_size
from zssbir_lib.world.photo import render_photo
from zssbir_lib.world.sketch import render_sketch


def check_modality(modality: int) -> None:
    """Raise unless a modality is `SKETCH` (0) or `PHOTO` (1)."""
    if modality not in (SKETCH, PHOTO):
        raise ValueError(f"modality is {modality!r}; expected 0 (sketch) or 1 (photo)")


def image_rng(
    seed: int, class_name: str, modality: int, index: int
) -> np.random.Generator:
    """Return the generator of one image of the drawn world.

    The four arguments are hashed together: image 3 of a class is the same whether 4 or
    400 images are asked for, in any order, by any number of processes.

    Args:
        seed: seed of the whole world.
        class_name: class of the image.
        modality: `SKETCH` (0) or `PHOTO` (1).
        index: number of the image within its class and modality, from 0.

    Example:
        >>> first = image_rng(0, "mug", 1, 3).random()
        >>> first == image_rng(0, "mug", 1, 3).random()
        True
    """
    check_modality(modality)
    text = f"{seed}/{class_name}/{NAMES[modality]}/{index}"
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))


Options = PhotoOptions | SketchOptions

GENERATOR_VERSION = 1  # raise it when a change outside of families/ changes pixels


def render_class(
    class_name: str,
    modality: int,
    count: int,
    size: int = 32,
    seed: int = 0,
    options: Options | None = None,
) -> np.ndarray:
    """Render the first images of one class: photos (N, 3, S, S) or sketches (N, S, S).

    Args:
        class_name: a class of the catalogue.
        modality: `SKETCH` (0) or `PHOTO` (1).
        count: N; the first images do not depend on it.
        size: S in pixels, 16 to 512.
        seed: seed of the world.
        options: `PhotoOptions` or `SketchOptions`; None for the usual difficulty.

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


@dataclass(frozen=True)
class DrawnImages(Mapping[str, np.ndarray]):
    """The drawn images of one modality: class name to photos or sketches."""

    file: PixelFile
    rows: dict[str, range]  # class name to the numbers of its images in the file

    def __getitem__(self, name: str) -> np.ndarray:
        """Return photos (N, 3, S, S) or sketches (N, S, S), uint8, read-only."""
        rows = self.rows[name]
        images = self.file.mapped()[rows.start : rows.stop]
        return images if self.file.shape[1] == 3 else images[:, 0]

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class WorldImages:
    """The drawn data set.

    Attributes:
        photos: class name to photos, (N, 3, S, S) uint8.
        sketches: class name to sketches, (M, S, S) uint8, 255 is paper; without the
            classes of which only photos were asked for.
    """

    photos: DrawnImages
    sketches: DrawnImages


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

    An interrupted run goes on where it stopped, class by class, and damaged images cost
    a warning and their own redrawing.

    Args:
        class_names: classes to load, in the order wanted; None for all.
        photos: photos a class, 1 or more.
        sketches: sketches a class, 1 or more.
        size: S in pixels, 16 to 512.
        seed: seed of the world.
        photo_options: difficulty of the photos; None for `PhotoOptions()`.
        sketch_options: difficulty of the sketches; None for `SketchOptions()`.
        workers: processes; None for one a core where it pays.
        cache_folder: where images are kept; None for `$ZSSBIR_CACHE` or
            `~/.cache/zssbir`.
        photo_only: classes of which no sketches are wanted.

    Raises:
        ValueError: a class or a value is not allowed.
        OSError: the cache folder cannot be written to.
        ChildProcessError: a process that draws images died.

    Example:
        >>> world = load_world(["mug", "cat"], photos=2, sketches=2)  # doctest: +SKIP
        >>> world.photos["mug"].shape  # doctest: +SKIP
        (2, 3, 32, 32)
    """
    check_size(size)
    if workers is not None and workers < 1:
        raise ValueError(f"workers is {workers}; expected 1 or more (or None)")
    names = check_names(all_class_names() if class_names is None else class_names)
    without = set(check_names(photo_only))
    folder = default_folder() if cache_folder is None else Path(cache_folder)
    photo = Series(PHOTO, photos, size, seed, photo_options or PhotoOptions())
    sketch = Series(SKETCH, sketches, size, seed, sketch_options or SketchOptions())
    chunks = photo.chunks(folder, names)
    chunks += sketch.chunks(folder, [name for name in names if name not in without])
    remedy = f"choose another by cache_folder=... or the variable {VARIABLE}"
    with clear_refusals(folder, remedy):
        for series in {chunk.work[1] for chunk in chunks}:
            series.write_key(folder)
    lines = fill(chunks, _render, workers, "drawing the world", remedy=remedy)
    checksums = dict(zip(chunks, (line.checksum for line in lines), strict=True))
    return WorldImages(photo.drawn(folder, checksums), sketch.drawn(folder, checksums))


@dataclass(frozen=True)
class Series:
    """What determines the images of all classes in one modality."""

    modality: int
    count: int  # images per class
    size: int  # pixels per side
    seed: int
    options: Options

    def __post_init__(self) -> None:
        check_count(self.count)

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape (C, S, S) of an image in the store."""
        return (3 if self.modality == PHOTO else 1, self.size, self.size)

    def key(self) -> dict[str, Any]:
        """Collect everything that determines the pixels, as plain values."""
        return {
            "generator_version": GENERATOR_VERSION,
            "source": source_digest(),
            "pillow": PIL.__version__,
            "numpy": np.__version__,
            "modality": NAMES[self.modality],
            "images_per_class": self.count,
            "size": self.size,
            "seed": self.seed,
            "options": asdict(self.options),
        }

    def folder(self, cache: Path) -> Path:
        """Return the folder of these images."""
        text = json.dumps(self.key(), sort_keys=True)
        digest = hashlib.blake2b(text.encode(), digest_size=10).hexdigest()
        return cache / "drawn" / f"{NAMES[self.modality]}-{self.size}px-{digest}"

    def write_key(self, cache: Path) -> None:
        """Put the readable key into the folder, which is made if need be."""
        path = self.folder(cache) / "key.json"
        if not path.is_file():
            text = json.dumps(self.key(), indent=2, sort_keys=True) + "\n"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_shared(path, lambda file: file.write(text.encode()))

    def chunks(self, cache: Path, names: Iterable[str]) -> list[Chunk]:
        """List some classes as chunks, each at its place among all classes."""
        folder = self.folder(cache)
        places = {name: place for place, name in enumerate(all_class_names())}
        return [
            Chunk(
                path=folder / "images.u8",
                first=places[name] * self.count,
                count=self.count,
                shape=self.shape,
                key=f"{folder.name} {name}",
                name=name,
                work=(name, self),
            )
            for name in names
        ]

    def drawn(self, cache: Path, checksums: Mapping[Chunk, str]) -> DrawnImages:
        """Describe the chunks of this series that are there now, in their order."""
        path = self.folder(cache) / "images.u8"
        own = {chunk: one for chunk, one in checksums.items() if chunk.path == path}
        sums = {chunk.first // self.count: one for chunk, one in own.items()}
        classes = max(sums, default=-1) + 1
        file = PixelFile(
            path,
            (classes * self.count, *self.shape),
            self.count,
            tuple(sums.get(place, "") for place in range(classes)),
        )
        rows = {one.name: range(one.first, one.first + one.count) for one in own}
        return DrawnImages(file, rows)


def _render(work: tuple[str, Series]) -> Iterator[np.ndarray]:
    """Render a class: what a worker process does."""
    name, of = work
    images = render_class(name, of.modality, of.count, of.size, of.seed, of.options)
    yield from images


@lru_cache(maxsize=1)
def source_digest() -> str:
    """Return a hash of the families' source, so that an edited class is drawn again.

    For other changes of pixels, which a test finds, raise `GENERATOR_VERSION`.
    """
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted((Path(__file__).parent / "families").glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check_count(count: int) -> None:
    """Raise unless a number of images per class is a whole number from 1 on."""
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"count is {count!r}; expected a whole number from 1 on")


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return class names, all of which exist and none of which is named twice."""
    if isinstance(names, str):
        raise ValueError(f"class names must be a list of names, not the text {names!r}")
    names = tuple(names)
    for place, name in enumerate(names):
        define(name)
        if name in names[:place]:
            raise ValueError(f"class {name!r} is named twice")
    return names
