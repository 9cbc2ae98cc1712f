"""What has an open licence and a stable address, brought here; how to get the rest."""

import gzip
import io
import json
import lzma
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from PIL import Image
from tqdm import tqdm

from zssbir_lib.data.class_names import check_known, suggest
from zssbir_lib.data.downloading import (
    BLOCK,
    Body,
    DownloadError,
    disk_errors,
    download,
    fetch,
    write_file,
)

__all__ = [
    "BY_HAND",
    "DownloadError",
    "download",
    "extract",
    "fetch_cifar100",
    "fetch_drawings",
    "instructions",
    "quickdraw_words",
    "write_photos",
]

DAMAGE = (tarfile.TarError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, EOFError)
PHOTOS_OF_A_LABEL = 600  # of CIFAR-100: 500 for training and 100 for testing

# data sets that nobody may fetch for you: where they are, how to get them, terms
BY_HAND: dict[str, dict[str, Any]] = json.loads(
    files("zssbir_lib.data").joinpath("by_hand.json").read_text(encoding="utf-8")
)
HONEST = (
    "Links to these data sets die and copies differ under one name. Whatever you have "
    "downloaded, and from wherever, the next command tells what it is."
)


# QuickDraw: the first drawings of a word, without the rest of its file


def fetch_drawings(
    word: str,
    folder: str | Path,
    count: int,
    recognised_only: bool = False,
    address: str | None = None,
) -> Path:
    """Fetch the first drawings of a word to FOLDER/<word>.ndjson, and return the file.

    The official files hold over 100,000 drawings each; reading stops after those that
    are wanted. A file that holds enough is left as it is.

    Args:
        word: one of `quickdraw_words`.
        folder: where the file is to be; it is made.
        count: drawings wanted, 1 or more; all, if the word has fewer.
        recognised_only: count only drawings that the game recognised; the others
            between them are in the file all the same.
        address: a copy of the official folder of files; None for the official one.

    Raises:
        FileExistsError: a file of that name is not the beginning of the official.
        DownloadError: the drawings cannot be fetched; a file with fewer of them stays.

    Source: Quick, Draw! (CC BY 4.0), simplified drawings: strokes on a 256 x 256 grid.
    """
    check_words((word,))
    if count < 1:
        raise ValueError(f"count is {count}, expected at least 1 drawing")
    path = Path(folder) / f"{word}.ndjson"
    before = path.read_bytes() if path.exists() else b""
    counts = partial(_counts, word=word, recognised_only=recognised_only)
    try:
        if before and sum(map(counts, io.BytesIO(before))) >= count:
            return path
    except ValueError as error:
        raise FileExistsError(
            f"{path} is not a file of drawings ({error}); remove it or choose another "
            "folder"
        ) from error
    url = f"{(address or _catalogue()['files']).rstrip('/')}/{quote(word, safe='')}"
    receive = partial(_receive_drawings, counts=counts, count=count, before=before)
    fetch(f"{url}.ndjson", path, receive)
    return path


def _counts(line: bytes, word: str, recognised_only: bool) -> bool:
    """Tell whether the drawing of a line counts; raise if it is none of the word."""
    try:
        drawing = json.loads(line)
        if drawing["word"] == word and drawing["drawing"]:
            return drawing["recognized"] is True or not recognised_only
    except (ValueError, TypeError, KeyError):
        pass
    raise ValueError(f"a line is no drawing of {word!r}: {line[:60]!r}")


def _receive_drawings(
    body: Body,
    file: BinaryIO,
    counts: Callable[[bytes], bool],
    count: int,
    before: bytes,
) -> None:
    """Write line after line until enough drawings are there."""
    if before and len(before) == body.announced:
        file.write(before)  # there are no more
        return
    size, found = 0, 0
    for line in tqdm(io.BufferedReader(body, BLOCK), Path(body.url).name):
        try:
            found += counts(line)
        except ValueError as error:
            raise DownloadError(
                f"{body.url} sends no drawings ({error}); nothing was kept: does the "
                "network ask for a login? Open the address in a browser"
            ) from error
        if size < len(before) and not before.startswith(line, size):
            raise FileExistsError(
                f"the drawings of {Path(body.url).name} that are there are not the "
                f"first of {body.url}; remove that file or choose another folder"
            )
        size += file.write(line)
        if found == count:
            return


@cache
def _catalogue() -> dict[str, Any]:
    """Return what is known of QuickDraw: dataset, page, licence, files, words.

    Source: https://github.com/googlecreativelab/quickdraw-dataset (CC BY 4.0).
    """
    source = files("zssbir_lib.data").joinpath("quickdraw_words.json")
    return json.loads(source.read_text(encoding="utf-8"))


def quickdraw_words() -> tuple[str, ...]:
    """List the 345 words of QuickDraw, as the data set spells them."""
    return tuple(_catalogue()["words"])


