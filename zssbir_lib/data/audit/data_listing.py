"""List the files of a data set for an audit: tolerant where a reader would stop."""

from dataclasses import dataclass
from pathlib import Path

from zssbir_lib.data.class_files import add_files, ambiguity, pair_classes
from zssbir_lib.data.layouts import FoundLayout, find_layout
from zssbir_lib.data.layouts import (
    ClassFiles,
    FolderListing,
    list_class_folders,
)
from zssbir_lib.modality import PHOTO, SKETCH


@dataclass(frozen=True)
class DataListing:
    """Hold what lies in a data set's folders.

    Args:
        found: The layout.
        sketches: Class name to sketch files; perhaps none.
        photos: Class name to photo files; perhaps none.
        folders: The listings of the folders read, that of the sketches first.
        respelled: Name of a photo folder to the class it was read as.
        ambiguous: Messages about names that could mean each other.
    """

    found: FoundLayout
    sketches: ClassFiles
    photos: ClassFiles
    folders: tuple[FolderListing, ...]
    respelled: dict[str, str]
    ambiguous: tuple[str, ...]

    def files(self) -> list[tuple[int, str, Path]]:
        """List every file as (modality, class, path), sketches first."""
        return [
            (modality, name, path)
            for modality, classes in ((SKETCH, self.sketches), (PHOTO, self.photos))
            for name, paths in classes.items()
            for path in paths
        ]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return the number of sketches and of photos by class, sorted by name."""
        return {
            name: (len(self.sketches.get(name, [])), len(self.photos.get(name, [])))
            for name in sorted({*self.sketches, *self.photos})
        }

    def complete_classes(self) -> list[str]:
        """Return the classes that have a sketch and a photo, sorted by name."""
        return [name for name, counts in self.counts().items() if all(counts)]

    def relative(self, path: Path) -> str:
        """Return a path as seen from the root of the data set.

        Args:
            path: A path below the root.

        Returns:
            With "/" between folders.
        """
        return path.relative_to(self.found.root).as_posix()


def list_data(root: str | Path, photos: str = "all") -> DataListing:
    """List the files of a data set in any known layout, whatever is wrong with them.

    Args:
        root: Its folder.
        photos: "all", or "extend-only" (`FoundLayout.photo_folders`).

    Returns:
        What is there.

    Raises:
        FileNotFoundError: If root does not exist, or no layout fits.
        ValueError: If several data sets lie there, or the layout does not offer the
            choice of photos.
    """
    found = find_layout(root)
    listings = [list_class_folders(found.sketches)]
    sketches = listings[0].classes
    every: ClassFiles = {}
    respelled: dict[str, str] = {}
    ambiguous = []
    for folder in found.photo_folders(photos):
        listing = list_class_folders(folder)
        pairing = pair_classes(listing.classes, sketches, found)
        if pairing.ambiguous:
            ambiguous.append(ambiguity(pairing, folder.relative_to(found.root)))
        respelled |= pairing.respelled()
        add_files(every, listing.classes, pairing)
        listings.append(listing)
    return DataListing(
        found, sketches, every, tuple(listings), respelled, tuple(ambiguous)
    )
