"""The splits that published results use, with what is known about each.

The class lists, counts and notes stand in `public_splits.json` beside this file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from zssbir_lib.data.class_names import suggest
from zssbir_lib.data.splits import ZeroShotSplit


@dataclass(frozen=True)
class PublicSplit:
    """Describe a published split.

    Args:
        split: its classes.
        dataset: the data set it belongs to.
        family: the line of papers that uses it.
        source: where the class list was read.
        counts: number of images by group ("seen sketches", "unseen photos", ...);
            None where no public file list allows counting.
        estimates: where counts are None, about how many there should be: totals that
            papers state, less what could be counted.
        sketches_per_class: sketches of each unseen class; empty where not known.
        photos_per_class: photos of each unseen class; empty where not known.
        notes: traps, one sentence each.
    """

    split: ZeroShotSplit
    dataset: str
    family: str
    source: str
    counts: Mapping[str, int | None]
    estimates: Mapping[str, int]
    sketches_per_class: Mapping[str, int]
    photos_per_class: Mapping[str, int]
    notes: tuple[str, ...]


def public_split_names() -> tuple[str, ...]:
    """List the names of the published splits."""
    return tuple(_entries())


def public_split(name: str) -> PublicSplit:
    """Look up a published split.

    Args:
        name: one of `public_split_names()`.

    Returns:
        Its classes, counts and notes.

    Raises:
        ValueError: there is no split of that name.
    """
    entries = _entries()
    if name not in entries:
        raise ValueError(
            f"no published split {suggest(name, entries)}; there are: "
            f"{', '.join(entries)}"
        )
    entry = dict(entries[name])
    seen, unseen = tuple(entry.pop("seen")), tuple(entry.pop("unseen"))
    split = ZeroShotSplit(name, seen, validation=(), unseen=unseen)
    return PublicSplit(split=split, notes=tuple(entry.pop("notes")), **entry)


@cache
def _entries() -> dict[str, dict]:
    """Read the file once."""
    file = files("zssbir_lib.data").joinpath("public_splits.json")
    return json.loads(file.read_text(encoding="utf-8"))
