"""Extract an archive of images: plain files in one new folder, or nothing at all."""

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import NamedTuple

from tqdm import tqdm

from zssbir_lib.data.fetching.locking import only_writer
from zssbir_lib.data.fetching.writing import disk_errors

GIBIBYTE = 2**30
ENCRYPTED = 1  # bit of a zip member's flags
PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)  # 0: made where files have no Unix mode
DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
)


class Member(NamedTuple):
    """Hold what an archive says of one file or folder in it.

    Args:
        name: Its path inside the archive.
        size: Bytes it will have.
        fault: Why it may not be extracted; empty if it may.
        write: Extracts it into a folder, called with `path=`.
    """

    name: str
    size: int
    fault: str
    write: Callable[..., object]


def extract(
    archive: str | Path,
    folder: str | Path,
    max_bytes: int = 64 * GIBIBYTE,
    max_files: int = 2_000_000,
) -> Path:
    """Extract a tar (plain, gz, bz2, xz) or a zip into a new folder.

    Files go into `<folder>.partial`, which is renamed when all are there. A data set
    needs no links and no devices, so an archive with any is refused, as is one with a
    name that leads out of the folder.

    Args:
        archive: The file.
        folder: Where its content is to be; it must not exist yet.
        max_bytes: Bytes that the extracted files may have together.
        max_files: Files and folders that the archive may hold.

    Returns:
        The folder.

    Raises:
        FileNotFoundError: If there is no such archive.
        FileExistsError: If the folder exists.
        ValueError: If the archive is none, damaged, dangerous or too large; nothing
            is left on the disk then.
        OSError: If the files cannot be written.
    """
    archive, folder = Path(archive), Path(folder)
    if not archive.is_file():
        raise FileNotFoundError(f"no archive {archive}; download it first")
    if folder.exists():
        raise FileExistsError(f"{folder} exists; remove it or choose another folder")
    unfinished = folder.with_name(folder.name + ".partial")
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with only_writer(folder):
            shutil.rmtree(unfinished, ignore_errors=True)  # of a process that died
            try:
                unfinished.mkdir()
                _extract_into(unfinished, archive, max_bytes, max_files)
                unfinished.rename(folder)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _extract_into(folder: Path, archive: Path, max_bytes: int, max_files: int) -> None:
    """Extract every member, checking names and the announced sizes as they add up."""
    total = 0
    try:
        members = tqdm(_members(archive), f"extracting {archive.name}", unit="file")
        for count, member in enumerate(members, start=1):
            total += member.size
            if fault := member.fault or name_fault(member.name):
                raise ValueError(
                    f"{archive} holds {member.name!r}, which {fault}: nothing was "
                    "extracted; get the archive from its official page"
                )
            if total > max_bytes or count > max_files:
                raise ValueError(
                    f"{archive} holds more than {max_bytes} bytes or {max_files} "
                    "files: nothing was extracted; raise max_bytes or max_files if you "
                    "trust it"
                )
            member.write(path=folder)
    except DAMAGE as error:
        raise ValueError(
            f"{archive} is damaged ({str(error) or type(error).__name__}); remove it "
            "and download it again"
        ) from error


def name_fault(name: str) -> str:
    """Tell whether a name leads out of the folder, on any system.

    Args:
        name: The path of a file inside an archive.

    Returns:
        What is wrong with it, or nothing.
    """
    path = PureWindowsPath(name)  # takes both / and \\ for separators, knows drives
    if path.drive or path.root:
        return "is an absolute path"
    return "leads out of the folder" if ".." in path.parts else ""


def _members(archive: Path) -> Iterator[Member]:
    """Go through an archive of either kind."""
    if zipfile.is_zipfile(archive):
        return _zip_members(archive)
    if tarfile.is_tarfile(archive):
        return _tar_members(archive)
    raise ValueError(
        f"{archive} is neither a tar nor a zip archive, or is cut short; download it "
        "again, and unpack other kinds (.7z, .rar) by hand"
    )


def _tar_members(archive: Path) -> Iterator[Member]:
    """Go through a tar; what is written is filtered once more by the library."""
    with tarfile.open(archive) as tar:
        for info in tar:
            plain = info.isreg() or info.isdir()
            write = partial(tar.extract, info, filter="data")
            fault = "" if plain else "is a link or a device"
            yield Member(info.name, info.size, fault, write)


def _zip_members(archive: Path) -> Iterator[Member]:
    """Go through a zip."""
    with zipfile.ZipFile(archive) as pack:
        for info in pack.infolist():
            plain = stat.S_IFMT(info.external_attr >> 16) in PLAIN
            fault = "" if plain else "is a link or a device"
            if info.flag_bits & ENCRYPTED:
                fault = "needs a password"
            yield Member(
                info.filename, info.file_size, fault, partial(pack.extract, info)
            )
