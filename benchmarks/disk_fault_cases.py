"""The faults of disks, processes and archives that `download_faults.py` injects."""

import io
import multiprocessing
import os
import tarfile
import time
import zipfile
from functools import lru_cache, partial
from pathlib import Path

from download_fault_cases import Call, Case, getter, served
from faulty_server import FaultyServer

from zssbir_lib.data.fetching import extract

NOBODY = 65534  # a user that owns nothing


def disk_cases(server: FaultyServer, folder: Path) -> list[Case]:
    """Return the faults of disks and processes."""
    get, part = getter(server, folder), folder / "file.partial"

    def on_a_full_disk() -> None:
        part.symlink_to("/dev/full")
        get()

    def after_making_room() -> None:
        part.unlink(missing_ok=True)
        get()

    def in_place_of_a_folder() -> None:
        (folder / "sub").write_text("a file")
        getter(server, folder / "sub")()

    def read_only() -> None:
        folder.chmod(0o555)
        without_rights(get)

    def with_rights() -> None:
        folder.chmod(0o755)
        get()

    def beside_another() -> None:
        child = start_child(get, part)
        try:
            get()
        finally:
            child.kill()
            child.join()

    def killed() -> None:
        child = start_child(get, part)
        child.kill()
        child.join()
        raise OSError(f"(no message: signal {-child.exitcode})")

    slow = served(drip=0.0002)
    return [
        Case("full disk", served(), on_a_full_disk, after_making_room),
        Case("a file in place of the folder", served(), in_place_of_a_folder, get),
        Case("read-only folder", served(), read_only, with_rights),
        Case("another process fetches the same", slow, beside_another, get),
        Case("killed in the middle (SIGKILL)", slow, killed, get),
    ]


def archive_cases(folder: Path) -> list[Case]:
    """Return the faults of archives; they do not go away."""

    def unpack(content: bytes) -> None:
        (folder / "archive").write_bytes(content)
        extract(folder / "archive", folder / "images", max_bytes=10_000_000)

    return [
        Case(name, served(), partial(unpack, content), None)
        for name, content in harmful_archives().items()
    ]


@lru_cache(maxsize=1)
def harmful_archives() -> dict[str, bytes]:
    """Return archives that nobody should extract, by what is wrong with them."""
    link = tarfile.TarInfo("picture.png")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
    bomb = zip_of("big.png", bytes(50_000_000))
    return {
        "path traversal in a tar": tar_of(tarfile.TarInfo("../../evil")),
        "path traversal in a zip": zip_of("../../evil", b"evil"),
        "absolute path in a tar": tar_of(tarfile.TarInfo("/evil")),
        "drive letter in a zip": zip_of("C:\\evil", b"evil"),
        "link to outside in a tar": tar_of(link),
        "bomb (50 MB in a small zip)": bomb,
        "zip cut short": bomb[:-100],
    }


def tar_of(info: tarfile.TarInfo) -> bytes:
    """Return a tar of a good file and another member."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("good.png"))
        tar.addfile(info)
    return content.getvalue()


def zip_of(name: str, body: bytes) -> bytes:
    """Return a zip of a good file and another one."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("good.png", b"")
        info = zipfile.ZipInfo("placeholder")
        info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
        pack.writestr(info, body)
    return content.getvalue()


def start_child(call: Call, written: Path) -> multiprocessing.Process:
    """Run a call in another process and wait until it has written something."""
    child = multiprocessing.get_context("fork").Process(target=call)
    child.start()
    while not (written.exists() and written.stat().st_size > 50):
        time.sleep(0.01)
    return child


def without_rights(call: Call) -> None:
    """Run a call in a process that may not write everywhere; raise what it raised."""
    receiver, sender = multiprocessing.Pipe(duplex=False)

    def run() -> None:
        if os.getuid() == 0:  # to root no folder is read-only
            os.setuid(NOBODY)
        try:
            call()
            sender.send(None)
        except OSError as error:
            sender.send(error)

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    error = receiver.recv()
    child.join()
    if error is not None:
        raise error
