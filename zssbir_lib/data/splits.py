"""Zero-shot splits: which classes are trained on, chosen on and tested on.

The class lists, counts and notes of the published splits stand in `public_splits.json`
beside this file.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path

import torch
from torch import Tensor

from zssbir_lib.data.class_names import check_known, repeated, suggest
from zssbir_lib.data.images import ImageSet, SketchPhotoData
from zssbir_lib.world.groups import WORLD_SPLITS


@dataclass(frozen=True)
class ZeroShotSplit:
    """Name the classes of a zero-shot experiment, in four disjoint groups.

    Args:
        name: what to call the split.
        seen: classes trained on.
        validation: classes never trained on, used for every choice; may be empty.
        unseen: classes touched once, for the final number.
        pretraining: classes (photos only) the backbone has seen before; may be empty.

    Raises:
        ValueError: naming the classes that stand in two groups or twice in one, or the
            group that is empty.

    Example:
        >>> ZeroShotSplit("tiny", seen=("cat", "mug"), validation=(), unseen=("owl",))

    Source: Shen et al., CVPR 2018 (the zero-shot setting: seen and unseen disjoint).
    """

    name: str
    seen: tuple[str, ...]
    validation: tuple[str, ...]
    unseen: tuple[str, ...]
    pretraining: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        groups = self.groups()
        for group, names in groups.items():
            if twice := repeated(names):
                raise ValueError(
                    f"split {self.name!r}: {group} lists {', '.join(twice)} twice"
                )
        for required in ("seen", "unseen"):
            if not groups[required]:
                raise ValueError(f"split {self.name!r}: {required} has no classes")
        for first, second in combinations(groups, 2):
            self._check_disjoint(first, second)

    def _check_disjoint(self, first: str, second: str) -> None:
        """Check that two groups share no class."""
        groups = self.groups()
        shared = [name for name in groups[first] if name in set(groups[second])]
        if shared:
            raise ValueError(
                f"split {self.name!r}: {', '.join(shared)} in both {first} and "
                f"{second}; a zero-shot test needs disjoint groups, so remove "
                f"{'them' if len(shared) > 1 else 'it'} from one"
            )

    def groups(self) -> dict[str, tuple[str, ...]]:
        """Return the class names by group: seen, validation, unseen, pretraining."""
        return {
            "seen": self.seen,
            "validation": self.validation,
            "unseen": self.unseen,
            "pretraining": self.pretraining,
        }

    def apply(self, data: SketchPhotoData) -> "ZeroShotData":
        """Cut a data set into its seen, validation and unseen parts."""
        used = self.seen + self.validation + self.unseen
        owner = f"data set {data.name!r} (split {self.name!r})"
        check_known(used, data.class_names, owner)
        return ZeroShotData(
            seen=data.restricted_to(self.seen),
            validation=data.restricted_to(self.validation) if self.validation else None,
            unseen=data.restricted_to(self.unseen),
            unused=tuple(name for name in data.class_names if name not in set(used)),
        )

    def with_held_out(self, count: int, seed: int) -> "ZeroShotSplit":
        """Move `count` seen classes, drawn at random, to validation.

        The draw depends on the names, the count and the seed only, not on the order of
        the names or on the version of any library. Both groups keep their order.
        """
        if not 0 <= count <= len(self.seen) - 2:
            raise ValueError(
                f"cannot hold out {count} of {len(self.seen)} seen classes: "
                f"choose 0 to {max(len(self.seen) - 2, 0)}, to keep two to train on"
            )
        drawn = set(random.Random(seed).sample(sorted(self.seen), count))
        return replace(
            self,
            seen=tuple(name for name in self.seen if name not in drawn),
            validation=self.validation
            + tuple(name for name in self.seen if name in drawn),
        )

    def with_fewer_seen(self, count: int, seed: int) -> "ZeroShotSplit":
        """Keep only `count` seen classes, drawn at random: a harder training.

        The others are not used at all; validation and unseen classes stay.
        """
        if not 2 <= count <= len(self.seen):
            raise ValueError(
                f"cannot keep {count} of {len(self.seen)} seen classes: "
                f"choose 2 to {len(self.seen)}"
            )
        drawn = set(random.Random(seed).sample(sorted(self.seen), count))
        return replace(self, seen=tuple(name for name in self.seen if name in drawn))


@dataclass(frozen=True, eq=False)
class ZeroShotData:
    """Hold the parts of a data set under a split.

    Args:
        seen: what may be trained on.
        validation: what choices may look at; None if the split has none.
        unseen: what the final number is measured on.
        unused: classes of the data set that the split does not name.
    """

    seen: SketchPhotoData
    validation: SketchPhotoData | None
    unseen: SketchPhotoData
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class SplitComparison:
    """Say how two splits relate."""

    shared_unseen: tuple[str, ...]
    first_tests_second_trains: tuple[str, ...]
    second_tests_first_trains: tuple[str, ...]


def compare_splits(first: ZeroShotSplit, second: ZeroShotSplit) -> SplitComparison:
    """Compare what two splits train and test on.

    Results under two splits may be compared only if their unseen classes are the
    same; a model trained under one and tested under the other has seen test classes.
    """
    return SplitComparison(
        shared_unseen=_common(first.unseen, second.unseen),
        first_tests_second_trains=_common(first.unseen, second.seen),
        second_tests_first_trains=_common(second.unseen, first.seen),
    )


def _common(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Keep the names that are also among the others."""
    return tuple(name for name in names if name in set(others))


