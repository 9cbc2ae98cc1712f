"""Downloads: whole and right under their name, or one line and nothing on the disk."""

import errno
import hashlib
import io
import multiprocessing
import os
import signal
import socket
import ssl
import stat
import tarfile
import threading
import time
from pathlib import Path
from urllib.error import URLError

import pytest
from fetch_server import CONTENT, Served, running_server

from zssbir_lib.data import downloading
from zssbir_lib.data.downloading import DownloadError, download
from zssbir_lib.data.fetching import extract

SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(downloading, "PAUSES", (0.0, 0.0))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server():
    with running_server() as running:
        running.files["/a.bin"] = Served()
        yield running


def left_in(folder: Path) -> set[str]:
    """Return the names of all files under a folder."""
    paths = (path for path in folder.rglob("*") if not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in paths}


@pytest.mark.parametrize("content", [CONTENT, b"x", b""])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_arrives_whole_and_alone(server, tmp_path, content, chunked):
    server.files["/a.bin"] = Served(content, chunked=chunked)
    if chunked and not content:
        pytest.skip("an empty chunk is the end")
    path = download(f"{server.url}/a.bin", tmp_path / "deep" / "er" / "a.bin")
    assert path.read_bytes() == content
    assert left_in(tmp_path) == {"deep/er/a.bin"}


def test_nothing_but_the_agent_is_told_to_the_server(server, tmp_path):
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    ((_, headers),) = server.requests
    assert set(headers) == {"Host", "User-Agent", "Accept-Encoding", "Connection"}
    assert headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("checksum", [SHA256, MD5, MD5.upper().replace("MD5", "md5")])
