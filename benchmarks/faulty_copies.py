"""Make a small data set and damage it, one way at a time (`audit_faults.py`)."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from zssbir_lib.data import ZeroShotSplit

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


def copy_some(source: Path, root: Path, per_class: int) -> None:
    """Copy the first files of some classes of a real data set."""
    for modality in ("sketch", "photo"):
        for name in SPLIT.seen + SPLIT.unseen:
            (root / modality / name).mkdir(parents=True)
            for file in files_of(source, modality, name)[:per_class]:
                shutil.copy(file, root / modality / name)


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
