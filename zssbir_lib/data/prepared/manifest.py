"""What a prepared store holds, as the file `prepared.json` says it.

A store is a folder of three files: `prepared.json`, `sketches.u8` with N grey images
(N, 1, S, S) and `photos.u8` with M colour images (M, 3, S, S); pixels are single bytes,
image after image, without any header.
"""

from dataclasses import dataclass
from importlib import metadata

from zssbir_lib.modality import PHOTO, SKETCH

MANIFEST = "prepared.json"
PIXEL_FILES = {SKETCH: "sketches.u8", PHOTO: "photos.u8"}
MODES = {SKETCH: "L", PHOTO: "RGB"}  # a letter a channel


@dataclass(frozen=True)
class PreparedSet:
    """Describe the images of one modality in a store.

    Args:
        mode: "L" (grey, 1 channel) or "RGB" (3 channels).
        originals: N paths of the files the images were made of, from the source folder.
        labels: N class numbers from 0.
        checksums: One a chunk, in order, 32 hexadecimal digits of BLAKE2b.
        left_out: Number of an unreadable image to the reason; its place holds zeros.
    """

    mode: str
    originals: tuple[str, ...]
    labels: tuple[int, ...]
    checksums: tuple[str, ...]
    left_out: dict[int, str]


@dataclass(frozen=True)
class Manifest:
    """Describe a store.

    Args:
        name: What the data set is called.
        class_names: C names; label c means class_names[c].
        image_size: S, the side of every image in pixels.
        chunk_images: Images a checksum covers; the last chunk may have fewer.
        sketches: The images in `sketches.u8`.
        photos: The images in `photos.u8`.
        written_by: Package to version: what decoded the images.
    """

    name: str
    class_names: tuple[str, ...]
    image_size: int
    chunk_images: int
    sketches: PreparedSet
    photos: PreparedSet
    written_by: dict[str, str]

    def of(self, modality: int) -> PreparedSet:
        """Return the images of a modality."""
        return self.sketches if modality == SKETCH else self.photos

    def bytes_of(self, modality: int) -> int:
        """Return how many bytes the pixel file of a modality has."""
        images = self.of(modality)
        return len(images.originals) * len(images.mode) * self.image_size**2


def current_versions() -> dict[str, str]:
    """Return the versions of what decides the pixels: this package and Pillow."""
    return {name: metadata.version(name) for name in ("zssbir", "pillow")}
