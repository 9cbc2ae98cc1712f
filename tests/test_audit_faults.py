"""Every fault that an audit knows, made in a copy of a sound data set, is found."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageOps

from zssbir_lib.data import ZeroShotSplit
from zssbir_lib.data.audit import check_data

COULD_NOT_RUN = "could not run"
# some classes of Sketchy
SPLIT = ZeroShotSplit(
    "sample",
    seen=("axe", "cat", "hammer", "hat", "owl", "shoe", "teddy_bear", "volcano"),
    validation=(),
    unseen=("giraffe", "helicopter", "songbird", "tree"),
)
SEEN, OTHER_SEEN, UNSEEN = "axe", "cat", "giraffe"


def draw_data(
    root: Path, per_class: int, split: ZeroShotSplit = SPLIT, size: int = 24
) -> None:
    """Draw sketches and photos of all classes of a split, each file different."""
    generator = random.Random(0)
    for name in split.seen + split.unseen:
        for modality, ending in (("sketch", "png"), ("photo", "jpg")):
            folder = root / modality / name
            folder.mkdir(parents=True)
            for number in range(per_class):
                image = draw_image(modality, size, generator)
                image.save(folder / f"{number}.{ending}")


def draw_image(modality: str, size: int, generator: random.Random) -> Image.Image:
    """Draw lines on white paper, or noise in colour."""
    if modality == "photo":
        noise = generator.randbytes(3 * size * size)
        return Image.frombytes("RGB", (size, size), noise)
    paper = Image.new("L", (size, size), 255)
    points = [(generator.randrange(size), generator.randrange(size)) for _ in range(5)]
    ImageDraw.Draw(paper).line(points, fill=0)
    return paper


def files_of(root: Path, modality: str, name: str) -> list[Path]:
    """Return the files of a class."""
    return sorted((root / modality / name).iterdir())


def first(root: Path, name: str = SEEN, modality: str = "photo") -> Path:
    """Return the first file of a class."""
    return files_of(root, modality, name)[0]


def cut_short(root: Path) -> None:
    """Keep the first half of a photo's bytes."""
    file = first(root)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def bomb(root: Path) -> None:
    """Put a photo there that says it has 200 million pixels."""
    Image.new("1", (14_200, 14_200)).save(first(root), "PNG")


def rename_everywhere(root: Path) -> None:
    """Give a class another name."""
    for modality in ("sketch", "photo"):
        (root / modality / SEEN).rename(root / modality / "hatchet")


def two_spellings(root: Path) -> None:
    """Have two photo folders that could both mean one sketch folder."""
    (root / "photo" / "teddy_bear").rename(root / "photo" / "teddy bear")
    shutil.copytree(root / "photo" / "teddy bear", root / "photo" / "Teddy-Bear")


def copy_to(name: str) -> Callable[[Path], None]:
    """Return a fault: a photo stands in another class (or its own) again."""
    return lambda root: shutil.copy(first(root), root / "photo" / name / "copy.jpg")


def double_originals(root: Path) -> None:
    """Lay the data out as Sketchy Extended, every photo also among the extended."""
    photos = root / "256x256" / "photo" / "tx_000000000000"
    sketches = root / "256x256" / "sketch" / "tx_000000000000"
    shutil.copytree(root / "photo", root / "EXTEND_image_sketchy")
    for old, new in ((root / "photo", photos), (root / "sketch", sketches)):
        new.parent.mkdir(parents=True)
        old.rename(new)


def write_lists(root: Path, wrong: bool = False, missing: int = 0) -> None:
    """Write a list of the seen photos and its class file.

    Wrong labels are those of a released list: 0, 100, 200, ... by the alphabet.
    """
    folder = root / "zeroshot"
    folder.mkdir()
    names = sorted(SPLIT.seen)
    labels = {name: label for label, name in enumerate(reversed(names))}
    classes = [f"{name} {label}\n" for name, label in labels.items()]
    (folder / "cname_cid.txt").write_text("".join(classes))
    listed = {name: 100 * number for number, name in enumerate(names)}
    lines = [
        f"{path.relative_to(root).as_posix()} {(listed if wrong else labels)[name]}\n"
        for name in names
        for path in files_of(root, "photo", name)
    ]
    lines += [
        f"photo/{SEEN}/gone_{number}.jpg {labels[SEEN]}\n" for number in range(missing)
    ]
    (folder / "all_photo_filelist_train.txt").write_text("".join(lines))


def invert(root: Path) -> None:
    """Make the sketches of a class white on black."""
    for file in files_of(root, "sketch", SEEN):
        ImageOps.invert(Image.open(file).convert("L")).save(file)


def hide_files(root: Path) -> None:
    """Add what operating systems leave behind."""
    for name in (".DS_Store", "Thumbs.db", "._0.jpg"):
        (root / "photo" / SEEN / name).write_bytes(b"x")


