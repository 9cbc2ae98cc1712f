"""A file fetched over HTTP: whole, resumed, checked, and never a mixture."""

import hashlib
import json

import pytest
from fetch_server import CONTENT, Served, hurried, left_in, running_server

from zssbir_lib.data.fetching import DownloadError, download

SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"


@pytest.fixture
def server():
    with running_server() as running:
        running.files["/a.bin"] = Served(CONTENT)
        yield running


def leave_part(folder, size: int, url: str, **record: object) -> None:
    """Write what an interrupted download leaves."""
    (folder / "a.bin.partial").write_bytes(CONTENT[:size])
    text = json.dumps({"url": url} | record)
    (folder / "a.bin.partial.json").write_text(text)


@pytest.mark.parametrize("content", [CONTENT, b"x", b""])
def test_a_file_arrives_whole_and_alone(server, tmp_path, content):
    server.files["/a.bin"] = Served(content)
    path = download(f"{server.url}/a.bin", tmp_path / "deep" / "er" / "a.bin")
    assert path.read_bytes() == content
    assert left_in(tmp_path) == {"deep/er/a.bin"}
    assert server.ranges() == [None]


def test_nothing_but_the_agent_is_told_to_the_server(server, tmp_path):
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    ((_, headers),) = server.requests
    assert set(headers) == {"Host", "User-Agent", "Accept-Encoding", "Connection"}
    assert headers["Accept-Encoding"] == "identity"


def test_a_file_that_is_there_is_not_fetched_again(server, tmp_path):
    (tmp_path / "a.bin").write_bytes(CONTENT)
    for checks in ({}, {"checksum": SHA256}, {"length": len(CONTENT)}):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", **checks)
    assert server.requests == []


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
    assert (tmp_path / "a.bin").read_bytes() == b"mine"


@pytest.mark.parametrize("checksum", [SHA256, MD5, MD5.upper().replace("MD5", "md5")])
def test_right_bytes_pass_their_checksum(server, tmp_path, checksum):
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin", checksum=checksum)
    assert path.read_bytes() == CONTENT


def test_wrong_bytes_are_removed(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT[:-1] + b"?")
    with pytest.raises(DownloadError, match=f"expected {SHA256}; they were removed"):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", checksum=SHA256)
    assert left_in(tmp_path) == set()


@pytest.mark.parametrize(
    "version",
    [
        {"etag": '"v1"'},
        {"etag": None, "modified": "Sun, 01 Mar 2020 10:00:00 GMT"},
        {"etag": 'W/"v1"', "modified": "Sun, 01 Mar 2020 10:00:00 GMT"},
    ],
)
def test_a_dropped_connection_is_continued(server, tmp_path, version):
    server.files["/a.bin"] = Served(CONTENT, drops=[70_000, 50_000], **version)
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=hurried())
    assert path.read_bytes() == CONTENT
    assert server.ranges() == [None, "bytes=70000-", "bytes=120000-"]
    condition = version["etag"] if version["etag"] == '"v1"' else version["modified"]
    assert server.requests[1][1]["If-Range"] == condition
    assert left_in(tmp_path) == {"a.bin"}


def test_an_interrupted_run_is_continued(server, tmp_path):
    url = f"{server.url}/a.bin"
    leave_part(tmp_path, 123_456, url, etag='"v1"', length=len(CONTENT))
    assert download(url, tmp_path / "a.bin").read_bytes() == CONTENT
    assert server.ranges() == ["bytes=123456-"]


def test_a_run_stopped_before_its_last_step_needs_no_network(server, tmp_path):
    url = f"{server.url}/a.bin"
    leave_part(tmp_path, len(CONTENT), url, etag='"v1"', length=len(CONTENT))
    assert download(url, tmp_path / "a.bin").read_bytes() == CONTENT
    assert server.requests == []


