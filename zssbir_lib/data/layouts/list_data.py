"""Make a data set of two file lists: one of sketches, one of photos."""

from collections.abc import Mapping
from pathlib import Path

from zssbir_lib.data.class_files import ImagePaths, check_same_classes
from zssbir_lib.data.folders import check_on_unreadable, data_from_paths
from zssbir_lib.data.images import SketchPhotoData
from zssbir_lib.data.layouts.file_lists import (
    FileList,
    label_conflicts,
    read_class_file,
    read_file_list,
    same_class,
)
from zssbir_lib.data.layouts.listing import ClassFiles

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
        root: The folder that the paths in the lists start from.
        sketch_list: Lines "path label" (`read_file_list`).
        photo_list: Lines "path label".
        class_file: Lines "name label" (`read_class_file`).
        image_size: S, the side in pixels every image is resized to.
        labels: "listed": labels as listed; lists whose labels contradict the folders
            or the class file are refused. "folders": the label of an image is that of
            its folder, whatever the list says.
        on_unreadable: "raise" or "skip", for damaged files (`read_class_folders`);
            "skip" leaves out missing files too.

    Returns:
        The images, class after class; the classes in the order of the class file.

    Raises:
        FileNotFoundError: If a list, or a file named by one, is missing.
        ValueError: If labels contradict, a folder is unknown, or a class has images
            in one modality only.

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
            check_labels(files, names)
        if on_unreadable == "raise":
            check_present(files, root)
        groups.append(_by_class(files, names, root))
    check_same_classes(*groups, root)
    paths = ImagePaths(*groups)
    return data_from_paths(paths, root.resolve().name, image_size, on_unreadable)


def check_labels(files: FileList, names: Mapping[int, str]) -> None:
    """Check the labels of a list against its folders and the class file.

    Args:
        files: The list.
        names: Label to class name.

    Raises:
        ValueError: With the first contradictions and what to do.
    """
    if conflicts := label_conflicts(files, names):
        total = len(set(files.folders()))
        raise ValueError(
            f"{files.source}: the labels of {len(conflicts)} of {total} classes "
            f"contradict the folders or the class file: "
            f"{'; '.join(list(conflicts.values())[:3])}; take the labels from the "
            'folders (labels="folders") or use another list'
        )


def check_present(files: FileList, root: Path) -> None:
    """Check that every file of a list exists.

    Args:
        files: The list.
        root: The folder its paths start from.

    Raises:
        FileNotFoundError: With the number of missing files and the first.
    """
    if missing := missing_files(files, root):
        raise FileNotFoundError(
            f"{len(missing)} of the {len(files.paths)} files that {files.source} names "
            f"are missing, the first is {root / missing[0]}; is {root} the folder the "
            'paths start from? on_unreadable="skip" leaves missing files out'
        )


def missing_files(files: FileList, root: Path) -> list[str]:
    """List the paths of a list at which there is no file.

    Args:
        files: The list.
        root: The folder its paths start from.

    Returns:
        The paths as listed.
    """
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
    meant = [name for name in names.values() if same_class(folder, name)]
    if len(meant) != 1:
        raise ValueError(
            f"{files.source}: folder {folder!r} is {len(meant) or 'none'} of the "
            f"{len(names)} classes of the class file; give the class file that "
            "belongs to the list"
        )
    return meant[0]
