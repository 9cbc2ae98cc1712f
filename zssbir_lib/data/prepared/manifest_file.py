"""Write and read `prepared.json`, the description of a store."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from zssbir_lib.data.prepared.manifest import (
    MANIFEST,
    PIXEL_FILES,
    Manifest,
    PreparedSet,
)
from zssbir_lib.files import write_shared

FORMAT, VERSION = "zssbir prepared images", 1
AGAIN = "copy the store again, or prepare it again"


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write `prepared.json` under a temporary name and rename it.

    Args:
        manifest: What to write.
        folder: The store.
    """
    content = {"format": FORMAT, "version": VERSION} | asdict(manifest)
    content = json.loads(json.dumps(content))  # as it will be read: keys become text
    content["checksum"] = _checksum(content)
    text = json.dumps(content, indent=0)

    def write(file: BinaryIO) -> None:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())  # the pixels count once this is there

    write_shared(folder / MANIFEST, write)


def read_manifest(folder: str | Path) -> Manifest:
    """Read what a store holds, and check that its files have the bytes it says.

    Args:
        folder: The store.

    Returns:
        The manifest.

    Raises:
        FileNotFoundError: If there is no store, or a file of it is missing.
        ValueError: If `prepared.json` is damaged or of another version, or a file is
            cut.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not path.is_file():
        raise FileNotFoundError(
            f"no {MANIFEST} in {folder}: it is no prepared store, or its preparation "
            "did not end; run (again): python -m zssbir_lib data prepare SOURCE OUT"
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
    if content.pop("checksum", None) != _checksum({"format": FORMAT} | content):
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


def _checksum(content: dict[str, Any]) -> str:
    """Return a hash of plain values that does not depend on the order of keys."""
    text = json.dumps(content, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


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
