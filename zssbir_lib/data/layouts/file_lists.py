"""Read the file lists of the SAKE family, and check their labels.

A list has one image a line: its path, which may hold spaces, and after the last space
its label. A class file has one class a line: its name, which may hold spaces, and
after the last space the label.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from zssbir_lib.data.layouts.layout import TU_BERLIN_SPELLINGS
from zssbir_lib.data.layouts.spelling import name_key


@dataclass(frozen=True)
class FileList:
    """Hold a list of image files with labels, as written.

    Args:
        source: The file the list was read from.
        paths: N paths below the root of the data set.
        labels: N class numbers, 0 or more; they need not be right.
    """

    source: Path
    paths: tuple[PurePosixPath, ...]
    labels: tuple[int, ...]

    def folders(self) -> tuple[str, ...]:
        """Return the name of the folder that each image lies in: its class."""
        return tuple(path.parent.name for path in self.paths)


def read_file_list(source: str | Path) -> FileList:
    """Read a list of image files.

    Args:
        source: A text file, UTF-8, a line "path label" an image.

    Returns:
        Paths and labels, in the order of the file; empty lines are skipped.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: Naming the line that is no path and label, or leads out of the
            root.
    """
    source = Path(source)
    paths, labels = [], []
    for number, text, label in _lines(source, "path label"):
        path = PurePosixPath(text.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
            raise ValueError(
                f"{source}, line {number}: {text!r} is not a path such as "
                "photo/cat/1.jpg, below the root and with the class as folder"
            )
        paths.append(path)
        labels.append(label)
    return FileList(source, tuple(paths), tuple(labels))


def read_class_file(source: str | Path) -> dict[int, str]:
    """Read which label stands for which class.

    Args:
        source: A text file, UTF-8, a line "name label" a class.

    Returns:
        Label to class name, in the order of the labels.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a line is no name and label, or a label or name stands twice.
    """
    source = Path(source)
    names: dict[int, str] = {}
    for number, name, label in _lines(source, "name label"):
        if label in names or name in names.values():
            raise ValueError(
                f"{source}, line {number}: class {name!r} or label {label} stands "
                "there a second time; keep one line a class"
            )
        names[label] = name
    return dict(sorted(names.items()))


def label_conflicts(files: FileList, names: Mapping[int, str]) -> dict[str, str]:
    """Compare the labels of a list with its folders and with the class file.

    Every label must go with one folder, every folder with one label, and the class
    file must call that label what the folder is called (but for spelling).

    Args:
        files: The list.
        names: Label to class name.

    Returns:
        Name of each folder with a conflict to a sentence about it; empty if all is
        well.
    """
    labels_of: dict[str, set[int]] = {}
    folders_of: dict[int, set[str]] = {}
    for folder, label in zip(files.folders(), files.labels, strict=True):
        labels_of.setdefault(folder, set()).add(label)
        folders_of.setdefault(label, set()).add(folder)
    conflicts = {}
    for folder, labels in sorted(labels_of.items()):
        if sentence := _conflict(folder, sorted(labels), folders_of, names):
            conflicts[folder] = sentence
    return conflicts


def same_class(folder: str, name: str) -> bool:
    """Say whether a folder's name means a class, but for spelling.

    Args:
        folder: Name of a folder.
        name: Name of a class.

    Returns:
        True if they mean the same.
    """
    key, wanted = name_key(folder), name_key(name)
    return key == wanted or TU_BERLIN_SPELLINGS.get(key) == wanted


def _conflict(
    folder: str,
    labels: list[int],
    folders_of: Mapping[int, set[str]],
    names: Mapping[int, str],
) -> str | None:
    """Return what is wrong with the labels of one folder, if anything is."""
    if len(labels) > 1:
        return f"folder {folder!r} has the labels {', '.join(map(str, labels))}"
    label = labels[0]
    if others := sorted(folders_of[label] - {folder}):
        return f"label {label} goes with {folder!r} and with {others[0]!r}"
    if label not in names:
        return f"folder {folder!r} has label {label}, unknown to the class file"
    if not same_class(folder, names[label]):
        return (
            f"folder {folder!r} has label {label}, which the class file calls "
            f"{names[label]!r}"
        )
    return None


def _lines(source: Path, form: str) -> Iterator[tuple[int, str, int]]:
    """Yield number, text and label of every line that is not empty."""
    if not source.is_file():
        raise FileNotFoundError(f"no file {source}; expected lines {form!r}")
    try:
        lines = source.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{source} is not UTF-8 text ({error.reason})") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        text, _, label = line.strip().rpartition(" ")
        if not text.strip() or not (label.isascii() and label.isdigit()):
            raise ValueError(
                f"{source}, line {number}: {line.strip()[:80]!r} is not of the form "
                f"{form!r} with a whole number at the end"
            )
        yield number, text.strip(), int(label)