@pytest.mark.parametrize(
    "record",
    [
        {"etag": '"v0"'},
        {"etag": '"v0"', "length": 300_000},
        {"modified": "Sat, 29 Feb 2020 10:00:00 GMT"},
    ],
)
def test_a_changed_file_is_never_spliced_to_an_old_beginning(server, tmp_path, record):
    url = f"{server.url}/a.bin"
    leave_part(tmp_path, 1000, url, **record)
    server.files["/a.bin"] = Served(CONTENT[::-1])
    path = download(url, tmp_path / "a.bin", patience=hurried())
    assert path.read_bytes() == CONTENT[::-1]
    assert server.ranges()[0] == "bytes=1000-"


@pytest.mark.parametrize(
    "record",
    [
        {"etag": None},
        {"etag": 'W/"v1"'},
        {"url": "http://elsewhere/a.bin", "etag": '"v1"'},
        {"etag": '"v1"', "length": 10},
        {"etag": 5},
        {"etag": '"v1"', "length": "long"},
        {"unknown": 1},
    ],
)
def test_a_part_of_unknown_origin_is_not_continued(server, tmp_path, record):
    leave_part(tmp_path, 1000, record.pop("url", f"{server.url}/a.bin"), **record)
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT and server.ranges() == [None]


def test_a_part_without_a_record_is_not_continued(server, tmp_path):
    (tmp_path / "a.bin.partial").write_bytes(b"?" * 1000)
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT and server.ranges() == [None]


@pytest.mark.parametrize(
    "change", ["bytes 0-1/2", "bytes 7-9/200000", "bytes 1000-9/9"]
)
def test_a_server_that_continues_another_file_is_not_believed(server, tmp_path, change):
    # it ignores If-Range and sends a part that does not belong to the beginning
    url = f"{server.url}/a.bin"
    leave_part(tmp_path, 1000, url, etag='"v1"', length=len(CONTENT))
    served = Served(CONTENT, extra={"Content-Range": change}, answers=[200])
    server.files["/a.bin"] = served
    patience = hurried(sleep=lambda seconds: served.extra.clear())
    assert download(url, tmp_path / "a.bin", patience=patience).read_bytes() == CONTENT
    assert server.ranges()[0] == "bytes=1000-"


def test_a_part_longer_than_the_file_is_fetched_anew(server, tmp_path):
    url = f"{server.url}/a.bin"
    leave_part(tmp_path, 1000, url, etag='"v1"')
    server.files["/a.bin"] = Served(b"short")
    path = download(url, tmp_path / "a.bin", patience=hurried())
    assert path.read_bytes() == b"short"
    assert server.ranges() == ["bytes=1000-", None]


def test_a_server_without_ranges_sends_all_again(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, ranges=False, drops=[70_000])
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=hurried())
    assert path.read_bytes() == CONTENT
    assert server.ranges() == [None, "bytes=70000-"]


def test_without_tag_and_date_nothing_is_continued(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, etag=None, drops=[70_000])
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=hurried())
    assert path.read_bytes() == CONTENT
    assert server.ranges() == [None, None]


def test_fewer_bytes_than_announced(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, announced=300_000)
    pauses = []
    patience = hurried(sleep=pauses.append, timeout=0.3)
    with pytest.raises(
        DownloadError, match="ended at byte 200000 of 300000 .*5 times in a row"
    ):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=patience)
    assert not (tmp_path / "a.bin").exists()
    assert len(pauses) >= 4


def test_more_bytes_than_announced_are_caught_by_the_checks(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, announced=1000)
    url = f"{server.url}/a.bin"
    with pytest.raises(
        DownloadError, match="has 1000 bytes, expected 200000: the file"
    ):
        download(url, tmp_path / "a.bin", length=len(CONTENT))
    with pytest.raises(DownloadError, match="wrong bytes"):
        download(url, tmp_path / "a.bin", checksum=SHA256)
    assert left_in(tmp_path) == set()


