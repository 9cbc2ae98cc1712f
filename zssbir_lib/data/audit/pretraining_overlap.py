"""Which classes a backbone pretrained on ImageNet-1k has already seen.

`imagenet_relatives.json` lists, for every class of the three benchmarks, the categories
of ImageNet-1k (as torchvision names them) that show it, judged by hand one by one:

- "same": the category is the class under this or another name ("blimp": airship);
- "narrower": the category is one kind of it ("songbird": goldfinch, robin, ...);
- "related": no kind of it, but its photos show the class as well or something easily
  taken for it: a wider category ("teacup": cup), a near relative ("seagull":
  albatross), a whole or a part ("window": window shade).

A class counts as seen if it has a category at one of the first two levels.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from zssbir_lib.data.spelling import name_key

LEVELS = ("same", "narrower", "related")
SEEN_LEVELS = ("same", "narrower")

Relatives = Mapping[str, Sequence[str]]  # level -> categories


@dataclass(frozen=True)
class PretrainingOverlap:
    """Hold what ImageNet-1k shows of some classes.

    Args:
        seen: Class to the categories that are it, or kinds of it.
        related: Class to the categories near it; only classes that are not seen.
        unknown: Classes that nobody has judged.
        total: Number of classes asked about.
    """

    seen: Mapping[str, tuple[str, ...]]
    related: Mapping[str, tuple[str, ...]]
    unknown: tuple[str, ...]
    total: int


def imagenet_relatives(class_name: str) -> Relatives | None:
    """Look up the ImageNet-1k categories that show a class.

    Args:
        class_name: A class of Sketchy, TU-Berlin or QuickDraw, in any spelling.

    Returns:
        Level ("same", "narrower", "related") to categories; empty if ImageNet-1k has
        nothing like it; None if the class is of another data set.
    """
    return _table().get(name_key(class_name))


def pretraining_overlap(class_names: Sequence[str]) -> PretrainingOverlap:
    """Find the classes that an ImageNet-1k backbone has met.

    Args:
        class_names: Classes, for example the unseen ones of a split.

    Returns:
        Those it has seen, those it knows something near of, those unknown.
    """
    seen, related, unknown = {}, {}, []
    for name in class_names:
        relatives = imagenet_relatives(name)
        if relatives is None:
            unknown.append(name)
            continue
        shown = [one for level in SEEN_LEVELS for one in relatives.get(level, ())]
        if shown:
            seen[name] = tuple(shown)
        elif relatives.get("related"):
            related[name] = tuple(relatives["related"])
    return PretrainingOverlap(seen, related, tuple(unknown), len(class_names))


@cache
def _table() -> dict[str, Relatives]:
    """Read the file once; classes by their key."""
    file = files("zssbir_lib.data").joinpath("imagenet_relatives.json")
    content = json.loads(file.read_text(encoding="utf-8"))
    return {name_key(name): relatives for name, relatives in content.items()}
