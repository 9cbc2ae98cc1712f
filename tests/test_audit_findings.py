"""Duplicates, split fits, pretraining overlap, lists: each judged by hand."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from torchvision.models._meta import _IMAGENET_CATEGORIES

from zssbir_lib.data import ZeroShotSplit, public_split, public_split_names
from zssbir_lib.data.audit import imagenet_relatives, pretraining_overlap
from zssbir_lib.data.audit.evidence import Facts, lists_beside
from zssbir_lib.data.audit.facts import DataListing, FileFacts, ListedFile
from zssbir_lib.data.audit.published import LEVELS, fit_split
from zssbir_lib.data.audit.rules import RULES, SEVERITIES, Finding, findings_of
from zssbir_lib.data.layouts import LAYOUTS, FolderListing, FoundLayout
from zssbir_lib.modality import PHOTO, SKETCH

SPLIT = ZeroShotSplit("tiny", ("ant", "bus"), (), ("palm tree",))


def by_check(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {one.check: one for one in findings}


def listing_of(counts: dict[str, tuple[int, int]], root: Path) -> DataListing:
    """Make a listing of files that nobody opens, laid out as Sketchy Extended."""
    places = [root / name for name in ("sketch", "photo", "EXTEND")]
    sketches, photos = (
        {name: [root] * pair[place] for name, pair in counts.items()}
        for place in (0, 1)
    )
    folders = tuple(map(FolderListing, places))
    return DataListing(
        FoundLayout(LAYOUTS[0], root, *places), sketches, photos, folders, {}, ()
    )


def judged(files=(), counts=None, root=Path("nowhere"), **known) -> dict[str, Finding]:
    """Ask all rules of what is given; the note on ImageNet is left out."""
    facts = Facts(listing_of(counts or {}, root), files, **known)
    findings = by_check(findings_of(facts))
    findings.pop("seen in pretraining", None)
    return findings


def found(files, **known) -> dict[str, tuple[str, ...]]:
    return {name: one.items for name, one in judged(files, **known).items()}


def test_severities_and_checks_of_the_table():
    assert {rule.severity for rule in RULES} == set(SEVERITIES)
    assert len({(rule.check, rule.what) for rule in RULES}) == len(RULES)
    files = [photo("ant", "a", "x"), photo("ant", "b", "x")]
    order = [one.severity for one in judged(files, {"bus": (1, 0)}).values()]
    assert order == ["error", "warning", "note"]


# duplicates


def photo(name: str, path: str, digest: str, modality: int = PHOTO) -> ListedFile:
    return ListedFile(modality, name, FileFacts(path, 1, 0, digest, "PNG"))


def duplicates(*files, splits=(SPLIT,)) -> dict[str, tuple[str, ...]]:
    items = found(files, splits=splits)
    items.pop("wrong ending", None)
    return items


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
    leak = judged(files, splits=[SPLIT])["leak"]
    assert leak.severity == "error" and "tiny" in leak.what
    assert "leak" not in duplicates(*files, splits=())


def test_doubled_originals_are_found_by_name_and_told_from_copies():
    files = (
        photo("ant", "photo/ant/n1.jpg", "x"),
        photo("ant", "photo/ant/n2.jpg", "y"),
        photo("ant", "EXTEND/ant/n1.JPEG", "other bytes"),
        photo("ant", "EXTEND/ant/n2.jpg", "y"),
        photo("bus", "EXTEND/bus/n1.jpg", "z"),
    )
    found = duplicates(*files)
    assert found == {"doubled originals": ("photo/ant/n1.jpg", "photo/ant/n2.jpg")}
    more = photo("palm tree", "EXTEND/palm tree/n9.jpg", "x")
    assert "leak" in duplicates(*files, more)


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
    split = public_split("sketchy-21").split
    classes = split.seen + split.unseen
    sound = judged(published=classes, fits=[fit("sketchy-21", counts)])
    assert not {"missing class", "extra class", "image count"} & set(sound)
    counts["girafe"] = counts.pop("giraffe")
    findings = judged(
        counts={"girafe": (1, 1)}, published=classes, fits=[fit("sketchy-21", counts)]
    )
    assert findings["missing class"].items == ("'giraffe' (did you mean 'girafe'?)",)
    assert findings["missing class"].severity == "error"
    assert findings["extra class"].items == ("girafe",)


def test_findings_about_a_split_of_your_own():
    counts = dict.fromkeys(["ant", "BUS", "palm_tree", "more"], (1, 1))
    assert judged(counts=counts, split=SPLIT) == {}
    del counts["BUS"]
    missing = judged(counts=counts, split=SPLIT)["missing class"]
    assert missing.severity == "error" and missing.items == ("'bus'",)
    assert "split tiny" in missing.what and missing.what.endswith("1 of 3")


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


def test_the_note_on_the_21_classes_says_what_the_judgement_says():
    overlap = pretraining_overlap(public_split("sketchy-21").split.unseen)
    (note,) = (n for n in public_split("sketchy-21").notes if "judgement" in n)
    assert f"for {len(overlap.seen)} of them ({', '.join(overlap.seen)})" in note
    assert overlap.total == 21


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
    found = judged(root=tmp_path, lists=lists)
    assert found["list in order"].items == ("good.txt",)
    assert found["mislabelled list"].items == (
        "folder 'ant' has label 100, unknown to the class file",
    )
    assert found["missing file"].items == ("p/bus/1.png",)
    assert "broken.txt, line 1" in found["unreadable list"].items[0]
