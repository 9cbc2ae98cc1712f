"""The faults of servers, networks and files that `download_faults.py` injects.

Each case has a call that meets the fault, and one to make after the fault is gone.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from faulty_server import FaultyServer, Served

from zssbir_lib.data.fetching import Patience, download, fetch_drawings

CONTENT = bytes(i * i % 251 for i in range(300_000))
CHECKSUM = f"sha256:{sha256(CONTENT).hexdigest()}"
HURRIED = Patience(timeout=0.5, window=0.5, pause=0.01, longest_pause=0.05)
ONCE = replace(HURRIED, tries=1)

Call = Callable[[], object]


@dataclass
class Case:
    """Hold a fault.

    Args:
        name: What is injected.
        served: The file as the server sends it.
        call: What is run under the fault.
        again: What is run after it; None where the fault does not go away.
    """

    name: str
    served: Served
    call: Call
    again: Call | None


def served(**faults: object) -> Served:
    """Return the right file, sent with faults."""
    return Served(**({"content": CONTENT} | faults))


def network_cases(server: FaultyServer, folder: Path) -> list[Case]:
    """Return the faults of servers and networks."""
    server.files["/loop"] = Served(redirect="/file")
    faults = {
        "connection dropped twice": served(drops=[90_000, 90_000]),
        "connection dropped at every try": served(drops=[90_000, *[0] * 9]),
        "no ranges, connection dropped": served(ranges=False, drops=[90_000]),
        "fewer bytes than announced": served(announced=400_000),
        "length not announced": served(announced=-1),
        "packed although declined": served(encoding="gzip"),
        "redirect loop": Served(redirect="/loop"),
        "redirect to file://": Served(redirect="file:///etc/hostname"),
        "404": served(answers=[404]),
        "503 twice, then the file": served(answers=[503, 503]),
        "503 at every try": served(answers=[503] * 9),
        "503 that asks to wait an hour": served(
            answers=[503], extra={"Retry-After": "3600"}
        ),
        "slow drip": served(drip=0.05),
        "silence after the request": served(wait=2.0),
    }
    get = getter(server, folder)
    return [Case(name, fault, get, get) for name, fault in faults.items()]


def content_cases(server: FaultyServer, folder: Path) -> list[Case]:
    """Return the faults that are in the file, or in the address."""
    get = getter(server, folder)

    def change_after_drop() -> None:
        try:
            download(f"{server.url}/file", folder / "file", patience=ONCE)
        except OSError:
            server.files["/file"] = served(content=CONTENT[::-1], etag='"v2"')
        get()

    def get_cats() -> None:
        fetch_drawings("cat", folder, 9, address=server.url, patience=HURRIED)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}/file"
    checked = getter(server, folder, checksum=CHECKSUM)
    longer = getter(server, folder, length=400_000)
    nowhere = getter(server, folder, url="http://host.invalid/file")
    page = Served(b"<html>please log in</html>\n" * 99)
    return [
        Case("wrong bytes", served(content=CONTENT[::-1]), checked, checked),
        Case("another length than recorded", served(), longer, get),
        Case(
            "changed between two tries", served(drops=[90_000]), change_after_drop, get
        ),
        Case("login page in place of drawings", page, get_cats, None),
        Case(
            "offline: connection refused",
            served(),
            getter(server, folder, url=closed),
            get,
        ),
        Case("offline: no such host", served(), nowhere, get),
    ]


def getter(
    server: FaultyServer | None = None,
    folder: Path | None = None,
    url: str | None = None,
    **checks: object,
) -> Call:
    """Return a call that downloads the file into a folder."""
    url = url or f"{server.url}/file"
    return partial(download, url, folder / "file", patience=HURRIED, **checks)
