"""Find out which known layout lies in a folder."""

from dataclasses import dataclass
from pathlib import Path

from zssbir_lib.data.layouts.layout import LAYOUTS, PHOTO_CHOICES, Layout
from zssbir_lib.data.layouts.listing import visible_folders

DEPTH = 2  # outer folders that are looked into


@dataclass(frozen=True)
class FoundLayout:
    """Say where the sketches and photos of a data set lie.

    Args:
        layout: The row of the table that fits.
        root: The folder the places of the row start from.
        sketches: Holds the class folders of the sketches.
        photos: Holds those of the photos; None if only `extended` is there.
        extended: Holds those of photos added later; None if there are none.
    """

    layout: Layout
    root: Path
    sketches: Path
    photos: Path | None
    extended: Path | None

    def photo_folders(self, photos: str = "all") -> tuple[Path, ...]:
        """Return the folders a gallery is read from.

        Args:
            photos: "all": every photo, the originals of Sketchy Extended both in
                their own folder and among the extended ones, as in the file lists of
                the SAKE family. "extend-only": each photo once.

        Returns:
            One or two folders of class folders.

        Raises:
            ValueError: If the choice is unknown or this layout does not offer it.
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
    """Find the data set in a folder, or in the one data set folder inside it.

    Args:
        root: The folder of the data set, or up to two folders around it.

    Returns:
        The first layout of `LAYOUTS` that fits.

    Raises:
        FileNotFoundError: If root does not exist or no layout fits.
        ValueError: If several data sets lie in the folder.
    """
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
        holds = ", ".join(one.name for one in visible_folders(root)[:8])
        raise ValueError(f"{root} should hold only one of {places}; it holds {holds}")
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
    holds = ", ".join(one.name for one in visible_folders(root)[:8]) or "no folders"
    return (
        f"{root} has no folder {missing[0]!r} (or {missing[1]!r}), nor another known "
        f"layout; it holds: {holds}"
    )