def test_a_length_that_was_never_announced(server, tmp_path):
    served = server.files["/a.bin"] = Served(CONTENT, announced=-1)
    url = f"{server.url}/a.bin"
    with pytest.raises(DownloadError, match="does not say how long it is"):
        download(url, tmp_path / "a.bin")
    for checks in ({"checksum": SHA256}, {"length": len(CONTENT)}):
        path = download(url, tmp_path / "a.bin", **checks)
        assert path.read_bytes() == CONTENT
        path.unlink()
    served.drops = [70_000]
    download(url, tmp_path / "a.bin", length=len(CONTENT), patience=hurried())
    assert path.read_bytes() == CONTENT
    path.unlink()
    served.drops = [70_000]
    with pytest.raises(DownloadError, match="wrong bytes"):
        download(url, tmp_path / "a.bin", checksum=SHA256)


@pytest.mark.parametrize("kind", [{"announced": -1}, {"chunked": True}])
def test_more_bytes_than_recorded(server, tmp_path, kind):
    server.files["/a.bin"] = Served(CONTENT, **kind)
    url = f"{server.url}/a.bin"
    with pytest.raises(DownloadError, match="more bytes than the 199999 expected"):
        download(url, tmp_path / "a.bin", length=len(CONTENT) - 1)
    assert left_in(tmp_path) == set()


def test_chunks_tell_themselves_when_they_end(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, chunked=True, drops=[70_000])
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=hurried())
    assert path.read_bytes() == CONTENT
    assert len(server.requests) == 2


@pytest.mark.parametrize("stale", [{"length": 100}, {"length": 300_000}])
def test_a_part_of_another_length_than_wanted_is_dropped(server, tmp_path, stale):
    url = f"{server.url}/a.bin"
    leave_part(tmp_path, 100, url, etag='"v1"', **stale)
    path = download(url, tmp_path / "a.bin", length=len(CONTENT))
    assert path.read_bytes() == CONTENT


def test_a_packed_answer_is_refused(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, encoding="gzip")
    with pytest.raises(DownloadError, match=r"is sent packed \(gzip\)"):
        download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert left_in(tmp_path) == set()


def test_a_gz_file_that_is_called_packed_is_stored_as_it_is(server, tmp_path):
    server.files["/a.tar.gz"] = Served(CONTENT, encoding="x-gzip")
    path = download(f"{server.url}/a.tar.gz", tmp_path / "a.tar.gz")
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("kind", [{}, {"ranges": False}, {"etag": None}])
@pytest.mark.parametrize("first_bytes", [1, 70_000, 200_000, 999_999])
def test_only_the_beginning(server, tmp_path, kind, first_bytes):
    server.files["/a.bin"] = Served(CONTENT, **kind)
    url = f"{server.url}/a.bin"
    path = download(url, tmp_path / "a.bin", first_bytes=first_bytes)
    assert path.read_bytes() == CONTENT[:first_bytes]
    assert server.ranges() == [f"bytes=0-{first_bytes - 1}"]


def test_less_is_wanted_than_an_interrupted_run_left(server, tmp_path):
    url = f"{server.url}/a.bin"
    leave_part(tmp_path, 5000, url, etag='"v1"', length=len(CONTENT))
    path = download(url, tmp_path / "a.bin", first_bytes=70)
    assert path.read_bytes() == CONTENT[:70] and server.requests == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"checksum": "abc"}, "checksum is 'abc', expected 'sha256:"),
        ({"checksum": "crc:ab"}, "checksum 'crc' is unknown, expected sha256"),
        ({"length": -1}, "length is -1, expected 0"),
        ({"first_bytes": 0}, "first_bytes is 0, expected at least 1"),
        ({"first_bytes": 5, "checksum": MD5}, "checksum is of the whole file"),
    ],
)
def test_arguments_out_of_range(server, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", **arguments)
    assert server.requests == [] and left_in(tmp_path) == set()


def test_a_folder_of_that_name(server, tmp_path):
    with pytest.raises(FileExistsError, match="is no file; remove it"):
        download(f"{server.url}/a.bin", tmp_path)
