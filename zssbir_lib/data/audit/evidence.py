"""Where things are wrong: functions that go through the facts of a data set.

Each is a row's `find` in the table of rules; it names files, classes or sentences.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from PIL import Image

from zssbir_lib.data.audit.facts import DataListing, ListedFile
from zssbir_lib.data.audit.published import (
    PretrainingOverlap,
    SplitFit,
    few,
    pretraining_overlap,
)
from zssbir_lib.data.class_names import name_key, pair_names, suggest
from zssbir_lib.data.file_lists import (
    label_conflicts,
    missing_files,
    read_class_file,
    read_file_list,
)
from zssbir_lib.data.layouts import visible_folders
from zssbir_lib.data.splits import ZeroShotSplit
from zssbir_lib.modality import PHOTO, SKETCH

CLASS_FILES = {"seen": "cname_cid.txt", "unseen": "cname_cid_zero.txt"}
SAME_KIND = {"MPO": "JPEG"}  # several pictures in one JPEG file
ListWithClasses = tuple[Path, Path]
Items = Iterable[str]


@dataclass(frozen=True)
class Facts:
    """All that the rules look at."""

    listing: DataListing
    files: Sequence[ListedFile]
    fits: Sequence[SplitFit] = ()  # of the published splits of the data set
    published: Sequence[str] | None = None  # its classes; None for one of your own
    split: ZeroShotSplit | None = None  # the one given
    splits: Sequence[ZeroShotSplit] = ()  # those that fit, and the one given
    lists: Sequence[ListWithClasses] = ()

    @cached_property
    def sketches(self) -> list[ListedFile]:
        """The files listed as sketches."""
        return [one for one in self.files if one.modality == SKETCH]

    @cached_property
    def extra(self) -> list[str]:
        """Classes that the published data set does not have."""
        keys = {name_key(name) for name in self.published or ()}
        return [name for name in self.listing.counts() if name_key(name) not in keys]

    @cached_property
    def doubled(self) -> list[str]:
        """The original photos that stand among the extended ones again.

        They may have been resized, so the name decides, which Sketchy Extended keeps.
        """
        found = self.listing.found
        if not (found.photos and found.extended and len(self.listing.folders) == 3):
            return []
        originals = self.listing.relative(found.photos) + "/"
        inside, outside = [], set()
        for modality, name, facts in self.files:
            identity = (name, PurePosixPath(facts.path).stem)
            if modality == PHOTO and facts.path.startswith(originals):
                inside.append((identity, facts.path))
            elif modality == PHOTO:
                outside.add(identity)
        return [path for identity, path in inside if identity in outside]

    @cached_property
    def equal(self) -> list[list[ListedFile]]:
        """Groups of two or more files that hold the same bytes."""
        groups: dict[str, list[ListedFile]] = {}
        for one in self.files:
            if one.facts.digest:
                groups.setdefault(one.facts.digest, []).append(one)
        return [group for group in groups.values() if len(group) > 1]

    @cached_property
    def checked_lists(self) -> list["CheckedList"]:
        """What the file lists say, beside what is on the disk."""
        root = self.listing.found.root
        return [check_list(path, classes, root) for path, classes in self.lists]

    @cached_property
    def overlaps(self) -> dict[str, PretrainingOverlap]:
        """Split to what ImageNet-1k shows of its unseen classes."""
        return {one.name: pretraining_overlap(one.unseen) for one in self.splits}


# the folders


def closed_folders(facts: Facts, _: Any) -> Items:
    """Name folders that cannot be listed, with the reason."""
    for one in facts.listing.folders:
        for folder, reason in one.closed.items():
            yield f"{facts.listing.relative(folder)}: {reason}"


def left_out(field: str) -> Callable[[Facts, Any], Items]:
    """Return what names the paths in one field of the listings."""

    def find(facts: Facts, _: Any) -> Items:
        for one in facts.listing.folders:
            yield from map(facts.listing.relative, getattr(one, field))

    return find


def respelled_folders(facts: Facts, _: Any) -> Items:
    """Name photo folders that were read under another name."""
    pairs = facts.listing.respelled.items()
    return (f"{found!r} read as {name!r}" for found, name in pairs)


def lonely_classes(facts: Facts, _: Any) -> Items:
    """Name classes without sketches or without photos."""
    for name, (sketches, photos) in facts.listing.counts().items():
        if not (sketches and photos):
            yield f"{name}: {sketches:,} sketches, {photos:,} photos"


def unread_folders(facts: Facts, _: Any) -> Items:
    """Name folders beside the layout's own, but for those that hold file lists."""
    for folder in facts.listing.found.unread_folders():
        if not any((folder / name).is_file() for name in CLASS_FILES.values()):
            yield facts.listing.relative(folder)


# classes and counts of a published data set, and of a split of your own


def missing_published(facts: Facts, _: Any) -> Items:
    """Name published classes that are not there, and what may be meant."""
    missing = facts.fits[0].missing if facts.fits else ()
    return (suggest(name, facts.extra) for name in missing)


def fits_with(verdict: str) -> Callable[[Facts, Any], Items]:
    """Return what names the splits of which the totals are close, or off."""

    def find(facts: Facts, _: Any) -> Items:
        for fit in facts.fits:
            if fit.verdict == verdict:
                yield f"{fit.name}: {fit.reason}"

    return find


def differing_counts(facts: Facts, _: Any) -> Items:
    """Name unseen classes with another number of images than published, once each."""
    return dict.fromkeys(one for fit in facts.fits for one in fit.differing)


def respelled_classes(facts: Facts, _: Any) -> Items:
    """Name classes that splits spell differently, once each."""
    return dict.fromkeys(
        f"{found!r} is {name!r} in the split"
        for fit in facts.fits
        for found, name in fit.respelled.items()
    )


