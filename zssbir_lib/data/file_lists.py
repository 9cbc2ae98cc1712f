"""File lists of the SAKE family: read, their labels checked, made into a data set.

A list has one image a line: its path, which may hold spaces, and after the last space
its label. A class file has one class a line: its name, which may hold spaces, and
after the last space the label.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from zssbir_lib.data.class_names import name_key
from zssbir_lib.data.folders import (
    ImagePaths,
    check_on_unreadable,
    check_same_classes,
    data_from_paths,
)
from zssbir_lib.data.images import SketchPhotoData
from zssbir_lib.data.layouts import TU_BERLIN_SPELLINGS, ClassFiles

LABELS = ("listed", "folders")


def read_file_lists(
    root: str | Path,
    sketch_list: str | Path,
    photo_list: str | Path,
    class_file: str | Path,
    image_size: int,
    labels: str = "listed",
    on_unreadable: str = "raise",
) -> SketchPhotoData:
    """Open the images that two lists of the SAKE family name.

    Args:
        root: the folder that the paths in the lists start from.
        sketch_list: lines "path label" (`read_file_list`).
        photo_list: lines "path label".
        class_file: lines "name label" (`read_class_file`).
        image_size: S, the side in pixels every image is resized to.
        labels: "listed": as listed; lists whose labels contradict the folders or the
            class file are refused. "folders": as the folder says, not the list.
        on_unreadable: "raise" or "skip", for damaged files (`read_class_folders`);
            "skip" leaves out missing files too.

    Raises:
        FileNotFoundError: a list, or a file named by one, is missing.
        ValueError: labels contradict, a folder is unknown, or a class has images in one
            modality only.

    Example:
        >>> seen = read_file_lists(root, "sketch_train.txt", "photo_train.txt",
        ...     "cname_cid.txt", 224)  # doctest: +SKIP
        >>> unseen = read_file_lists(root, "sketch_zero.txt", "photo_zero.txt",
        ...     "cname_cid_zero.txt", 224)  # doctest: +SKIP
        >>> parts = ZeroShotData(seen, None, unseen)  # doctest: +SKIP
    """
    check_on_unreadable(on_unreadable)
    if labels not in LABELS:
        raise ValueError(f"labels is {labels!r}, expected one of {', '.join(LABELS)}")
    root, names = Path(root), read_class_file(class_file)
    groups = []
    for source in (sketch_list, photo_list):
        files = read_file_list(source)
        if labels == "listed":
            _check_labels(files, names)
        if on_unreadable == "raise":
            _check_present(files, root)
        groups.append(_by_class(files, names, root))
    check_same_classes(*groups, root)
    paths = ImagePaths(*groups)
    return data_from_paths(paths, root.resolve().name, image_size, on_unreadable)


@dataclass(frozen=True)
class FileList:
    """A list of image files with labels, as written."""

    source: Path
    paths: tuple[PurePosixPath, ...]  # below the root of the data set
    labels: tuple[int, ...]  # 0 or more; they need not be right

    def folders(self) -> tuple[str, ...]:
        """Return the name of the folder that each image lies in: its class."""
        return tuple(path.parent.name for path in self.paths)


def read_file_list(source: str | Path) -> FileList:
    """Read a list of image files: a line "path label" an image, empty ones skipped."""
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
    """Read which label stands for which class: a line "name label" a class."""
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


# labels, folders and class file contradict each other


def label_conflicts(files: FileList, names: Mapping[int, str]) -> dict[str, str]:
    """Compare the labels of a list with its folders and with the class file.

    Every label must go with one folder, every folder with one label, and the class
    file must call that label what the folder is called (but for spelling). Returns the
    name of each folder with a conflict, and a sentence about it.
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
    if not _same_class(folder, names[label]):
        return (
            f"folder {folder!r} has label {label}, which the class file calls "
            f"{names[label]!r}"
        )
    return None


def _same_class(folder: str, name: str) -> bool:
    """Say whether a folder's name means a class, but for spelling."""
    key, wanted = name_key(folder), name_key(name)
    return key == wanted or TU_BERLIN_SPELLINGS.get(key) == wanted


def _check_labels(files: FileList, names: Mapping[int, str]) -> None:
    """Raise with the first contradictions of a list, and what to do."""
    if conflicts := label_conflicts(files, names):
        total = len(set(files.folders()))
        raise ValueError(
            f"{files.source}: the labels of {len(conflicts)} of {total} classes "
            f"contradict the folders or the class file: "
            f"{'; '.join(list(conflicts.values())[:3])}; take the labels from the "
            'folders (labels="folders") or use another list'
        )


def _check_present(files: FileList, root: Path) -> None:
    """Raise with the number of missing files and the first."""
    if missing := missing_files(files, root):
        raise FileNotFoundError(
            f"{len(missing)} of the {len(files.paths)} files that {files.source} names "
            f"are missing, the first is {root / missing[0]}; is {root} the folder the "
            'paths start from? on_unreadable="skip" leaves missing files out'
        )


def missing_files(files: FileList, root: Path) -> list[str]:
    """List the paths of a list at which there is no file, as listed."""
    return [str(path) for path in files.paths if not (root / path).is_file()]


def _by_class(files: FileList, names: Mapping[int, str], root: Path) -> ClassFiles:
    """Group the files by class, in the order of the class file, by their folders."""
    class_of = {
        folder: _class_of(folder, names, files) for folder in set(files.folders())
    }
    groups: ClassFiles = {name: [] for name in names.values()}
    for path, folder in zip(files.paths, files.folders(), strict=True):
        groups[class_of[folder]].append(root / path)
    return {name: paths for name, paths in groups.items() if paths}


def _class_of(folder: str, names: Mapping[int, str], files: FileList) -> str:
    """Return the class that a folder's name means."""
    if folder in names.values():
        return folder
    meant = [name for name in names.values() if _same_class(folder, name)]
    if len(meant) != 1:
        raise ValueError(
            f"{files.source}: folder {folder!r} is {len(meant) or 'none'} of the "
            f"{len(names)} classes of the class file; give the class file that "
            "belongs to the list"
        )
    return meant[0]
