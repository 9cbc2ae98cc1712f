"""Inject every fault into a download and print what comes of it.

    python benchmarks/download_faults.py --out results/download_faults.json

A server on this machine sends a file of 300,000 bytes with a fault; the call is made in
an empty folder, and once more after the fault is gone. The limits on time are short, so
that the whole table takes seconds.
"""

import argparse
import os
import re
import tempfile
from pathlib import Path
from typing import Any

os.environ["TQDM_DISABLE"] = "1"  # before tqdm is loaded

from disk_fault_cases import archive_cases, disk_cases
from download_fault_cases import (
    CONTENT,
    Call,
    Case,
    content_cases,
    network_cases,
    served,
)
from faulty_server import FaultyServer, running_server

from zssbir_lib.cli.main import FAILURE, one_line
from zssbir_lib.files import write_json
from zssbir_lib.training import provenance

HOST = re.compile(r"127\.0\.0\.1:\d+")  # another one in every run


def all_cases(server: FaultyServer, folder: Path) -> list[Case]:
    """Return every fault, ready to be met in a folder."""
    return [
        *network_cases(server, folder),
        *content_cases(server, folder),
        *disk_cases(server, folder),
        *archive_cases(folder),
    ]


def meet(number: int, server: FaultyServer) -> dict[str, Any]:
    """Meet one fault in an empty folder; return a line of the table."""
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)  # so that a process without rights may look inside
        folder = Path(parent) / "data"
        folder.mkdir()
        case = all_cases(server, folder)[number]
        server.files["/file"] = server.files["/cat.ndjson"] = case.served
        server.requests.clear()
        code, message = outcome(case.call)
        row = {
            "fault": case.name,
            "exit": code,
            "message": message.replace(parent + "/data/", "").replace(parent, ".."),
            "requests": len(server.requests),
            "left": left_in(Path(parent)),
        }
        server.files["/file"] = served()
        row["then"] = then(case, server, folder)
    return row | {"message": HOST.sub("SERVER", row["message"])}


def outcome(call: Call) -> tuple[int, str]:
    """Return the exit code and the line that the command line would give."""
    try:
        call()
    except (ValueError, OSError) as error:
        return FAILURE, one_line(error)
    return 0, "fetched"


def left_in(parent: Path) -> list[str]:
    """Return what is on the disk: names with sizes; `..` is outside the folder."""
    folder = parent / "data"
    lines = []
    for path in sorted(path for path in parent.rglob("*") if not path.is_dir()):
        inside = path.is_relative_to(folder)
        name = path.relative_to(folder).as_posix() if inside else f"../{path.name}"
        lines.append(f"{name} ({described(path)})")
    return lines


def described(path: Path) -> str:
    """Say how large a file is, and whether it is the file that was wanted."""
    if path.is_symlink():
        return "link"
    content = path.read_bytes()
    if path.name == "file":
        versions = {CONTENT: "right", CONTENT[::-1]: "right, the new version"}
        return versions.get(content, "WRONG")
    if path.name == "file.partial":
        begins = CONTENT.startswith(content)
        return f"{len(content)} {'right' if begins else 'WRONG'} bytes"
    return "record" if path.suffix == ".json" else f"{len(content)} bytes"


def then(case: Case, server: FaultyServer, folder: Path) -> str:
    """Say what the same call does after the fault is gone."""
    if case.again is None:
        return ""
    server.requests.clear()
    code, message = outcome(case.again)
    if code or not (folder / "file").is_file():
        return message
    asked = [wanted or "all" for wanted in server.ranges()]
    return f"file {described(folder / 'file')}; asked for {', '.join(asked) or 'none'}"


def main() -> None:
    """Meet every fault, print the table, write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with running_server() as server, tempfile.TemporaryDirectory() as nowhere:
        count = len(all_cases(server, Path(nowhere)))
        rows = [meet(number, server) for number in range(count)]
    for row in rows:
        print(f"{row['fault']} | exit {row['exit']} | {row['message']}")
        print(f"    left: {', '.join(row['left']) or 'nothing'}")
        if row["then"]:
            print(f"    then: {row['then']}")
    if options.out:
        command = "python benchmarks/download_faults.py"
        content = {"rows": rows} | provenance() | {"command": command}
        write_json(content, options.out)


if __name__ == "__main__":
    main()
