"""Check the file lists that come with a data set: labels, missing files."""

from collections.abc import Sequence
from pathlib import Path

from zssbir_lib.data.audit.finding import ERROR, NOTE, Finding
from zssbir_lib.data.file_lists import (
    label_conflicts,
    read_class_file,
    read_file_list,
)
from zssbir_lib.data.file_lists import missing_files
from zssbir_lib.data.layouts import visible_folders

CLASS_FILES = {"seen": "cname_cid.txt", "unseen": "cname_cid_zero.txt"}
ListWithClasses = tuple[Path, Path]


def lists_beside(root: Path) -> list[ListWithClasses]:
    """Find the lists of the SAKE family in a data set's folder or one further in.

    Args:
        root: The folder of the data set.

    Returns:
        Each list with the class file beside it; lists of unseen classes have "zero"
        in their name.
    """
    found = []
    for folder in (root, *visible_folders(root)):
        for path in sorted(folder.glob("*.txt")):
            group = "unseen" if "zero" in path.stem else "seen"
            class_file = folder / CLASS_FILES[group]
            if class_file.is_file() and path.name not in CLASS_FILES.values():
                found.append((path, class_file))
    return found


def holds_lists(folder: Path) -> bool:
    """Say whether a folder holds file lists: it has a class file.

    Args:
        folder: Any folder.

    Returns:
        True if it does.
    """
    return any((folder / name).is_file() for name in CLASS_FILES.values())


def list_findings(lists: Sequence[ListWithClasses], root: Path) -> list[Finding]:
    """Check lists of files.

    Args:
        lists: Each list with its class file.
        root: The folder that the paths in the lists start from.

    Returns:
        What was found; a note says which lists are in order.

    Raises:
        FileNotFoundError: If a list or class file does not exist.
    """
    findings, sound = [], []
    for path, class_file in lists:
        wrong = _check_list(path, class_file, root)
        findings += wrong
        if not wrong:
            sound.append(_name(path, root))
    note = Finding(
        NOTE,
        "list in order",
        f"file lists that name existing files under the right labels: {len(sound)}",
        tuple(sound),
        "nothing",
    )
    return findings + [note] if sound else findings


def _check_list(path: Path, class_file: Path, root: Path) -> list[Finding]:
    """Check one list."""
    name = _name(path, root)
    try:
        files, names = read_file_list(path), read_class_file(class_file)
    except ValueError as error:
        what = f"{name} cannot be read as a list"
        remedy = "correct the line, or do not use the list"
        return [Finding(ERROR, "unreadable list", what, (str(error),), remedy)]
    conflicts = label_conflicts(files, names)
    missing = missing_files(files, root)
    findings = [
        Finding(
            ERROR,
            "mislabelled list",
            f"classes whose labels in {name} contradict the folders or "
            f"{class_file.name}: {len(conflicts)} of {len(set(files.folders()))}",
            tuple(conflicts.values()),
            'take labels from the folders (read_file_lists(..., labels="folders"))',
        ),
        Finding(
            ERROR,
            "missing file",
            f"files that {name} names but that do not exist: {len(missing)} of "
            f"{len(files.paths):,}",
            tuple(missing),
            "fetch them again, or check that the paths start from this folder",
        ),
    ]
    return [one for one in findings if one.items]


def _name(path: Path, root: Path) -> str:
    """Return a path as seen from the root, or its last name if it lies elsewhere."""
    inside = path.is_relative_to(root)
    return path.relative_to(root).as_posix() if inside else path.name
