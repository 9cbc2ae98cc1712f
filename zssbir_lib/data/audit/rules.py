"""The rules of an audit: one table of what can be wrong, where, and what to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

from PIL import Image

from zssbir_lib.data.audit import evidence
from zssbir_lib.data.audit.evidence import Facts, Items
from zssbir_lib.data.audit.published import CLOSE, OFF

ERROR, WARNING, NOTE = SEVERITIES = ("error", "warning", "note")
SKIP = "; fit leaves such files out with --skip-unreadable"
COUNTS_DIFFER = (
    "do not put results beside published ones without saying so; fetch the missing "
    "images or remove the surplus"
)


@dataclass(frozen=True)
class Finding:
    """One thing an audit found.

    Args:
        severity: "error": training or evaluation would stop, or its result would be
            wrong. "warning": results would differ from published ones, decide what to
            do. "note": good to know.
        check: short name of the check, the same in every report.
        what: one sentence.
        items: every place concerned: files, classes or sentences, in order.
        remedy: what to do, one sentence.
    """

    severity: str
    check: str
    what: str
    items: tuple[str, ...]
    remedy: str


def once(_: Facts) -> Iterable[None]:
    """Ask a rule once, of the whole data set."""
    return (None,)


def once_if_published(facts: Facts) -> Iterable[None]:
    """Ask a rule once, of a published data set."""
    return () if facts.published is None else (None,)


class Rule(NamedTuple):
    """A row of the table: what a `Finding` says, and what finds its items."""

    severity: str
    check: str
    what: str  # {count} is the number of items, {of} the subject
    remedy: str
    find: Callable[[Facts, Any], Items]  # facts, subject -> items
    each: Callable[[Facts], Iterable[Any]] = once  # facts -> subjects to ask it of
    always: bool = False  # a finding even without items


def every_list(facts: Facts) -> Iterable[evidence.CheckedList]:
    """Ask a rule of every file list."""
    return facts.checked_lists


# fmt: off
RULES = (
    # the folders
    Rule(ERROR, "closed folder",
         "folders that cannot be listed: {count}",
         "check who may read them, then run the check again",
         evidence.closed_folders),
    Rule(ERROR, "broken link",
         "links that lead to no file: {count}",
         "restore the files they point to, or remove the links",
         evidence.left_out("broken_links")),
    Rule(ERROR, "ambiguous class name",
         "folders that could be the same class: {count}",
         "rename the folders so that sketches and photos of a class agree",
         lambda facts, _: facts.listing.ambiguous),
    Rule(NOTE, "spelling",
         "photo folders spelt differently from the sketches': {count}",
         "nothing: they are read under the name of the sketch folder",
         evidence.respelled_folders),
    Rule(ERROR, "class in one modality",
         "classes without sketches or photos: {count}",
         "add the missing images, rename the folder if it is misspelt, or remove "
         "the class from both",
         evidence.lonely_classes),
    Rule(WARNING, "folder in a class folder",
         "folders inside class folders, not read: {count}",
         "move their images up into the class folder, or move the folders away",
         evidence.left_out("inner_folders")),
    Rule(WARNING, "image outside a class",
         "images beside the class folders, not read: {count}",
         "move them into the folder of their class",
         evidence.left_out("loose")),
    Rule(NOTE, "no image",
         "files that are no images by their ending, not read: {count}",
         "nothing, unless they should be images",
         evidence.left_out("other")),
    Rule(NOTE, "hidden file",
         "hidden or system files, not read: {count}",
         "nothing",
         evidence.left_out("hidden")),
    Rule(NOTE, "folder not read",
         "folders that are not part of the layout, not read: {count}",
         "nothing, unless images of this data set are among them",
         evidence.unread_folders),
    # classes and counts of a published data set
    Rule(ERROR, "missing class",
         "classes of the data set that are not there in both modalities, so that no "
         "published split fits: {count}",
         "fetch them, rename folders that are misspelt, or use a split file of your "
         "own",
         evidence.missing_published, once_if_published),
    Rule(NOTE, "extra class",
         "classes that do not belong to the published data set: {count}",
         "nothing: no published split uses them",
         lambda facts, _: facts.extra, once_if_published),
    Rule(WARNING, "image count",
         "splits that fit by their classes, but with totals that are off: {count}",
         COUNTS_DIFFER,
         evidence.fits_with(OFF), once_if_published),
    Rule(NOTE, "image count",
         "splits that fit by their classes, but with totals that are close: {count}",
         COUNTS_DIFFER,
         evidence.fits_with(CLOSE), once_if_published),
    Rule(NOTE, "image count of a class",
         "counts of unseen classes that differ from the published ones: {count}",
         "see whether the same few classes are short: a download that broke off",
         evidence.differing_counts, once_if_published),
    Rule(NOTE, "spelling",
         "classes spelt differently from the published splits: {count}",
         "nothing: they are matched, and renamed when loaded with the split",
         evidence.respelled_classes, once_if_published),
    # a split of your own
    Rule(ERROR, "missing class",
         "classes of split {of.name} that are not there in both modalities: {count} of "
         "{of.total}",
         "add them, rename folders that are misspelt, or change the split",
         evidence.missing_of_split, evidence.own_split),
    # the files
    Rule(ERROR, "closed file",
         "files that cannot be opened: {count}",
         f"check who may read them{SKIP}",
         evidence.damaged("closed")),
    Rule(ERROR, "empty file",
         "files of 0 bytes: {count}",
         f"fetch them again, or delete them{SKIP}",
         evidence.damaged("empty")),
    Rule(ERROR, "truncated file",
         "images cut short: {count}",
         f"fetch them again, or delete them{SKIP}",
         evidence.damaged("truncated")),
    Rule(ERROR, "unreadable file",
         "files that are no readable images: {count}",
         f"replace or delete them{SKIP}",
         evidence.damaged("unreadable")),
    Rule(ERROR, "too large file",
         "images so large that the decoder refuses them: {count}",
         f"make them smaller, or delete them{SKIP}",
         evidence.damaged("too large")),
    Rule(WARNING, "inverted sketch",
         "sketches mostly dark, not black on white: {count} of {sketches:,}",
         "invert them: a network trained on black on white takes them for noise",
         evidence.inverted_sketches),
    Rule(WARNING, "blank image",
         "images of one colour: {count}",
         "look at some; replace or delete those that show nothing",
         evidence.looking("blank")),
    Rule(WARNING, "huge image",
         "images of more than {pixels:,} pixels: {count}",
         "make them smaller: each costs seconds and a gigabyte to read",
         evidence.looking("huge")),
    Rule(NOTE, "wrong ending",
         "files of another format than their name says: {count}",
         "nothing: the content decides how a file is read",
         evidence.misnamed),
    # files that stand there more than once
    Rule(WARNING, "doubled originals",
         "original photos that the gallery holds twice, for they stand among the "
         "extended ones again: {count:,}",
         "keep them to compare with the SAKE family of papers, whose lists have them "
         "twice; otherwise read each photo once (photos 'extend-only')",
         lambda facts, _: facts.doubled),
    Rule(ERROR, "leak",
         "images in a seen and in an unseen class of {of.name}: {count}",
         "delete all but one of each: a test image must not be trained on",
         evidence.leaks, lambda facts: facts.splits),
    Rule(WARNING, "duplicate across classes",
         "equal files in several classes or modalities: {count}",
         "delete all but the right one: the others carry a wrong label",
         evidence.equal_across),
    Rule(WARNING, "duplicate in a class",
         "images that stand more than once in their class: {count}",
         "delete all but one of each: copies count as several results of a search",
         evidence.equal_within),
    # file lists
    Rule(ERROR, "unreadable list",
         "{of.name} cannot be read as a list",
         "correct the line, or do not use the list",
         lambda _, checked: filter(None, [checked.problem]), every_list),
    Rule(ERROR, "mislabelled list",
         "classes whose labels in {of.name} contradict the folders or {of.class_file}: "
         "{count} of {of.classes}",
         'take labels from the folders (read_file_lists(..., labels="folders"))',
         lambda _, checked: checked.conflicts, every_list),
    Rule(ERROR, "missing file",
         "files that {of.name} names but that do not exist: {count} of {of.files:,}",
         "fetch them again, or check that the paths start from this folder",
         lambda _, checked: checked.missing, every_list),
    Rule(NOTE, "list in order",
         "file lists that name existing files under the right labels: {count}",
         "nothing",
         evidence.sound_lists),
    # what a pretrained backbone has seen
    Rule(NOTE, "seen in pretraining",
         "unseen classes of {of.name} that ImageNet-1k shows: {of.seen} of "
         "{of.overlap.total}, and something related to {of.related} more",
         "for a backbone pretrained on ImageNet these are not unseen: say so beside "
         "the results, or choose other weights or another split",
         evidence.shown_classes, evidence.seen_before, always=True),
)
# fmt: on


def findings_of(facts: Facts) -> list[Finding]:
    """Ask every rule of the table; errors come first and notes last."""
    findings = []
    for each, rules in groupby(RULES, key=lambda rule: rule.each):
        rules = list(rules)
        for subject in each(facts):
            for rule in rules:
                items = tuple(rule.find(facts, subject))
                if items or rule.always:
                    findings.append(_finding(rule, items, facts, subject))
    return sorted(findings, key=lambda one: SEVERITIES.index(one.severity))


def _finding(rule: Rule, items: tuple[str, ...], facts: Facts, subject: Any) -> Finding:
    """Fill in the words of a rule."""
    words = {"count": len(items), "of": subject, "sketches": len(facts.sketches)}
    words["pixels"] = Image.MAX_IMAGE_PIXELS
    what = rule.what.format(**words)
    return Finding(rule.severity, rule.check, what, items, rule.remedy)