def check_words(words: Iterable[str]) -> None:
    """Raise for the first word that QuickDraw does not have."""
    known = quickdraw_words()
    for word in words:
        if word not in known:
            raise ValueError(
                f"QuickDraw has no word {suggest(word, known)}; its 345 words are "
                f"listed at {_catalogue()['page']}"
            )


# CIFAR-100: the archive that torchvision names, and its photos as one folder a class


def fetch_cifar100(folder: str | Path) -> Path:
    """Fetch CIFAR-100 (169 MB); return the root that torchvision's `CIFAR100` takes.

    Source: Krizhevsky, Learning multiple layers of features from tiny images, 2009;
    address and checksum are torchvision's.
    """
    from torchvision.datasets import CIFAR100

    folder = Path(folder)
    root = folder / "cifar100"
    if not root.exists():
        md5 = f"md5:{CIFAR100.tgz_md5}"
        extract(download(CIFAR100.url, folder / CIFAR100.filename, md5), root)
    return root


def extract(archive: str | Path, folder: str | Path) -> Path:
    """Extract a tar (plain, gz, bz2, xz) into a new folder: all of it, or nothing.

    Python's filter "data" refuses what leads out of the folder, links to outside and
    devices.
    """
    archive, folder = Path(archive), Path(folder)
    if folder.exists():
        raise FileExistsError(f"{folder} exists; remove it or choose another folder")
    unfinished = folder.with_name(folder.name + ".partial")
    shutil.rmtree(unfinished, ignore_errors=True)  # of a process that died
    try:
        with disk_errors(folder), tarfile.open(archive) as tar:
            tar.extractall(unfinished, filter="data")
            unfinished.rename(folder)
    except tarfile.FilterError as error:
        raise ValueError(
            f"{archive} is dangerous ({error}): nothing was extracted; get the archive "
            "from its official page"
        ) from error
    except DAMAGE as error:
        raise ValueError(
            f"{archive} is damaged or no tar ({str(error) or type(error).__name__}); "
            "remove it and download it again"
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def write_photos(
    root: str | Path, folder: str | Path, classes: Mapping[str, str], count: int
) -> int:
    """Write the first photos of some labels to FOLDER/photo/<class>/<part>_<index>.png.

    Those for training come first, then those for testing, in the order of the files.
    A photo that is there already is not written again; returns how many were.

    Args:
        root: what `fetch_cifar100` returned.
        folder: the data set; it is made.
        classes: fine label of CIFAR-100 to the name of its class folder.
        count: photos of each class at most, 1 to 600.
    """
    check_photo_count(count)
    written, photos = 0, list(_first_photos(Path(root), classes, count))
    for place, pixels in tqdm(photos, "writing photos", unit="photo"):
        path = Path(folder) / "photo" / place
        if path.exists():
            continue
        write_file(path, partial(Image.fromarray(pixels).save, format="PNG"))
        written += 1
    return written


def _first_photos(
    root: Path, classes: Mapping[str, str], count: int
) -> Iterator[tuple[str, Any]]:
    """Yield "<class>/<part>_<index>.png" and pixels (32, 32, 3) uint8."""
    from torchvision.datasets import CIFAR100

    taken = dict.fromkeys(classes, 0)
    for part in ("train", "test"):
        try:
            data = CIFAR100(root, train=part == "train")
        except RuntimeError as error:  # its checksums do not fit
            raise ValueError(
                f"CIFAR-100 in {root} is damaged or incomplete; remove that folder and "
                "run the same command again"
            ) from error
        check_known(tuple(classes), data.classes, "CIFAR-100")
        for index, target in enumerate(data.targets):
            label = data.classes[target]
            if taken.get(label, count) < count:
                taken[label] += 1
                yield f"{classes[label]}/{part}_{index:05d}.png", data.data[index]


def check_photo_count(count: int) -> None:
    """Raise unless CIFAR-100 has so many photos of each label."""
    if not 1 <= count <= PHOTOS_OF_A_LABEL:
        raise ValueError(
            f"count is {count}, expected 1 to {PHOTOS_OF_A_LABEL}: CIFAR-100 has no "
            "more photos of a label"
        )


# what is downloaded by hand


def instructions(name: str) -> str:
    """Say how to get a data set of `BY_HAND`: where, how, terms, what to do next."""
    source = BY_HAND[name]
    steps = [f"{number}. {step}" for number, step in enumerate(source["how"], 1)]
    blocks = {
        "Where": source["where"],
        "How": steps,
        "Terms": [source["terms"]],
        "Afterwards the folder holds": source["looks"],
    }
    lines = [source["title"], ""]
    for heading, content in blocks.items():
        lines += [f"{heading}:", *(f"  {line}" for line in content), ""]
    lines += [HONEST, f"  zssbir data check {source['check']}"]
    return "\n".join(lines)
