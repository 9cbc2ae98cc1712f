"""Duplicates, split fits, pretraining overlap, lists: each judged by hand."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from torchvision.models._meta import _IMAGENET_CATEGORIES

from zssbir_lib.data import ZeroShotSplit, public_split, public_split_names
from zssbir_lib.data.audit import imagenet_relatives, pretraining_overlap
from zssbir_lib.data.audit.duplicates import duplicate_findings
from zssbir_lib.data.audit.file_facts import FileFacts
from zssbir_lib.data.audit.finding import Finding, by_severity
from zssbir_lib.data.audit.list_findings import list_findings, lists_beside
from zssbir_lib.data.audit.pretraining_overlap import LEVELS
from zssbir_lib.data.audit.split_findings import own_split_findings, split_findings
from zssbir_lib.data.audit.split_fit import fit_split
from zssbir_lib.modality import PHOTO, SKETCH

SPLIT = ZeroShotSplit("tiny", ("ant", "bus"), (), ("palm tree",))


def by_check(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {one.check: one for one in findings}


def test_severities():
    finding = Finding("note", "c", "what", ("a",), "do")
    order = [replace(finding, severity=one) for one in ("note", "error", "warning")]
    assert [one.severity for one in by_severity(order)] == ["error", "warning", "note"]
    with pytest.raises(ValueError, match="severity is 'bad', expected one of error, w"):
        replace(finding, severity="bad")


# duplicates


def photo(name: str, path: str, digest: str, modality: int = PHOTO):
    return modality, name, FileFacts(path, 1, 0, digest)


def duplicates(*files, originals=None, splits=(SPLIT,)) -> dict[str, tuple[str, ...]]:
    findings = duplicate_findings(files, originals, splits)
    return {one.check: one.items for one in findings}


def test_different_files_and_unread_files_are_no_duplicates():
    assert duplicates(photo("ant", "a", "x"), photo("ant", "b", "y")) == {}
    assert duplicates(photo("ant", "a", ""), photo("bus", "b", "")) == {}


def test_duplicates_within_a_class():
    files = [photo("ant", path, "x") for path in "abc"]
    assert duplicates(*files) == {"duplicate in a class": ("a = b = c",)}


def test_duplicates_across_seen_classes_and_modalities():
    seen = duplicates(photo("ant", "a", "x"), photo("bus", "b", "x"))
    assert seen == {"duplicate across classes": ("a = b",)}
    sketch = duplicates(photo("ant", "a", "x"), photo("ant", "b", "x", SKETCH))
    assert sketch == {"duplicate across classes": ("a = b",)}


def test_a_photo_in_a_seen_and_an_unseen_class_leaks():
    files = photo("ant", "a", "x"), photo("Palm_Tree", "b", "x")
    found = duplicates(*files)
    assert found["leak"] == ("a = b",)
    findings = duplicate_findings(files, None, [SPLIT])
    assert by_check(findings)["leak"].severity == "error"
    assert "tiny" in by_check(findings)["leak"].what
    assert "leak" not in duplicates(*files, splits=())


def test_doubled_originals_are_found_by_name_and_told_from_copies():
    files = (
        photo("ant", "photo/ant/n1.jpg", "x"),
        photo("ant", "photo/ant/n2.jpg", "y"),
        photo("ant", "EXTEND/ant/n1.JPEG", "other bytes"),
        photo("ant", "EXTEND/ant/n2.jpg", "y"),
        photo("bus", "EXTEND/bus/n1.jpg", "z"),
    )
    found = duplicates(*files, originals="photo")
    assert found == {"doubled originals": ("photo/ant/n1.jpg", "photo/ant/n2.jpg")}
    more = photo("palm tree", "EXTEND/palm tree/n9.jpg", "x")
    assert "leak" in duplicates(*files, more, originals="photo")


# counts beside published splits


def counts_of(name: str, once: bool = False) -> dict[str, tuple[int, int]]:
    """Make counts exactly as published: unseen by class, seen put on one class."""
    public = public_split(name)
    ending = ", each once" if once else ""
    copies = 100 if once else 0
    counts = {
        one: (public.sketches_per_class[one], public.photos_per_class[one] - copies)
        for one in public.split.unseen
    }
    first, *others = public.split.seen
    sketches, photos = (
        public.counts["seen sketches"],
        public.counts[f"seen photos{ending}"],
    )
    rest = len(others)
    counts[first] = ((sketches or 9999) - rest, (photos or 9999) - rest)
    return counts | dict.fromkeys(others, (1, 1))


def fit(name: str, counts: dict, compare: bool = True):
    complete = [one for one, pair in counts.items() if all(pair)]
    return fit_split(public_split(name), counts, complete, compare)


@pytest.mark.parametrize(
    ("name", "once"),
    [
        ("sketchy-25", False),
        ("sketchy-25", True),
        ("sketchy-21", False),
        ("sketchy-21", True),
        ("tuberlin-30", False),
        ("quickdraw-30", False),
    ],
)
def test_counts_as_published(name, once):
    found = fit(name, counts_of(name, once))
    assert found.fits() and found.verdict == "equal" and found.differing == ()
    assert ("each photo once" in found.reason) == once


def test_counts_close_and_off():
    counts = counts_of("sketchy-21")
    sketches, photos = counts["bat"]
    counts["bat"] = (sketches, photos - 25)
    close = fit("sketchy-21", counts)
    assert close.verdict == "close"
    assert close.reason == "unseen photos: 12,528 here, 12,553 published (-0.2%)"
    assert close.differing == ("bat: 518 photos, 543 published",)
    counts["bat"] = (sketches, photos - 300)
    assert fit("sketchy-21", counts).verdict == "off"
    assert fit("sketchy-21", counts, compare=False).verdict == "all classes there"


def test_missing_and_misspelt_classes():
    counts = counts_of("quickdraw-30")
    counts["Palm_Tree"] = counts.pop("palm tree")
    found = fit("quickdraw-30", counts)
    assert found.verdict == "equal"
    assert found.respelled == {"Palm_Tree": "palm tree"}
    counts["zebra"] = (10, 0)
    found = fit("quickdraw-30", counts)
    assert not found.fits() and found.missing == ("zebra",)
    assert found.reason == "1 of 110 classes: zebra"


def test_split_without_published_counts():
    found = fit("sketchy-25-sempcyc", counts_of("sketchy-25"))
    assert found.verdict == "no published counts"


def test_findings_about_classes_and_counts():
    counts = counts_of("sketchy-21")
    counts["girafe"] = counts.pop("giraffe")
    classes = (
        public_split("sketchy-21").split.seen + public_split("sketchy-21").split.unseen
    )
    found = by_check(split_findings([fit("sketchy-21", counts)], list(counts), classes))
    assert found["missing class"].items == ("'giraffe' (did you mean 'girafe'?)",)
    assert found["missing class"].severity == "error"
    assert found["extra class"].items == ("girafe",)
    assert (
        split_findings([fit("sketchy-21", counts_of("sketchy-21"))], [], classes) == []
    )


def test_findings_about_a_split_of_your_own():
    assert own_split_findings(SPLIT, ["ant", "BUS", "palm_tree", "more"]) == []
    (found,) = own_split_findings(SPLIT, ["ant", "palm_tree"])
    assert found.severity == "error" and found.items == ("'bus'",)
    assert "split tiny" in found.what


# what an ImageNet backbone has seen


def every_class() -> set[str]:
    splits = [public_split(name).split for name in public_split_names()]
    return {one for split in splits for one in split.seen + split.unseen}


def test_every_class_is_judged_with_categories_that_exist():
    categories = set(_IMAGENET_CATEGORIES)
    for name in every_class():
        relatives = imagenet_relatives(name)
        assert relatives is not None, name
        assert set(relatives) <= set(LEVELS), name
        listed = [one for level in relatives.values() for one in level]
        assert set(listed) <= categories, name
        assert len(set(listed)) == len(listed) and all(relatives.values()), name


def test_same_name_means_seen_but_for_words_of_two_meanings():
    """Every class called like a category is that category, or an exception."""
    other_meaning = {"ear", "mouse"}  # of corn; of a computer
    for category in _IMAGENET_CATEGORIES:
        relatives = imagenet_relatives(category)
        if relatives is not None and category.lower() not in other_meaning:
            listed = relatives.get("same", []) + relatives.get("narrower", [])
            assert category in listed, category


def test_overlap():
    overlap = pretraining_overlap(["airplane", "Sea_Gull", "scissors", "unheard of"])
    assert overlap.seen == {"airplane": ("airliner", "warplane")}
    assert overlap.related == {"Sea_Gull": ("albatross",)}
    assert overlap.unknown == ("unheard of",) and overlap.total == 4


def test_the_21_classes_are_not_all_unknown_to_imagenet():
    overlap = pretraining_overlap(public_split("sketchy-21").split.unseen)
    assert set(overlap.seen) == {"dolphin", "door", "saw", "songbird"}
    assert "goldfinch" in overlap.seen["songbird"]
    assert overlap.unknown == ()


# lists


def write(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines))
    return path


def test_lists_lying_beside_the_data(tmp_path):
    write(tmp_path / "zeroshot" / "cname_cid.txt", "ant 0")
    train = write(tmp_path / "zeroshot" / "all_photo_filelist_train.txt", "p/ant/1 0")
    zero = write(tmp_path / "zeroshot" / "all_photo_filelist_zero.txt", "p/bus/1 0")
    write(tmp_path / "readme.txt", "no list")
    seen = train.with_name("cname_cid.txt")
    assert lists_beside(tmp_path) == [(train, seen)]
    unseen = write(tmp_path / "zeroshot" / "cname_cid_zero.txt", "bus 0")
    assert lists_beside(tmp_path) == [(train, seen), (zero, unseen)]


def test_findings_about_lists(tmp_path):
    classes = write(tmp_path / "cname_cid.txt", "ant 0", "bus 1")
    write(tmp_path / "p" / "ant" / "1.png")
    good = write(tmp_path / "good.txt", "p/ant/1.png 0")
    bad = write(tmp_path / "bad.txt", "p/ant/1.png 100", "p/bus/1.png 1")
    broken = write(tmp_path / "broken.txt", "no label here")
    lists = [(one, classes) for one in (good, bad, broken)]
    found = by_check(list_findings(lists, tmp_path))
    assert found["list in order"].items == ("good.txt",)
    assert found["mislabelled list"].items == (
        "folder 'ant' has label 100, unknown to the class file",
    )
    assert found["missing file"].items == ("p/bus/1.png",)
    assert "broken.txt, line 1" in found["unreadable list"].items[0]
    assert list_findings([], tmp_path) == []
