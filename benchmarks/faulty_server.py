"""A server on this machine that sends files with the fault that a test asks for."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """Hold a file and the faults it is sent with.

    Args:
        content: Its bytes.
        etag: Its tag; None sends none.
        modified: Its date; None sends none.
        ranges: Whether a range is sent when one is asked for.
        drops: For each request in turn, after how many bytes the connection is cut.
        answers: For each request in turn, a status to answer in place of the file.
        redirect: Where a request is sent on to.
        announced: A length to announce in place of the true one; -1 for none.
        chunked: Whether it is sent in chunks, without a length.
        encoding: What `Content-Encoding` says.
        drip: Seconds to wait after each byte.
        wait: Seconds to wait before the answer.
        extra: More headers.
    """

    content: bytes = b""
    etag: str | None = '"v1"'
    modified: str | None = None
    ranges: bool = True
    drops: list[int | None] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    redirect: str | None = None
    announced: int | None = None
    chunked: bool = False
    encoding: str | None = None
    drip: float = 0.0
    wait: float = 0.0
    extra: dict[str, str] = field(default_factory=dict)


class FaultyServer(ThreadingHTTPServer):
    """A server of `Served` files, by path; it keeps the headers of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        """Return the address that paths are added to."""
        return f"http://127.0.0.1:{self.server_port}"

    def ranges(self) -> list[str | None]:
        """Return what every request so far asked for."""
        return [headers.get("Range") for _, headers in self.requests]

    def handle_error(self, *_: object) -> None:
        """Say nothing when a client goes away."""


class Handler(BaseHTTPRequestHandler):
    """Answer one request."""

    protocol_version = "HTTP/1.1"
    server: FaultyServer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Send a file, or what its faults say."""
        self.server.requests.append((self.path, dict(self.headers)))
        served = self.server.files.get(self.path)
        if served is None:
            return self.refuse(404)
        time.sleep(served.wait)
        if served.redirect is not None:
            return self.refuse(302, {"Location": served.redirect})
        if served.answers and (status := served.answers.pop(0)) != 200:
            return self.refuse(status, served.extra)
        self.send(served)

    def refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        """Answer with a status and no content."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def send(self, served: Served) -> None:
        """Send a file, or the range asked for."""
        start, stop = self.asked_range(served)
        if start >= len(served.content) and start:
            return self.refuse(416)
        body = served.content[start:stop]
        partial = (start, stop) != (0, len(served.content)) or self.wants_range(served)
        self.send_response(206 if partial else 200)
        self.send_about(served, start, body, partial)
        self.end_headers()
        drop = served.drops.pop(0) if served.drops else None
        self.write(served, body if drop is None else body[:drop])
        if drop is not None or served.announced is not None:
            self.close_connection = True

    def wants_range(self, served: Served) -> bool:
        """Tell whether the range asked for is still one of this file."""
        condition = self.headers.get("If-Range")
        same = condition in (None, served.etag, served.modified)
        return served.ranges and same and "Range" in self.headers

    def asked_range(self, served: Served) -> tuple[int, int]:
        """Return the first byte and the one after the last."""
        if not self.wants_range(served):
            return 0, len(served.content)
        first, _, last = self.headers["Range"].removeprefix("bytes=").partition("-")
        stop = int(last) + 1 if last else len(served.content)
        return int(first), min(stop, len(served.content))

    def send_about(
        self, served: Served, start: int, body: bytes, partial: bool
    ) -> None:
        """Send the headers that describe the bytes."""
        length = len(body) if served.announced is None else served.announced
        headers = {
            "ETag": served.etag,
            "Last-Modified": served.modified,
            "Content-Encoding": served.encoding,
            **served.extra,
        }
        if served.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif length >= 0:
            headers["Content-Length"] = str(length)
        if partial:
            last, whole = start + len(body) - 1, len(served.content)
            headers.setdefault("Content-Range", f"bytes {start}-{last}/{whole}")
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)

    def write(self, served: Served, body: bytes) -> None:
        """Send bytes: at once, drop by drop, or in chunks."""
        if served.chunked:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))
            if not self.close_connection:
                self.wfile.write(b"0\r\n\r\n")
        elif served.drip:
            for byte in body:
                self.wfile.write(bytes([byte]))
                time.sleep(served.drip)
        else:
            self.wfile.write(body)


@contextmanager
def running_server() -> Iterator[FaultyServer]:
    """Run a server in a thread."""
    server = FaultyServer()
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
