"""Find images that stand in a data set more than once."""

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from zssbir_lib.data.audit.file_findings import ExaminedFile
from zssbir_lib.data.audit.finding import ERROR, WARNING, Finding
from zssbir_lib.data.spelling import name_key
from zssbir_lib.data.splits import ZeroShotSplit
from zssbir_lib.modality import PHOTO


def duplicate_findings(
    files: Sequence[ExaminedFile],
    originals: str | None,
    splits: Iterable[ZeroShotSplit],
) -> list[Finding]:
    """Find doubled originals, equal files, and images that leak into a test.

    Args:
        files: Modality, class and facts of every file.
        originals: Folder of Sketchy's own photos, below the root, where extended
            photos are read beside them; None otherwise.
        splits: Splits that the data set fits.

    Returns:
        What was found, nothing if every image stands there once.
    """
    doubled = doubled_originals(files, originals) if originals else []
    groups = equal_files(files)
    findings = [
        _doubled_finding(doubled),
        *(_leak_finding(groups, split) for split in splits),
        _across_finding(groups),
        _within_finding(groups, set(doubled)),
    ]
    return [one for one in findings if one.items]


def doubled_originals(files: Sequence[ExaminedFile], originals: str) -> list[str]:
    """List the original photos that stand among the extended ones again.

    They may have been resized, so the file name decides, which Sketchy Extended keeps.

    Args:
        files: Modality, class and facts of every file.
        originals: Folder of the originals, below the root.

    Returns:
        Paths of the originals, in order.
    """
    inside, outside = [], set()
    for modality, name, facts in files:
        if modality != PHOTO:
            continue
        identity = (name, PurePosixPath(facts.path).stem)
        if facts.path.startswith(originals + "/"):
            inside.append((identity, facts.path))
        else:
            outside.add(identity)
    return [path for identity, path in inside if identity in outside]


def equal_files(files: Sequence[ExaminedFile]) -> list[list[ExaminedFile]]:
    """Group the files that hold the same bytes.

    Args:
        files: Modality, class and facts of every file.

    Returns:
        Groups of two or more, in order of their first file.
    """
    groups: dict[str, list[ExaminedFile]] = {}
    for one in files:
        if one[2].digest:
            groups.setdefault(one[2].digest, []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def leaking(
    groups: Sequence[Sequence[ExaminedFile]], split: ZeroShotSplit
) -> list[Sequence[ExaminedFile]]:
    """Select the groups with a file in a seen class and one in an unseen class.

    Args:
        groups: Files with the same bytes.
        split: Says which classes are seen (validation counts as seen) and unseen.

    Returns:
        The groups that make a test of that split unfair.
    """
    seen = {name_key(name) for name in split.seen + split.validation}
    unseen = {name_key(name) for name in split.unseen}
    return [
        group
        for group in groups
        if seen & (keys := {name_key(name) for _, name, _ in group}) and unseen & keys
    ]


def _doubled_finding(doubled: list[str]) -> Finding:
    """Report originals that stand twice."""
    return Finding(
        WARNING,
        "doubled originals",
        "original photos that the gallery holds twice, for they stand among the "
        f"extended ones again: {len(doubled):,}",
        tuple(doubled),
        "keep them to compare with the SAKE family of papers, whose lists have them "
        "twice; otherwise read each photo once (photos 'extend-only')",
    )


def _leak_finding(
    groups: Sequence[Sequence[ExaminedFile]], split: ZeroShotSplit
) -> Finding:
    """Report images shared by seen and unseen classes."""
    items = tuple(_describe(group) for group in leaking(groups, split))
    return Finding(
        ERROR,
        "leak",
        f"images in a seen and in an unseen class of {split.name}: {len(items)}",
        items,
        "delete all but one of each: a test image must not be trained on",
    )


def _across_finding(groups: Sequence[Sequence[ExaminedFile]]) -> Finding:
    """Report equal files in several classes, or among sketches and photos."""
    items = tuple(_describe(group) for group in groups if _is_across(group))
    return Finding(
        WARNING,
        "duplicate across classes",
        f"equal files in several classes or modalities: {len(items)}",
        items,
        "delete all but the right one: the others carry a wrong label",
    )


def _within_finding(
    groups: Sequence[Sequence[ExaminedFile]], doubled: set[str]
) -> Finding:
    """Report equal files of one class, but for doubled originals."""
    kept = (
        [one for one in group if one[2].path not in doubled]
        for group in groups
        if not _is_across(group)
    )
    items = tuple(_describe(group) for group in kept if len(group) > 1)
    return Finding(
        WARNING,
        "duplicate in a class",
        f"images that stand more than once in their class: {len(items)}",
        items,
        "delete all but one of each: copies count as several results of a search",
    )


def _is_across(group: Sequence[ExaminedFile]) -> bool:
    """Say whether equal files belong to several classes or modalities."""
    return len({(modality, name) for modality, name, _ in group}) > 1


def _describe(group: Sequence[ExaminedFile]) -> str:
    """Write the paths of equal files."""
    return " = ".join(facts.path for _, _, facts in group)