def close_folder(root: Path) -> None:
    """Let nobody read a folder (without effect for the system's administrator)."""
    os.chmod(root / "photo" / SEEN, 0)


# what does it, the check that finds it
FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "photo cut short": (cut_short, "truncated file"),
    "file of 0 bytes": (lambda root: first(root).write_bytes(b""), "empty file"),
    "text called .jpg": (lambda root: first(root).write_text("hi"), "unreadable file"),
    "200 million pixels": (bomb, "too large file"),
    "PNG called .jpg": (
        lambda root: Image.open(first(root)).save(first(root), "PNG"),
        "wrong ending",
    ),
    "class missing": (
        lambda root: [shutil.rmtree(root / m / SEEN) for m in ("sketch", "photo")],
        "missing class",
    ),
    "class renamed": (rename_everywhere, "missing class"),
    "class without photos": (
        lambda root: shutil.rmtree(root / "photo" / SEEN),
        "class in one modality",
    ),
    "empty class folder": (
        lambda root: [path.unlink() for path in files_of(root, "photo", SEEN)],
        "class in one modality",
    ),
    "photo folder spelt differently": (
        lambda root: (root / "photo" / SEEN).rename(root / "photo" / "AXE"),
        "spelling",
    ),
    "two spellings of one class": (two_spellings, "ambiguous class name"),
    "copy in the same class": (copy_to(SEEN), "duplicate in a class"),
    "copy in another seen class": (
        copy_to(OTHER_SEEN),
        "duplicate across classes",
    ),
    "copy in an unseen class": (copy_to(UNSEEN), "leak"),
    "originals doubled": (double_originals, "doubled originals"),
    "list labelled 0, 100, 200, ...": (
        lambda root: write_lists(root, wrong=True),
        "mislabelled list",
    ),
    "list of missing files": (
        lambda root: write_lists(root, missing=3),
        "missing file",
    ),
    "sketches white on black": (invert, "inverted sketch"),
    "photo of one colour": (
        lambda root: Image.new("RGB", (24, 24), "grey").save(first(root)),
        "blank image",
    ),
    "link to nowhere": (
        lambda root: (root / "photo" / SEEN / "a.jpg").symlink_to("gone.jpg"),
        "broken link",
    ),
    "links in a circle": (
        lambda root: (root / "photo" / SEEN / "again").symlink_to(root / "photo"),
        "folder in a class folder",
    ),
    "photo outside a class": (
        lambda root: shutil.copy(first(root), root / "photo" / "a.jpg"),
        "image outside a class",
    ),
    "hidden files": (hide_files, "hidden file"),
    "folder closed": (close_folder, "closed folder"),
    "photos elsewhere": (
        lambda root: (root / "photo").rename(root / "pictures"),
        COULD_NOT_RUN,
    ),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("ZSSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def intact(tmp_path_factory) -> Path:
    """Draw some classes of Sketchy: two sketches and two photos each."""
    folder = tmp_path_factory.mktemp("sample") / "data"
    draw_data(folder, 2)
    return folder


def found_in(root: Path) -> tuple[set[tuple[str, str, str]], int]:
    """Return severity, check and sentence of every finding, and the exit code."""
    try:
        report = check_data("folder", root, jobs=1, split=SPLIT)
    except (ValueError, OSError) as error:
        assert "\n" not in str(error)
        return {("error", COULD_NOT_RUN, str(error))}, 2
    found = {(one.severity, one.check, one.what) for one in report.findings}
    assert all(one.remedy for one in report.findings)
    return found, report.exit_code()


def test_the_sound_copy_needs_no_action(intact):
    found, code = found_in(intact)
    assert {severity for severity, _, _ in found} == {"note"} and code == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(intact, tmp_path, fault):
    if fault == "folder closed" and os.geteuid() == 0:
        pytest.skip("no folder is closed to the system's administrator")
    known, _ = found_in(intact)
    root = tmp_path / "data"
    shutil.copytree(intact, root)
    damage, check = FAULTS[fault]
    damage(root)
    found, code = found_in(root)
    if (root / "photo" / SEEN).exists():
        os.chmod(root / "photo" / SEEN, 0o755)
    new = found - known
    assert check in {name for _, name, _ in new}
    severities = {severity for severity, _, _ in new}
    assert code == (2 if check == COULD_NOT_RUN else int(severities != {"note"}))


def test_a_folder_that_cannot_be_listed(intact, monkeypatch):
    scan = os.scandir

    def closed(folder):
        if Path(folder) == intact / "photo" / SEEN:
            raise PermissionError(13, "Permission denied")
        return scan(folder)

    monkeypatch.setattr(os, "scandir", closed)
    found, code = found_in(intact)
    assert ("closed folder", code) in {(check, code) for _, check, _ in found}