class OwnSplit(NamedTuple):
    """A split of your own, and its classes that are not there."""

    name: str
    total: int
    missing: tuple[str, ...]


def own_split(facts: Facts) -> Iterable[OwnSplit]:
    """Look for the classes of the split that was given."""
    if facts.split is not None:
        wanted = sum(facts.split.groups().values(), ())
        there = pair_names(facts.listing.complete_classes(), wanted).pairs.values()
        missing = tuple(name for name in wanted if name not in there)
        yield OwnSplit(facts.split.name, len(wanted), missing)


def missing_of_split(facts: Facts, split: OwnSplit) -> Items:
    """Name classes of a split that are not there, and what may be meant."""
    complete = facts.listing.complete_classes()
    return (suggest(name, complete) for name in split.missing)


# the files


def damaged(problem: str) -> Callable[[Facts, Any], Items]:
    """Return what names the files with one kind of damage."""

    def find(facts: Facts, _: Any) -> Items:
        for _, _, one in facts.files:
            if one.problem == problem:
                yield f"{one.path}: {one.reason}"

    return find


def looking(sign: str) -> Callable[[Facts, Any], Items]:
    """Return what names the files that are blank, or huge."""
    return lambda facts, _: (
        one.path for _, _, one in facts.files if getattr(one, sign)
    )


def inverted_sketches(facts: Facts, _: Any) -> Items:
    """Name sketches that are not dark lines on light paper."""
    return (one.facts.path for one in facts.sketches if one.facts.dark)


def misnamed(facts: Facts, _: Any) -> Items:
    """Name files whose ending does not say what they are."""
    endings = Image.registered_extensions()  # for example ".jpg": "JPEG"
    for _, _, one in facts.files:
        kind = SAME_KIND.get(one.kind, one.kind)
        if one.kind and endings.get(PurePosixPath(one.path).suffix.lower()) != kind:
            yield f"{one.path}: {one.kind}"


# files that stand there more than once


def describe(group: Iterable[ListedFile]) -> str:
    """Write the paths of equal files."""
    return " = ".join(one.facts.path for one in group)


def is_across(group: Iterable[ListedFile]) -> bool:
    """Say whether equal files belong to several classes or modalities."""
    return len({(one.modality, one.name) for one in group}) > 1


def leaks(facts: Facts, split: ZeroShotSplit) -> Items:
    """Name equal files of a seen class (validation counts as seen) and an unseen."""
    seen = {name_key(name) for name in split.seen + split.validation}
    unseen = {name_key(name) for name in split.unseen}
    for group in facts.equal:
        keys = {name_key(one.name) for one in group}
        if seen & keys and unseen & keys:
            yield describe(group)


def equal_across(facts: Facts, _: Any) -> Items:
    """Name equal files in several classes, or among sketches and photos."""
    return (describe(group) for group in facts.equal if is_across(group))


def equal_within(facts: Facts, _: Any) -> Items:
    """Name equal files of one class, but for doubled originals."""
    doubled = set(facts.doubled)
    for group in facts.equal:
        kept = [one for one in group if one.facts.path not in doubled]
        if len(kept) > 1 and not is_across(group):
            yield describe(kept)


# file lists


class CheckedList(NamedTuple):
    """What is wrong with a file list: it is no list, or labels and files are wrong."""

    name: str
    class_file: str
    problem: str = ""
    classes: int = 0
    files: int = 0
    conflicts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def lists_beside(root: Path) -> list[ListWithClasses]:
    """Find the lists of the SAKE family in a data set's folder or one further in.

    Each comes with the class file beside it; lists of unseen classes have "zero" in
    their name.
    """
    found = []
    for folder in (root, *visible_folders(root)):
        for path in sorted(folder.glob("*.txt")):
            group = "unseen" if "zero" in path.stem else "seen"
            class_file = folder / CLASS_FILES[group]
            if class_file.is_file() and path.name not in CLASS_FILES.values():
                found.append((path, class_file))
    return found


def check_list(path: Path, class_file: Path, root: Path) -> CheckedList:
    """Check one list: do labels, folders and class file agree, are the files there."""
    inside = path.is_relative_to(root)
    name = path.relative_to(root).as_posix() if inside else path.name
    try:
        files, names = read_file_list(path), read_class_file(class_file)
    except ValueError as error:
        return CheckedList(name, class_file.name, str(error))
    return CheckedList(
        name,
        class_file.name,
        classes=len(set(files.folders())),
        files=len(files.paths),
        conflicts=tuple(label_conflicts(files, names).values()),
        missing=tuple(missing_files(files, root)),
    )


def sound_lists(facts: Facts, _: Any) -> Items:
    """Name the lists that are in order."""
    for one in facts.checked_lists:
        if not (one.problem or one.conflicts or one.missing):
            yield one.name


# what a backbone has seen


class SeenBefore(NamedTuple):
    """What ImageNet-1k shows of the unseen classes of a split."""

    name: str
    overlap: PretrainingOverlap
    seen: int
    related: int


def seen_before(facts: Facts) -> Iterable[SeenBefore]:
    """Go through the splits."""
    for name, one in facts.overlaps.items():
        yield SeenBefore(name, one, len(one.seen), len(one.related))


def shown_classes(_: Facts, split: SeenBefore) -> Items:
    """Name the classes that ImageNet-1k shows, and the categories."""
    overlap = split.overlap
    for one, shown in overlap.seen.items():
        yield f"{one}: {few(shown, 4)}"
    for one, near in overlap.related.items():
        yield f"{one}: related to {few(near, 4)}"
    if overlap.unknown:
        yield f"not judged: {few(overlap.unknown, 4)}"
