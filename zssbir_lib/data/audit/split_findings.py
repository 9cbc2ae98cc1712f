"""What classes and counts tell beside the published splits."""

from collections.abc import Mapping, Sequence

from zssbir_lib.data.audit.finding import ERROR, NOTE, WARNING, Finding
from zssbir_lib.data.audit.pretraining_overlap import PretrainingOverlap
from zssbir_lib.data.audit.split_fit import CLOSE, OFF, SplitFit
from zssbir_lib.data.class_names import suggest
from zssbir_lib.data.spelling import name_key, pair_names
from zssbir_lib.data.splits import ZeroShotSplit


def split_findings(
    fits: Sequence[SplitFit], class_names: Sequence[str], published: Sequence[str]
) -> list[Finding]:
    """Judge the classes and counts of a data set that was published.

    Args:
        fits: How well it fits each split of that data set.
        class_names: Classes found.
        published: Classes the data set has, as published.

    Returns:
        What was found, nothing for a complete copy.
    """
    keys = {name_key(name) for name in published}
    extra = [name for name in class_names if name_key(name) not in keys]
    findings = [
        _missing_classes(fits, extra),
        _extra_classes(extra),
        _totals(fits, OFF, WARNING),
        _totals(fits, CLOSE, NOTE),
        _class_counts(fits),
        _respelled(fits),
    ]
    return [one for one in findings if one.items]


def own_split_findings(split: ZeroShotSplit, complete: Sequence[str]) -> list[Finding]:
    """Say which classes of a split of your own are not there.

    Args:
        split: The split.
        complete: Classes that have both sketches and photos.

    Returns:
        One error, or nothing.
    """
    wanted = sum(split.groups().values(), ())
    pairs = pair_names(complete, wanted).pairs
    missing = [name for name in wanted if name not in pairs.values()]
    finding = Finding(
        ERROR,
        "missing class",
        f"classes of split {split.name} that are not there in both modalities: "
        f"{len(missing)} of {len(wanted)}",
        tuple(suggest(name, complete) for name in missing),
        "add them, rename folders that are misspelt, or change the split",
    )
    return [finding] if missing else []


def overlap_findings(overlaps: Mapping[str, PretrainingOverlap]) -> list[Finding]:
    """Say which unseen classes a backbone pretrained on ImageNet-1k has seen.

    Args:
        overlaps: Name of a split to the overlap of its unseen classes.

    Returns:
        One note a split.
    """
    return [_overlap(name, overlap) for name, overlap in overlaps.items()]


def _missing_classes(fits: Sequence[SplitFit], extra: Sequence[str]) -> Finding:
    """Report classes of the data set that are not there, or not in both modalities."""
    missing = fits[0].missing if fits else ()
    return Finding(
        ERROR,
        "missing class",
        "classes of the data set that are not there in both modalities, so that no "
        f"published split fits: {len(missing)}",
        tuple(suggest(name, extra) for name in missing),
        "fetch them, rename folders that are misspelt, or use a split file of your own",
    )


def _extra_classes(extra: Sequence[str]) -> Finding:
    """Report classes that the data set should not have."""
    return Finding(
        NOTE,
        "extra class",
        f"classes that do not belong to the published data set: {len(extra)}",
        tuple(extra),
        "nothing: no published split uses them",
    )


def _totals(fits: Sequence[SplitFit], verdict: str, severity: str) -> Finding:
    """Report splits whose numbers of images differ."""
    items = tuple(f"{fit.name}: {fit.reason}" for fit in fits if fit.verdict == verdict)
    return Finding(
        severity,
        "image count",
        f"splits that fit by their classes, but with totals that are {verdict}: "
        f"{len(items)}",
        items,
        "do not put results beside published ones without saying so; fetch the missing "
        "images or remove the surplus",
    )


def _class_counts(fits: Sequence[SplitFit]) -> Finding:
    """Report unseen classes with another number of images than published."""
    items = dict.fromkeys(one for fit in fits for one in fit.differing)
    return Finding(
        NOTE,
        "image count of a class",
        f"counts of unseen classes that differ from the published ones: {len(items)}",
        tuple(items),
        "see whether the same few classes are short: a download that broke off",
    )


def _respelled(fits: Sequence[SplitFit]) -> Finding:
    """Report classes that splits spell differently."""
    items = dict.fromkeys(
        f"{found!r} is {name!r} in the split"
        for fit in fits
        for found, name in fit.respelled.items()
    )
    return Finding(
        NOTE,
        "spelling",
        f"classes spelt differently from the published splits: {len(items)}",
        tuple(items),
        "nothing: they are matched, and renamed when loaded with the split",
    )


def _overlap(name: str, overlap: PretrainingOverlap) -> Finding:
    """Write the note about one split."""
    items = [f"{one}: {_few(shown)}" for one, shown in overlap.seen.items()]
    items += [
        f"{one}: related to {_few(near)}" for one, near in overlap.related.items()
    ]
    if overlap.unknown:
        items.append(f"not judged: {_few(overlap.unknown)}")
    return Finding(
        NOTE,
        "seen in pretraining",
        f"unseen classes of {name} that ImageNet-1k shows: {len(overlap.seen)} of "
        f"{overlap.total}, and something related to {len(overlap.related)} more",
        tuple(items),
        "for a backbone pretrained on ImageNet these are not unseen: say so beside the "
        "results, or choose other weights or another split",
    )


def _few(names: Sequence[str], most: int = 4) -> str:
    """List some names."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
