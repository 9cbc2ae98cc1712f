"""What a prepared store holds: the records, and the file `prepared.json`."""

import hashlib
import json
import math
import os
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from zssbir_lib.files import write_shared
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.store import PixelFile

MANIFEST = "prepared.json"
FORMAT, VERSION = "zssbir prepared images", 1
PIXEL_FILES = {SKETCH: "sketches.u8", PHOTO: "photos.u8"}
MODES = {SKETCH: "L", PHOTO: "RGB"}  # a letter a channel
AGAIN = "copy the store again, or prepare it again"


@dataclass(frozen=True)
class PreparedSet:
    """The images of one modality in a store."""

    mode: str  # "L" (grey, 1 channel) or "RGB" (3 channels)
    originals: tuple[str, ...]  # N files, as seen from the source folder
    labels: tuple[int, ...]  # N class numbers from 0
    checksums: tuple[str, ...]  # one a chunk, 32 hexadecimal digits of BLAKE2b
    left_out: dict[int, str]  # number of an unreadable image to the reason; zeros


@dataclass(frozen=True)
class Manifest:
    """What a store holds, as the file `prepared.json` says it."""

    name: str
    class_names: tuple[str, ...]  # C names; label c means class_names[c]
    image_size: int  # S, the side of every image in pixels
    chunk_images: int  # that a checksum covers; the last chunk may have fewer
    sketches: PreparedSet
    photos: PreparedSet
    written_by: dict[str, str]  # package to version: what decoded the images

    def of(self, modality: int) -> PreparedSet:
        """Return the images of a modality."""
        return self.sketches if modality == SKETCH else self.photos

    def pixel_file(self, folder: Path, modality: int) -> PixelFile:
        """Return where the images of a modality are."""
        images, side = self.of(modality), self.image_size
        return PixelFile(
            folder.absolute() / PIXEL_FILES[modality],
            (len(images.originals), len(images.mode), side, side),
            self.chunk_images,
            images.checksums,
        )

    def bytes_of(self, modality: int) -> int:
        """Return how many bytes the pixel file of a modality has."""
        return math.prod(self.pixel_file(Path(), modality).shape)


def current_versions() -> dict[str, str]:
    """Return the versions of what decides the pixels: this package and Pillow."""
    return {name: metadata.version(name) for name in ("zssbir", "pillow")}


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write `prepared.json`; the pixels count once it is there."""
    content = {"format": FORMAT, "version": VERSION} | asdict(manifest)
    content = json.loads(json.dumps(content))  # as it will be read: keys become text
    content["checksum"] = digest_of_json(content)
    text = json.dumps(content, indent=0)
    write_shared(folder / MANIFEST, lambda file: file.write(text.encode()))
    with open(folder / MANIFEST, "rb") as file:
        os.fsync(file.fileno())


def read_manifest(folder: str | Path) -> Manifest:
    """Read what a store holds, and check that its files have the bytes it says."""
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(
            f"no {MANIFEST} in {folder}: it is no prepared store, or its preparation "
            "did not end; run (again): zssbir data prepare SOURCE OUT"
        )
    manifest = _parsed(path)
    for modality in PIXEL_FILES:
        _check_bytes(folder, manifest, modality)
    return manifest


def _parsed(path: Path) -> Manifest:
    """Read and check the text of a manifest."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): {AGAIN}") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise ValueError(f"{path} does not describe a prepared store: {AGAIN}")
    if content.get("version") != VERSION:
        raise ValueError(
            f"{path} has version {content.get('version')}, this program reads version "
            f"{VERSION}: prepare the images again, or update the older of the two"
        )
    if content.pop("checksum", None) != digest_of_json({"format": FORMAT} | content):
        raise ValueError(f"{path} is damaged or was edited (its checksum): {AGAIN}")
    del content["version"]
    for key in ("sketches", "photos"):
        content[key] = _prepared_set(content[key])
    return Manifest(**content | {"class_names": tuple(content["class_names"])})


def _prepared_set(content: dict[str, Any]) -> PreparedSet:
    """Make a set of what JSON gives: lists, and numbers as text in keys."""
    left_out = {int(number): why for number, why in content.pop("left_out").items()}
    lists = ("originals", "labels", "checksums")
    return PreparedSet(
        **content | {key: tuple(content[key]) for key in lists}, left_out=left_out
    )


def _check_bytes(folder: Path, manifest: Manifest, modality: int) -> None:
    """Check that a pixel file exists and has the right length."""
    path = folder / PIXEL_FILES[modality]
    if not path.is_file():
        raise FileNotFoundError(f"the store {folder} lacks {path.name}: {AGAIN}")
    found, expected = path.stat().st_size, manifest.bytes_of(modality)
    if found != expected:
        count, side = len(manifest.of(modality).originals), manifest.image_size
        raise ValueError(
            f"{path} has {found:,} bytes, expected {expected:,} for {count:,} images "
            f"of {side} x {side} pixels: {AGAIN}"
        )


def digest_of_json(content: dict[str, Any]) -> str:
    """Return a hash of plain values that does not depend on the order of keys."""
    text = json.dumps(content, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
