"""Addresses, redirects, refusals and silence: what a download does about each."""

import email.utils
import socket
import ssl
import threading
import time
import urllib.request
from urllib.error import URLError

import pytest
from fetch_server import CONTENT, Served, hurried, left_in, running_server

from zssbir_lib.data.fetching import DownloadError, Patience, download
from zssbir_lib.data.fetching.addresses import check_address, shown
from zssbir_lib.data.fetching.connection import (
    MAX_REDIRECTS,
    named_failure,
)
from zssbir_lib.data.fetching.errors import PassingError, Unreachable
from zssbir_lib.data.fetching.patience import SpeedCheck


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with running_server() as running:
        running.files["/a.bin"] = Served(CONTENT)
        yield running


@pytest.fixture
def closed_port() -> int:
    """Return a port of this machine where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def refusal(server, tmp_path, path="/a.bin", **limits) -> str:
    """Return the message of a download that fails; nothing may be left."""
    with pytest.raises(DownloadError) as caught:
        download(f"{server.url}{path}", tmp_path / "a", patience=hurried(**limits))
    message = str(caught.value)
    assert "\n" not in message and message.endswith("nothing was written")
    assert left_in(tmp_path) == set()
    return message


@pytest.mark.parametrize("hops", [1, MAX_REDIRECTS])
def test_redirects_are_followed(server, tmp_path, hops):
    for hop in range(hops):
        server.files[f"/{hop}"] = Served(redirect=f"{hop + 1}")  # relative to the place
    server.files[f"/{hops}"] = Served(CONTENT)
    path = download(f"{server.url}/0", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT and len(server.requests) == hops + 1


def test_a_redirect_loop_ends(server, tmp_path):
    server.files["/a.bin"] = Served(redirect="/b")
    server.files["/b"] = Served(redirect="/a.bin")
    assert "redirects more than 5 times" in refusal(server, tmp_path)
    assert len(server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "place",
    ["file:///etc/hostname", "ftp://127.0.0.1/a", "data:,a", "https:", "http://[a"],
)
def test_redirects_to_anything_but_http_are_refused(server, tmp_path, place):
    server.files["/a.bin"] = Served(redirect=place)
    message = refusal(server, tmp_path)
    assert f"{server.url}/a.bin redirects to" in message
    assert "expected an address http://... or https://..." in message


def test_a_redirect_to_a_password_is_refused_and_not_shown(server, tmp_path):
    server.files["/a.bin"] = Served(redirect="http://me:secret@127.0.0.1/a")
    message = refusal(server, tmp_path)
    assert "carries a user name or password" in message and "secret" not in message


def test_a_redirect_without_a_place_is_refused(server, tmp_path):
    server.files["/a.bin"] = Served(answers=[302])
    assert "answers 302 Found: the server refuses" in refusal(server, tmp_path)


def test_from_https_to_http_is_refused():
    with pytest.raises(DownloadError, match="from https to unprotected http"):
        check_address("http://example.org/a", before="https://example.org/a")
    check_address("https://example.org/a", before="http://example.org/a")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/hostname",
        "example.org/a",
        "",
        "http:///a",
        "http://example.org:99999/a",
        "http://example.org/a b",
        "http://example.org/a\r\nHost: b",
    ],
)
def test_addresses_that_are_none(url, tmp_path):
    with pytest.raises(DownloadError, match="expected an address http"):
        download(url, tmp_path / "a")


@pytest.mark.parametrize("name", ["me:secret@", "me@", ":secret@"])
def test_addresses_with_a_password_are_refused_and_not_shown(name, tmp_path):
    with pytest.raises(DownloadError, match="carries a user name or pass") as caught:
        download(f"https://{name}example.org/a", tmp_path / "a")
    assert "secret" not in str(caught.value) and "me" not in str(caught.value)[:25]


@pytest.mark.parametrize(
    ("url", "printed"),
    [
        ("https://a.org/b/c.zip?key=1#top", "https://a.org/b/c.zip"),
        ("https://me:pass@a.org/b@c", "https://a.org/b@c"),
        ("https://a.org", "https://a.org"),
    ],
)
def test_what_is_shown_of_an_address(url, printed):
    assert shown(url) == printed


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "answers 404 Not Found: it may have moved"),
        (410, "answers 410 Gone: it is gone"),
        (403, "answers 403 Forbidden: it is not public"),
        (401, "answers 401 Unauthorized: the server refuses"),
    ],
)
def test_a_refusal_is_final(server, tmp_path, status, message):
    server.files["/a.bin"] = Served(CONTENT, answers=[status])
    assert message in refusal(server, tmp_path)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_server_in_trouble_is_asked_again(server, tmp_path, status):
    server.files["/a.bin"] = Served(CONTENT, answers=[status, status])
    pauses = []
    patience = hurried(sleep=pauses.append)
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=patience)
    assert path.read_bytes() == CONTENT and pauses == [1.0, 2.0]


def test_a_server_in_trouble_for_long_is_given_up(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, answers=[503] * 9)
    pauses = []
    message = refusal(server, tmp_path, sleep=pauses.append)
    assert "answers 503 Service Unavailable (5 times in a row)" in message
    assert pauses == [1.0, 2.0, 4.0, 8.0] and len(server.requests) == 5


@pytest.mark.parametrize("asked", ["7", "date"])
def test_a_server_may_ask_for_a_longer_pause(server, tmp_path, asked):
    if asked == "date":
        asked = email.utils.formatdate(time.time() + 7, usegmt=True)
    served = Served(CONTENT, answers=[503], extra={"Retry-After": asked})
    server.files["/a.bin"], pauses = served, []
    patience = hurried(sleep=pauses.append)
    download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=patience)
    assert len(pauses) == 1 and 4 < pauses[0] <= 7


def test_a_server_may_not_ask_for_too_long_a_pause(server, tmp_path):
    served = Served(CONTENT, answers=[503], extra={"Retry-After": "3600"})
    server.files["/a.bin"], pauses = served, []
    message = refusal(server, tmp_path, sleep=pauses.append)
    assert "asks to wait 3600 s; try again then" in message and pauses == []


@pytest.mark.parametrize("nonsense", ["soon", "-5", "1e9", ""])
def test_a_pause_that_makes_no_sense_is_ignored(server, tmp_path, nonsense):
    served = Served(CONTENT, answers=[503], extra={"Retry-After": nonsense})
    server.files["/a.bin"], pauses = served, []
    patience = hurried(sleep=pauses.append)
    download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=patience)
    assert pauses == [1.0]


def test_nobody_listens(closed_port, tmp_path):
    pauses = []
    with pytest.raises(DownloadError) as caught:
        url = f"http://127.0.0.1:{closed_port}/a"
        download(url, tmp_path / "a", patience=hurried(sleep=pauses.append))
    message = str(caught.value)
    assert f"cannot reach 127.0.0.1:{closed_port} (Connection refused)" in message
    assert "check that this computer is online" in message
    assert message.endswith("nothing was written") and pauses == []
    assert left_in(tmp_path) == set()


def test_offline(tmp_path, monkeypatch):
    def nowhere(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(DownloadError, match="cannot find example.org: check that this"):
        download("http://example.org/a", tmp_path / "a", patience=hurried())


def test_the_network_goes_away_in_the_middle(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, drops=[70_000])
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 1:
            server.server_close()  # nobody listens from now on
            server.shutdown()

    with pytest.raises(DownloadError, match=r"Connection refused.*5 times.*70000 of"):
        download(f"{server.url}/a.bin", tmp_path / "a", patience=hurried(sleep=sleep))
    assert left_in(tmp_path) == {"a.partial", "a.partial.json"}
    assert (tmp_path / "a.partial").read_bytes() == CONTENT[:70_000]


def test_a_silent_server(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DownloadError, match="sends nothing for 0.1 s .2 times in"):
            download(url, tmp_path / "a", patience=hurried(timeout=0.1, tries=2))
    assert left_in(tmp_path) == set()


def test_a_server_that_speaks_another_language(tmp_path):
    def answer():
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"220 hi\x1b there\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DownloadError, match="lost .220 hi there. .once"):
            download(url, tmp_path / "a", patience=hurried(tries=1))


def test_a_slow_drip_ends_in_a_message_and_is_kept(server, tmp_path):
    server.files["/a.bin"] = Served(CONTENT, drip=0.01)
    patience = hurried(window=0.2, slowest=1000)
    with pytest.raises(DownloadError, match=r"sends only \d+ bytes a second, expected"):
        download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=patience)
    kept = (tmp_path / "a.bin.partial").read_bytes()
    assert 0 < len(kept) < 100 and kept == CONTENT[: len(kept)]
    server.files["/a.bin"] = Served(CONTENT)
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert path.read_bytes() == CONTENT
    assert server.ranges()[-1] == f"bytes={len(kept)}-"


def test_the_last_byte_is_never_too_slow(server, tmp_path):
    server.files["/a.bin"] = Served(b"1")
    patience = hurried(window=1e-9, slowest=1e12)
    path = download(f"{server.url}/a.bin", tmp_path / "a.bin", patience=patience)
    assert path.read_bytes() == b"1"


def test_speed_is_measured_over_windows_by_hand():
    now = [0.0]
    check = SpeedCheck(Patience(slowest=100, window=10), clock=lambda: now[0])
    check.count(1)  # the window is not over
    now[0] = 10.0
    check.count(999)  # 1000 bytes in 10 s: just enough; a new window begins
    now[0] = 19.9
    check.count(1)
    now[0] = 20.0
    with pytest.raises(DownloadError, match="only 98 bytes a second"):
        check.count(980)


def test_pauses_double_up_to_a_limit():
    patience = Patience(pause=1, longest_pause=5, tries=9)
    error = PassingError("busy")
    pauses = [patience.pause_after(failures, error) for failures in range(1, 9)]
    assert pauses == [1, 2, 4, 5, 5, 5, 5, 5]
    with pytest.raises(DownloadError, match="busy .9 times in a row"):
        patience.pause_after(9, error)


@pytest.mark.parametrize(
    ("name", "value"),
    [("timeout", 0), ("window", 0), ("tries", 0), ("pause", -1), ("slowest", -1)],
)
def test_limits_out_of_range(name, value):
    with pytest.raises(ValueError, match=f"{name} is {value}, expected"):
        Patience(**{name: value})


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (URLError(TimeoutError("timed out")), Unreachable, "cannot reach .timed out"),
        (ConnectionResetError(104, "reset by peer"), PassingError, "lost .reset by"),
        (URLError("unknown url type"), Unreachable, "cannot reach .*unknown url"),
    ],
)
def test_failures_by_kind(error, kind, message):
    found = named_failure(error, "https://a.org/b", timeout=3)
    assert type(found) is kind
    with pytest.raises(DownloadError, match=message.replace("reach ", "reach a.org ")):
        raise found


def test_a_certificate_that_is_not_valid_is_not_tried_again():
    reason = ssl.SSLCertVerificationError(1, "certificate verify failed")
    reason.verify_message = "certificate has expired"
    found = named_failure(URLError(reason), "https://a.org/b", timeout=3)
    assert type(found) is DownloadError
    assert "certificate of a.org is not valid (certificate has expired)" in str(found)


def test_proxies_are_taken_from_the_environment(server, tmp_path, monkeypatch):
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", server.url)
    server.files["http://example.invalid/a"] = Served(CONTENT)
    assert urllib.request.getproxies()["http"] == server.url
    path = download("http://example.invalid/a", tmp_path / "a")
    assert path.read_bytes() == CONTENT
