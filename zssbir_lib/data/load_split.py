"""Find a split by name (published or of the embedded world) or read it from a file."""

import json
from pathlib import Path

from zssbir_lib.data.class_names import suggest
from zssbir_lib.data.public_splits import public_split, public_split_names
from zssbir_lib.data.splits import ZeroShotSplit
from zssbir_lib.world.groups import WORLD_SPLITS

REQUIRED_KEYS = ("seen", "unseen")
CLASS_KEYS = (*REQUIRED_KEYS, "validation", "pretraining")
KEYS = (*CLASS_KEYS, "name", "notes")


def split_names() -> tuple[str, ...]:
    """List every split known by name: those of the embedded world, then published."""
    return (*WORLD_SPLITS, *public_split_names())


def load_split(name_or_path: str | Path) -> ZeroShotSplit:
    """Load a split by name, or from a JSON file.

    The file holds an object with the lists "seen" and "unseen", and optionally
    "validation", "pretraining" and a "name".

    Args:
        name_or_path: one of `split_names()`, or a file.

    Returns:
        The split.

    Raises:
        FileNotFoundError: it is no known name and no such file exists.
        ValueError: the file is not a split, or the split is not disjoint.

    Example:
        >>> load_split("sketchy-21").unseen[:3]
        ('bat', 'cabin', 'cow')
    """
    name = str(name_or_path)
    if name in public_split_names():
        return public_split(name).split
    if name in WORLD_SPLITS:
        groups = WORLD_SPLITS[name]
        return ZeroShotSplit(
            name, groups.seen, groups.validation, groups.unseen, groups.pretraining
        )
    if Path(name_or_path).is_file():
        return read_split_file(Path(name_or_path))
    raise FileNotFoundError(
        f"no split or file {suggest(name, split_names())}; give a JSON file or one of: "
        f"{', '.join(split_names())}"
    )


def read_split_file(path: Path) -> ZeroShotSplit:
    """Read a split from a JSON file."""
    content = _read_object(path)
    for key in content:
        if key not in KEYS:
            raise ValueError(
                f"split file {path}: unknown key {suggest(key, KEYS)}; "
                f"allowed are {', '.join(KEYS)}"
            )
    for key in REQUIRED_KEYS:
        if key not in content:
            raise ValueError(
                f"split file {path}: key {key!r} is missing; "
                'expected {"seen": [...], "unseen": [...]}'
            )
    groups = {key: _names(content.get(key, []), key, path) for key in CLASS_KEYS}
    return ZeroShotSplit(name=str(content.get("name", path.stem)), **groups)


def _read_object(path: Path) -> dict:
    """Parse a JSON file that holds an object."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"split file {path} is not valid JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(
            f"split file {path} holds a {type(content).__name__}, expected an object "
            '{"seen": [...], "unseen": [...]}'
        )
    return content


def _names(value: object, key: str, path: Path) -> tuple[str, ...]:
    """Check that a value is a list of class names."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return tuple(value)
    raise ValueError(f"split file {path}: {key!r} must be a list of class names")
