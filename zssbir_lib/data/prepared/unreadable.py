"""Files that cannot be read: an error, or left out of a store with a warning."""

import warnings
from collections import Counter
from collections.abc import Sequence

from zssbir_lib.data.prepared.chunks import FinishedChunk
from zssbir_lib.data.prepared.originals import Original
from zssbir_lib.modality import NAMES


def check_unreadable(
    finished: Sequence[FinishedChunk],
    originals: dict[int, list[Original]],
    class_names: Sequence[str],
    skip: bool,
) -> None:
    """Report unreadable files: an error, or a warning where they are left out.

    Args:
        finished: All chunks of the store.
        originals: Modality to its files.
        class_names: Names of the labels.
        skip: Whether they are to be left out.

    Raises:
        ValueError: If there are any and they are not to be left out, or a class has no
            readable image.
    """
    problems = [
        (originals[chunk.modality][number], reason)
        for chunk in finished
        for number, reason in chunk.unreadable.items()
    ]
    if not problems:
        return
    every = sum(len(files) for files in originals.values())
    first, reason = problems[0]
    found = f"{len(problems)} unreadable of {every} images, the first is {first.path}"
    if not skip:
        raise ValueError(
            f"{found}: {reason}; replace them (data check lists all), or leave them "
            "out with --skip-unreadable (skip_unreadable=True); the others are done"
        )
    warnings.warn(f"left out {found}: {reason}", stacklevel=3)
    bad = {original.path for original, _ in problems}
    for modality, files in originals.items():
        _check_classes([f for f in files if f.path not in bad], modality, class_names)


def _check_classes(
    files: Sequence[Original], modality: int, class_names: Sequence[str]
) -> None:
    """Check that every class has an image left."""
    left = Counter(original.label for original in files)
    for label, name in enumerate(class_names):
        if not left[label]:
            raise ValueError(
                f"no {NAMES[modality]} of class {name!r} is readable; replace the "
                "files or remove the class from both modalities"
            )
