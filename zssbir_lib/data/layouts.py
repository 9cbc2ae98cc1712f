"""Where the sketches and photos of the public data sets lie on a disk.

A layout is a row of a table. To read a download that lies differently, add a row.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

PHOTO_CHOICES = ("all", "extend-only")
SKETCHY = "Sketchy Extended"
TU_BERLIN = "TU-Berlin Extended"
QUICKDRAW = "QuickDraw Extended"
DEPTH = 2  # outer folders that are looked into
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")
SYSTEM_NAMES = ("thumbs.db", "desktop.ini", "__macosx", "@eadir")

ClassFiles = dict[str, list[Path]]  # class name -> its image files, sorted


@dataclass(frozen=True)
class Layout:
    """Where a data set keeps its class folders.

    Places are paths below the root, with "/" between folders, the preferred one first;
    capitals do not matter.
    """

    name: str
    dataset: str | None  # the published one (`PublicSplit.dataset`); None for any
    sketches: tuple[str, ...]
    photos: tuple[str, ...]
    extended: tuple[str, ...] = ()  # photos added to those; may stand without them
    exclusive: bool = False  # two places of one kind are an error, not a preference
    # name of a photo folder -> class that it means, where the download is misspelt
    spellings: Mapping[str, str] = field(default_factory=dict)


def _below(outer: tuple[str, ...], places: tuple[str, ...]) -> tuple[str, ...]:
    """Join every place to every outer folder ("" for none)."""
    return tuple(f"{one}/{place}".strip("/") for one in outer for place in places)


# "_ready": resized copies, which the file lists of the SAKE family name
_PLAIN_RENDERING = ("tx_000000000000_ready", "tx_000000000000")
_SKETCHY_OUTER = ("", "256x256", "Sketchy", "Sketchy/256x256")
_EXTENDED = ("EXTEND_image_sketchy_ready", "EXTEND_image_sketchy", "extended_photo")

# photo folders of the TU-Berlin Extended download -> the sketch folders they go with
TU_BERLIN_SPELLINGS = {
    "chandeler": "chandelier",
    "diamod": "diamond",
    "griaffe": "giraffe",
    "mouse": "mouseanimal",
    "pipe": "pipeforsmoking",
    "spacesshuttle": "spaceshuttle",
    "spidar": "spider",
    "tromobone": "trombone",
    "wristwatching": "wristwatch",
}

LAYOUTS = (
    Layout(
        "sketchy",
        SKETCHY,
        sketches=_below(_SKETCHY_OUTER, _below(("sketch",), _PLAIN_RENDERING)),
        photos=_below(_SKETCHY_OUTER, _below(("photo",), _PLAIN_RENDERING)),
        extended=_below(_SKETCHY_OUTER, _EXTENDED),
    ),
    Layout(
        "tu-berlin",
        TU_BERLIN,
        sketches=("png_ready", "png"),
        photos=("ImageResized_ready", "ImageResized", "images", "photos", "photo"),
        spellings=TU_BERLIN_SPELLINGS,
    ),
    Layout(
        "tu-berlin, sketches renamed",
        TU_BERLIN,
        sketches=("sketches", "sketch"),
        photos=("ImageResized_ready", "ImageResized"),
        spellings=TU_BERLIN_SPELLINGS,
    ),
    Layout(
        "quickdraw",
        QUICKDRAW,
        sketches=("QuickDraw_sketches_final", "QuickDraw_sketches"),
        photos=("QuickDraw_images_final", "EXTEND_image_quickdraw"),
    ),
    Layout(
        "class folders",
        None,
        sketches=("sketch", "sketches"),
        photos=("photo", "photos"),
        exclusive=True,
    ),
    Layout(
        "class folders, photos as images",
        None,
        sketches=("sketch", "sketches"),
        photos=("images", "image"),
        exclusive=True,
        spellings=TU_BERLIN_SPELLINGS,
    ),
)


# which layout lies in a folder


@dataclass(frozen=True)
class FoundLayout:
    """Where the sketches and photos of a data set lie: folders of class folders."""

    layout: Layout
    root: Path  # the places of the layout start from here
    sketches: Path
    photos: Path | None  # None if only `extended` is there
    extended: Path | None

    def photo_folders(self, photos: str = "all") -> tuple[Path, ...]:
        """Return the one or two folders that a gallery is read from.

        "all": every photo, the originals of Sketchy Extended both in their own folder
        and among the extended ones, as in the file lists of the SAKE family.
        "extend-only": each photo once.
        """
        if photos not in PHOTO_CHOICES:
            raise ValueError(
                f"photos is {photos!r}, expected one of {', '.join(PHOTO_CHOICES)}"
            )
        if photos == "all":
            return tuple(one for one in (self.photos, self.extended) if one)
        if self.extended is None:
            raise ValueError(
                f"photos is 'extend-only', but {self.root} (layout {self.layout.name}) "
                "has no folder of extended photos such as EXTEND_image_sketchy; use "
                "'all'"
            )
        return (self.extended,)

    def unread_folders(self) -> list[Path]:
        """List the visible folders beside the ones that are read."""
        used = [one for one in (self.sketches, self.photos, self.extended) if one]
        on_the_way = {self.root}
        for folder in used:
            on_the_way |= {one for one in folder.parents if self.root in one.parents}
        return [
            folder
            for parent in sorted(on_the_way)
            for folder in visible_folders(parent)
            if folder not in on_the_way and folder not in used
        ]


def find_layout(root: str | Path) -> FoundLayout:
    """Return the first layout that fits a folder, or the one data set inside it."""
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(
            f"no folder {root}; expected one with sketch/<class>/ and photo/<class>/"
        )
    level = [root]
    for _ in range(DEPTH + 1):
        found = [one for folder in level if (one := _match(folder))]
        if len(found) == 1:
            return found[0]
        if found:
            inside = ", ".join(str(one.root) for one in found)
            raise ValueError(f"{root} holds {len(found)} data sets: {inside}; give one")
        level = [inner for folder in level for inner in visible_folders(folder)]
    raise FileNotFoundError(_what_is_missing(root))


def _match(root: Path) -> FoundLayout | None:
    """Return the first layout that fits a folder."""
    folders = _by_lower_name(root)
    for layout in LAYOUTS:
        sketches = _place(root, folders, layout, layout.sketches)
        photos = _place(root, folders, layout, layout.photos)
        extended = _place(root, folders, layout, layout.extended)
        if sketches and (photos or extended):
            return FoundLayout(layout, root, sketches, photos, extended)
    return None


def _place(
    root: Path, folders: dict[str, list[Path]], layout: Layout, places: tuple[str, ...]
) -> Path | None:
    """Return the preferred one of the places that exist."""
    existing = [one for place in places for one in _follow(folders, place)]
    if layout.exclusive and len(existing) > 1:
        raise ValueError(
            f"{root} should hold only one of {places}; it holds {_held(root)}"
        )
    return existing[0] if existing else None


def _follow(folders: dict[str, list[Path]], place: str) -> list[Path]:
    """Return the folders that a place means, whatever their capitals."""
    first, _, rest = place.lower().partition("/")
    here = folders.get(first, [])
    if not rest:
        return here
    return [inner for one in here for inner in _follow(_by_lower_name(one), rest)]


def _by_lower_name(folder: Path) -> dict[str, list[Path]]:
    """Group the visible subfolders by their name in lower case."""
    groups: dict[str, list[Path]] = {}
    for one in visible_folders(folder):
        groups.setdefault(one.name.lower(), []).append(one)
    return groups


def _held(root: Path) -> str:
    """Name the first folders in a folder."""
    return ", ".join(one.name for one in visible_folders(root)[:8])


def _what_is_missing(root: Path) -> str:
    """Say what a folder lacks to be read."""
    folders = _by_lower_name(root)
    plain = next(layout for layout in LAYOUTS if layout.dataset is None)
    generic = (*plain.sketches, *plain.photos, "images")  # say nothing of the data set
    for layout in LAYOUTS:
        photos = layout.photos + layout.extended
        for here, places, other, lacking in (
            ("sketches", layout.sketches, "photos", photos),
            ("photos", photos, "sketches", layout.sketches),
        ):
            telling = [one for one in places if one not in generic]
            held = [one for one in telling if _follow(folders, one)]
            if held and layout.dataset:
                return (
                    f"{root} holds {held[0]}, the {here} of {layout.dataset}, but no "
                    f"{other}; expected one of {', '.join(lacking[:6])}"
                )
    has_sketches = any(_follow(folders, place) for place in plain.sketches)
    missing = plain.photos if has_sketches else plain.sketches
    return (
        f"{root} has no folder {missing[0]!r} (or {missing[1]!r}), nor another known "
        f"layout; it holds: {_held(root) or 'no folders'}"
    )


# what lies in a folder of class folders, without opening or judging a file


@dataclass(frozen=True)
class FolderListing:
    """What was found in a folder of class folders."""

    folder: Path
    classes: ClassFiles = field(default_factory=dict)  # perhaps without files
    inner_folders: list[Path] = field(default_factory=list)  # inside class folders
    loose: list[Path] = field(default_factory=list)  # images beside class folders
    other: list[Path] = field(default_factory=list)  # no images by their ending
    hidden: list[Path] = field(default_factory=list)  # and those of the system
    broken_links: list[Path] = field(default_factory=list)
    closed: dict[Path, str] = field(default_factory=dict)  # and why


def list_class_folders(folder: Path) -> FolderListing:
    """List a folder of class folders, two levels deep and no deeper, sorted.

    Links are followed; since the depth is fixed, links in a circle do no harm.
    """
    listing = FolderListing(folder)
    for entry in _entries(folder, listing):
        if not _is_folder(entry):
            _sort_in(entry, listing.loose, listing)
            continue
        files = listing.classes.setdefault(entry.name, [])
        for inner in _entries(Path(entry.path), listing):
            if _is_folder(inner):
                listing.inner_folders.append(Path(inner.path))
            else:
                _sort_in(inner, files, listing)
    return listing


def visible_folders(folder: Path) -> list[Path]:
    """List the subfolders that are neither hidden nor the system's, sorted by name."""
    entries = _entries(folder, FolderListing(folder))
    return [Path(entry.path) for entry in entries if _is_folder(entry)]


def _entries(folder: Path, listing: FolderListing) -> list[os.DirEntry]:
    """Return the visible entries of a folder, sorted; note hidden and closed ones."""
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError as error:
        listing.closed[folder] = error.strerror or str(error)
        return []
    hidden = [entry for entry in entries if _is_hidden(entry.name)]
    listing.hidden.extend(Path(entry.path) for entry in hidden)
    return [entry for entry in entries if not _is_hidden(entry.name)]


def _is_hidden(name: str) -> bool:
    """Say whether a name is hidden (".DS_Store") or the system's ("Thumbs.db")."""
    return name.startswith(".") or name.lower() in SYSTEM_NAMES


def _is_folder(entry: os.DirEntry) -> bool:
    """Say whether an entry is a folder; a link in a circle is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _sort_in(entry: os.DirEntry, images: list[Path], listing: FolderListing) -> None:
    """Put a file where it belongs."""
    path = Path(entry.path)
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        listing.other.append(path)
    elif path.is_file():
        images.append(path)
    else:
        listing.broken_links.append(path)