def hold_out_sketches(
    data: SketchPhotoData, share: float = 0.1, seed: int = 0
) -> tuple[SketchPhotoData, ImageSet]:
    """Take some sketches of every class away from the training.

    Args:
        data: the seen classes.
        share: part of each class's sketches to hold out, above 0 and below 1; at least
            one sketch is held out and one stays.
        seed: decides which; the same on every machine.

    Returns:
        The data without the held-out sketches, and those sketches with their labels.

    Raises:
        ValueError: the share is out of range or a class has fewer than two sketches.

    Source: SAKE's lists hold out 50 sketches a class of Sketchy and 10 of TU-Berlin;
        the paper of SBTKNet does not say what its early stopping looks at.
    """
    if not 0 < share < 1:
        raise ValueError(f"share is {share}, expected a number between 0 and 1")
    generator = torch.Generator().manual_seed(seed)
    held: list[Tensor] = []
    for label, name in enumerate(data.class_names):
        indices = data.sketches.of_class(label)
        if len(indices) < 2:
            raise ValueError(
                f"class {name!r} has {len(indices)} sketches: one to hold out and one "
                "to train on are needed"
            )
        count = min(max(1, round(share * len(indices))), len(indices) - 1)
        held.append(indices[torch.randperm(len(indices), generator=generator)[:count]])
    chosen = torch.cat(held).sort().values
    stays = torch.ones(len(data.sketches), dtype=torch.bool)
    stays[chosen] = False
    rest = data.sketches.subset(stays.nonzero().squeeze(1))
    return replace(data, sketches=rest), data.sketches.subset(chosen)


# The splits that published results use


@dataclass(frozen=True)
class PublicSplit:
    """Describe a published split."""

    split: ZeroShotSplit
    dataset: str
    family: str  # the line of papers that uses it
    source: str  # where the class list was read
    # images by group ("seen sketches", ...); None where no public list allows counting
    counts: Mapping[str, int | None]
    estimates: Mapping[str, int]  # where counts are None: totals that papers state
    sketches_per_class: Mapping[str, int]  # of unseen classes; empty where not known
    photos_per_class: Mapping[str, int]  # the same
    notes: tuple[str, ...]  # traps, one sentence each


def public_split_names() -> tuple[str, ...]:
    """List the names of the published splits."""
    return tuple(_entries())


def public_split(name: str) -> PublicSplit:
    """Look up the classes, counts and notes of one of `public_split_names()`."""
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


# A split by name, or from a JSON file


REQUIRED_KEYS = ("seen", "unseen")
CLASS_KEYS = (*REQUIRED_KEYS, "validation", "pretraining")
KEYS = (*CLASS_KEYS, "name", "notes")


def split_names() -> tuple[str, ...]:
    """List every split known by name: those of the embedded world, then published."""
    return (*WORLD_SPLITS, *public_split_names())


def load_split(name_or_path: str | Path) -> ZeroShotSplit:
    """Load a split by name (`split_names()`), or from a JSON file.

    The file holds an object with the lists "seen" and "unseen", and optionally
    "validation", "pretraining" and a "name".

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
