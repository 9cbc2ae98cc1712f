"""A server on this machine that sends files with the fault that a test asks for."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = bytes(i * i % 251 for i in range(200_000))


@dataclass
class Served:
    """A file and the faults it is sent with.

    Args:
        content: Its bytes.
        drops: For each request in turn, after how many bytes the connection is cut.
        answers: For each request in turn, a status to answer in place of the file.
        redirect: Where a request is sent on to.
        announced: A length to announce in place of the true one; -1 for none.
        chunked: Whether it is sent in chunks, without a length.
        drip: Seconds to wait after each thousand bytes.
        wait: Seconds to wait before the answer.
    """

    content: bytes = CONTENT
    drops: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    redirect: str | None = None
    announced: int | None = None
    chunked: bool = False
    drip: float = 0.0
    wait: float = 0.0


class FaultyServer(ThreadingHTTPServer):
    """A server of `Served` files, by path; it keeps the headers of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

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
        served = self.server.files.get(self.path, Served(answers=[404]))
        time.sleep(served.wait)
        if served.redirect is not None:
            self.refuse(302, {"Location": served.redirect})
        elif served.answers:
            self.refuse(served.answers.pop(0), {})
        else:
            self.send(served)

    def refuse(self, status: int, headers: dict[str, str]) -> None:
        """Answer with a status and no content."""
        self.send_response(status)
        for name, value in (headers | {"Content-Length": "0"}).items():
            self.send_header(name, value)
        self.end_headers()

    def send(self, served: Served) -> None:
        """Send a file."""
        length = len(served.content) if served.announced is None else served.announced
        drop = served.drops.pop(0) if served.drops else len(served.content)
        self.send_response(200)
        if served.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif length >= 0:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.close_connection = True
        body = served.content[:drop]
        if served.chunked:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body))
            self.wfile.write(b"0\r\n\r\n" if drop == len(served.content) else b"")
            return
        for start in range(0, len(body), 1000 if served.drip else len(body) or 1):
            self.wfile.write(body[start : start + 1000] if served.drip else body)
            time.sleep(served.drip)


@contextmanager
def running_server() -> Iterator[FaultyServer]:
    """Run a server in a thread."""
    server = FaultyServer()
    words = {"poll_interval": 0.01}
    thread = threading.Thread(target=server.serve_forever, kwargs=words)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
