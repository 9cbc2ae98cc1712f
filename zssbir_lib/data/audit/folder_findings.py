"""What the folders alone tell: classes in one modality, files nobody reads."""

from pathlib import Path

from zssbir_lib.data.audit.data_listing import DataListing
from zssbir_lib.data.audit.finding import ERROR, NOTE, WARNING, Finding
from zssbir_lib.data.audit.list_findings import holds_lists

LEFT_OUT = (
    (
        WARNING,
        "folder in a class folder",
        "folders inside class folders, not read",
        "move their images up into the class folder, or move the folders away",
    ),
    (
        WARNING,
        "image outside a class",
        "images beside the class folders, not read",
        "move them into the folder of their class",
    ),
    (
        NOTE,
        "no image",
        "files that are no images by their ending, not read",
        "nothing, unless they should be images",
    ),
    (NOTE, "hidden file", "hidden or system files, not read", "nothing"),
    (
        NOTE,
        "folder not read",
        "folders that are not part of the layout, not read",
        "nothing, unless images of this data set are among them",
    ),
)


def folder_findings(listing: DataListing) -> list[Finding]:
    """Judge what lies in the folders, without opening a file.

    Args:
        listing: What lies there.

    Returns:
        What was found, nothing for a tidy data set.
    """
    findings = [
        *_closed_folders(listing),
        *_ambiguous_names(listing),
        *_classes_in_one_modality(listing),
        *_left_out(listing),
    ]
    return [one for one in findings if one.items]


def _closed_folders(listing: DataListing) -> list[Finding]:
    """Report folders and links that cannot be followed."""
    closed = [
        f"{listing.relative(folder)}: {reason}"
        for one in listing.folders
        for folder, reason in one.closed.items()
    ]
    links = [path for one in listing.folders for path in one.broken_links]
    return [
        Finding(
            ERROR,
            "closed folder",
            f"folders that cannot be listed: {len(closed)}",
            tuple(closed),
            "check who may read them, then run the check again",
        ),
        Finding(
            ERROR,
            "broken link",
            f"links that lead to no file: {len(links)}",
            _names(listing, links),
            "restore the files they point to, or remove the links",
        ),
    ]


def _ambiguous_names(listing: DataListing) -> list[Finding]:
    """Report names of which no one can tell what they mean, and those matched."""
    respelled = tuple(
        f"{found!r} read as {name!r}" for found, name in listing.respelled.items()
    )
    return [
        Finding(
            ERROR,
            "ambiguous class name",
            f"folders that could be the same class: {len(listing.ambiguous)}",
            listing.ambiguous,
            "rename the folders so that sketches and photos of a class agree",
        ),
        Finding(
            NOTE,
            "spelling",
            f"photo folders spelt differently from the sketches': {len(respelled)}",
            respelled,
            "nothing: they are read under the name of the sketch folder",
        ),
    ]


def _classes_in_one_modality(listing: DataListing) -> list[Finding]:
    """Report classes without sketches or without photos."""
    lonely = []
    for name, (sketches, photos) in listing.counts().items():
        if not (sketches and photos):
            lonely.append(f"{name}: {sketches:,} sketches, {photos:,} photos")
    return [
        Finding(
            ERROR,
            "class in one modality",
            f"classes without sketches or photos: {len(lonely)}",
            tuple(lonely),
            "add the missing images, rename the folder if it is misspelt, or remove "
            "the class from both",
        )
    ]


def _left_out(listing: DataListing) -> list[Finding]:
    """Report files and folders that no reader looks at."""
    folders = listing.folders
    beside = [one for one in listing.found.unread_folders() if not holds_lists(one)]
    left_out = (
        [path for one in folders for path in one.inner_folders],
        [path for one in folders for path in one.loose],
        [path for one in folders for path in one.other],
        [path for one in folders for path in one.hidden],
        beside,
    )
    return [
        Finding(
            severity, check, f"{what}: {len(paths)}", _names(listing, paths), remedy
        )
        for (severity, check, what, remedy), paths in zip(
            LEFT_OUT, left_out, strict=True
        )
    ]


def _names(listing: DataListing, paths: list[Path]) -> tuple[str, ...]:
    """Write paths as seen from the root."""
    return tuple(listing.relative(path) for path in paths)