def test_right_bytes_pass_and_are_not_fetched_again(server, tmp_path, checksum):
    for checks in ({"checksum": checksum}, {"length": len(CONTENT)}, {}):
        path = download(f"{server.url}/a.bin", tmp_path / "a.bin", **checks)
    assert path.read_bytes() == CONTENT and len(server.requests) == 1


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        ({"checksum": SHA256}, "its checksum is sha256:.*expected sha256:"),
        ({"length": 5}, "it has 4 bytes, expected 5"),
    ],
)
def test_another_file_of_that_name_is_left_alone(server, tmp_path, checks, message):
    (tmp_path / "a.bin").write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=message):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", **checks)
    with pytest.raises(FileExistsError, match="another file .a folder.; remove it"):
        download(f"{server.url}/a.bin", tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == b"mine" and not server.requests


# faults of servers and networks: (how the file is sent, checks, message, requests)
FAULTS = {
    "404": (Served(answers=[404]), {}, "answers 404 Not Found: it may have moved", 1),
    "410": (Served(answers=[410]), {}, "answers 410 Gone: it is gone", 1),
    "403": (Served(answers=[403]), {}, "answers 403 Forbidden: it is not public", 1),
    "401": (Served(answers=[401]), {}, "401 Unauthorized: the server refuses", 1),
    "503 always": (
        Served(answers=[503] * 9),
        {},
        r"answers 503 Service Unavailable \(3 times in a row\); nothing was kept: run",
        3,
    ),
    "cut at every try": (
        Served(drops=[90_000, 0, 70_000]),
        {},
        r"127.0.0.1:\d+ ended at byte 70000 of 200000 announced \(3 times in a row\)",
        3,
    ),
    "a chunk is cut at every try": (
        Served(chunked=True, drops=[90_000] * 3),
        {},
        r"was lost \(IncompleteRead\) \(3 times in a row\); nothing was kept",
        3,
    ),
    "fewer bytes than announced": (
        Served(announced=300_000),
        {},
        "ended at byte 200000 of 300000 announced",
        3,
    ),
    "another length than recorded": (
        Served(),
        {"length": 400_000},
        "has 200000 bytes, expected 400000: the file at that address has changed",
        1,
    ),
    "fewer bytes than recorded": (
        Served(announced=-1),
        {"length": 400_000},
        "has 200000 bytes, expected 400000: the file at that address has changed",
        1,
    ),
    "more bytes than recorded": (
        Served(chunked=True),
        {"length": 1000},
        "has 200000 bytes, expected 1000: the file at that address has changed",
        1,
    ),
    "length not announced": (
        Served(announced=-1),
        {},
        "does not say how long it is.*nothing was written: download it with a browser",
        1,
    ),
    "wrong bytes": (
        Served(CONTENT[::-1]),
        {"checksum": SHA256},
        f"sent wrong bytes: checksum sha256:.* expected {SHA256}; they were removed",
        1,
    ),
    "redirect loop": (Served(redirect="/a.bin"), {}, "answers 302 The HTTP server", 5),
    "redirect to a file": (
        Served(redirect="file:///etc/hostname"),
        {},
        "answers 302 Found - Redirection to url 'file:///etc/hostname' is not allowed",
        1,
    ),
    "silence": (Served(wait=0.5), {}, "sends nothing for 0.1 s .3 times in a row", 3),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_ends_in_one_line_and_leaves_nothing(
    server, tmp_path, monkeypatch, fault
):
    served, checks, message, requests = FAULTS[fault]
    server.files["/a.bin"] = served
    if served.wait:
        monkeypatch.setattr(downloading, "TIMEOUT", 0.1)
    with pytest.raises(DownloadError, match=message) as caught:
        download(f"{server.url}/a.bin", tmp_path / "a.bin", **checks)
    assert "\n" not in str(caught.value) and left_in(tmp_path) == set()
    assert len(server.requests) == requests
    server.files["/a.bin"] = Served()  # the fault is gone
    monkeypatch.undo()
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    "passing",
    [{"answers": [503, 429]}, {"drops": [90_000, 0]}, {"drops": [9], "chunked": True}],
)
def test_what_passes_by_itself_is_tried_again(server, tmp_path, monkeypatch, passing):
    pauses = []
    monkeypatch.setattr(downloading, "PAUSES", (1.0, 5.0))
    monkeypatch.setattr(time, "sleep", lambda s: pauses.append(s) if s else None)
    server.files["/a.bin"] = Served(**passing)
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT and left_in(tmp_path) == {"a.bin"}
    assert pauses == [1.0, 5.0][: len(server.requests) - 1]


def test_a_length_that_was_never_announced_is_told_by_the_checks(server, tmp_path):
    server.files["/a.bin"] = Served(announced=-1)
    for checks in ({"checksum": SHA256}, {"length": len(CONTENT)}):
        path = download(f"{server.url}/a.bin", tmp_path / "a.bin", **checks)
        assert path.read_bytes() == CONTENT
        path.unlink()


def test_redirects_are_followed(server, tmp_path):
    server.files |= {"/0": Served(redirect="1"), "/1": Served(redirect="/a.bin")}
    path = download(f"{server.url}/0", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT and len(server.requests) == 3


def test_from_https_to_http_is_refused(tmp_path, monkeypatch):
    answer = io.BytesIO()
    answer.url = "http://me:secret@a.org/b?key=1"
    monkeypatch.setattr(downloading.urllib.request, "urlopen", lambda *_, **__: answer)
    with pytest.raises(DownloadError, match="to http://a.org/b, which is unprotected"):
        download("https://a.org/b", tmp_path / "b")
    assert answer.closed and left_in(tmp_path) == set()


def nowhere(*_: object, **__: object) -> None:
    raise socket.gaierror(-2, "Name or service not known")


def test_offline(tmp_path, monkeypatch):
    with socket.socket() as listener:  # a port where nobody listens
        listener.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{listener.getsockname()[1]}"
    online = "; nothing was written: check that this computer is online, then run the"
    refused = rf"cannot reach {host} \(Connection refused\){online}"
    with pytest.raises(DownloadError, match=refused):
        download(f"http://{host}/a", tmp_path / "a")
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    unknown = rf"cannot find example.org \(Name or service not known\){online}"
    with pytest.raises(DownloadError, match=unknown):
        download("http://example.org/a", tmp_path / "a")
    assert left_in(tmp_path) == set()


def test_a_certificate_that_is_not_valid(tmp_path, monkeypatch):
    reason = ssl.SSLCertVerificationError(1, "certificate verify failed")
    reason.verify_message = "certificate has expired"

    def refuse(*_: object, **__: object) -> None:
        raise URLError(reason)

    monkeypatch.setattr(downloading.urllib.request, "urlopen", refuse)
    with pytest.raises(DownloadError, match="of a.org is not valid .certificate has"):
        download("https://a.org/b", tmp_path / "b")


def test_a_server_that_speaks_another_language(tmp_path):
    def answer() -> None:
        for _ in range(3):
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"220 hi there\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DownloadError, match="was lost .BadStatusLine"):
            download(url, tmp_path / "a")


@pytest.mark.parametrize(
    "url", ["file:///etc/hostname", "example.org/a", "", "ftp://a"]
)
def test_addresses_that_are_none(url, tmp_path):
    with pytest.raises(DownloadError, match="expected an address http"):
        download(url, tmp_path / "a")


# faults of disks and processes


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk(server, tmp_path):
    part = f"a.bin.{os.getpid()}-{threading.get_ident()}.part"
    (tmp_path / part).symlink_to("/dev/full")
    with pytest.raises(
        OSError, match=r"cannot write .*a.bin \(No space left"
    ) as caught:
        download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert "free some space, then run the same command again" in str(caught.value)
    assert left_in(tmp_path) == set() and len(server.requests) == 1


def test_a_file_in_place_of_the_folder(server, tmp_path):
    (tmp_path / "data").write_text("mine")
    with pytest.raises(OSError, match="cannot write .*data/a.bin .*choose a folder"):
        download(f"{server.url}/a.bin", tmp_path / "data" / "a.bin")
    assert left_in(tmp_path) == {"data"} and server.requests == []


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written_to(server, tmp_path, monkeypatch, code):
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OSError, match="choose a folder that you may write") as caught:
        download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert os.strerror(code) in str(caught.value) and "Errno" not in str(caught.value)
    assert server.requests == []


def test_a_killed_download_leaves_no_file_of_that_name(server, tmp_path):
    server.files["/a.bin"] = Served(drip=0.02)
    url, path = f"{server.url}/a.bin", tmp_path / "a.bin"
    child = multiprocessing.get_context("fork").Process(
        target=download, args=(url, path)
    )
    child.start()
    while not any(one.stat().st_size for one in tmp_path.iterdir()):
        time.sleep(0.01)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL and not path.exists()
    (part,) = left_in(tmp_path)
    assert part.endswith(".part")
    server.files["/a.bin"] = Served()
    assert download(url, path).read_bytes() == CONTENT


def test_two_downloads_of_one_file_do_not_meet(server, tmp_path):
    server.files["/a.bin"] = Served(drip=0.001)
    url, path = f"{server.url}/a.bin", tmp_path / "a.bin"
    threads = [threading.Thread(target=download, args=(url, path)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() == CONTENT and left_in(tmp_path) == {"a.bin"}


# archives

FILES = {"a/1.png": b"one", "a/b/2.png": b"two" * 1000, "3.png": b""}


def tar_of(path, members=FILES, kind=tarfile.REGTYPE, link="", mode="w:gz"):
    """Write a tar of files (or links) and return its path."""
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_files_of_an_archive_arrive_whole(tmp_path, mode):
    (tmp_path / "out.partial").mkdir()  # of a process that was killed
    (tmp_path / "out.partial" / "half").write_text("half")
    folder = extract(tar_of(tmp_path / "pack", mode=mode), tmp_path / "out")
    assert {name: (folder / name).read_bytes() for name in left_in(folder)} == FILES
    assert left_in(tmp_path) == {"pack", *(f"out/{name}" for name in FILES)}
    assert (folder / "3.png").stat().st_mode & stat.S_IWUSR
    with pytest.raises(FileExistsError, match="out exists; remove it or choose"):
        extract(tmp_path / "pack", folder)


HARMFUL = {
    "path traversal": ({"good": b"1", "../evil": b"2"}, tarfile.REGTYPE, "", "outside"),
    "link to outside": ({"a": b""}, tarfile.SYMTYPE, "../../evil", "outside"),
    "absolute link": ({"a": b""}, tarfile.SYMTYPE, "/etc/hostname", "absolute path"),
    "device": ({"a": b""}, tarfile.CHRTYPE, "", "is a special file"),
    "pipe": ({"a": b""}, tarfile.FIFOTYPE, "", "is a special file"),
}


@pytest.mark.parametrize("fault", HARMFUL)
def test_nothing_of_a_harmful_archive_is_left(tmp_path, fault):
    members, kind, link, message = HARMFUL[fault]
    archive = tar_of(tmp_path / "pack", members, kind, link)
    with pytest.raises(ValueError, match=f"is dangerous .*{message}.*nothing was extr"):
        extract(archive, tmp_path / "here" / "out")
    assert left_in(tmp_path) == {"pack"}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_an_archive_that_is_cut_short(tmp_path, mode, kept):
    archive = tar_of(tmp_path / "pack", {"a": os.urandom(50_000)}, mode=mode)
    archive.write_bytes(archive.read_bytes()[: int(kept * 50_000)])
    with pytest.raises(ValueError, match="is damaged or no tar.*download it again"):
        extract(archive, tmp_path / "out")
    assert left_in(tmp_path) == {"pack"}


def test_no_archive_at_all(tmp_path):
    (tmp_path / "page.tar").write_text("<html>please log in</html>")
    with pytest.raises(ValueError, match="page.tar is damaged or no tar"):
        extract(tmp_path / "page.tar", tmp_path / "out")


def test_nothing_is_left_when_the_disk_is_full_or_on_ctrl_c(tmp_path, monkeypatch):
    archive = tar_of(tmp_path / "pack")
    for stop, raised in (
        (OSError(errno.ENOSPC, "No space left on device"), "free some space"),
        (KeyboardInterrupt(), None),
    ):

        def stopped(self, folder, stop=stop, **_):
            folder.mkdir()
            (folder / "half").write_text("half")
            raise stop

        monkeypatch.setattr(tarfile.TarFile, "extractall", stopped)
        with pytest.raises(type(stop), match=raised):
            extract(archive, tmp_path / "out")
        assert left_in(tmp_path) == {"pack"}
