"""Damage copies of a data set, one way at a time, and see what the audit says.

    python benchmarks/audit_faults.py --out results/audit_faults.json

The data are drawn, or the first files of some classes of --data FOLDER (a copy of
Sketchy in sketch/ and photo/). The table has the findings that the undamaged copy does
not have, and the exit code of `data check`. It ends with an error if a fault is not
found.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faulty_copies as copies
from faulty_copies import SEEN, UNSEEN, first
from PIL import Image

from zssbir_lib.data.audit import AuditReport, Finding, check_data
from zssbir_lib.files import write_json
from zssbir_lib.training import provenance

Fault = tuple[Callable[[Path], object], str]  # what does it, the check that finds it
COULD_NOT_RUN = "could not run"
FAULTS: dict[str, Fault] = {
    "photo cut short": (copies.cut_short, "truncated file"),
    "file of 0 bytes": (lambda root: first(root).write_bytes(b""), "empty file"),
    "text called .jpg": (lambda root: first(root).write_text("hi"), "unreadable file"),
    "200 million pixels": (copies.bomb, "too large file"),
    "PNG called .jpg": (
        lambda root: Image.open(first(root)).save(first(root), "PNG"),
        "wrong ending",
    ),
    "class missing": (
        lambda root: [shutil.rmtree(root / m / SEEN) for m in ("sketch", "photo")],
        "missing class",
    ),
    "class renamed": (copies.rename_everywhere, "missing class"),
    "class without photos": (
        lambda root: shutil.rmtree(root / "photo" / SEEN),
        "class in one modality",
    ),
    "empty class folder": (
        lambda root: [path.unlink() for path in copies.files_of(root, "photo", SEEN)],
        "class in one modality",
    ),
    "photo folder spelt differently": (
        lambda root: (root / "photo" / SEEN).rename(root / "photo" / "AXE"),
        "spelling",
    ),
    "two spellings of one class": (copies.two_spellings, "ambiguous class name"),
    "copy in the same class": (copies.copy_to(SEEN), "duplicate in a class"),
    "copy in another seen class": (
        copies.copy_to(copies.OTHER_SEEN),
        "duplicate across classes",
    ),
    "copy in an unseen class": (copies.copy_to(UNSEEN), "leak"),
    "originals doubled": (copies.double_originals, "doubled originals"),
    "list labelled 0, 100, 200, ...": (
        lambda root: copies.write_lists(root, wrong=True),
        "mislabelled list",
    ),
    "list of missing files": (
        lambda root: copies.write_lists(root, missing=3),
        "missing file",
    ),
    "sketches white on black": (copies.invert, "inverted sketch"),
    "photo of one colour": (
        lambda root: Image.new("RGB", (24, 24), "grey").save(first(root)),
        "blank image",
    ),
    "link to nowhere": (
        lambda root: (root / "photo" / SEEN / "a.jpg").symlink_to("gone.jpg"),
        "broken link",
    ),
    "links in a circle": (
        lambda root: (root / "photo" / SEEN / "again").symlink_to(root / "photo"),
        "folder in a class folder",
    ),
    "photo outside a class": (
        lambda root: shutil.copy(first(root), root / "photo" / "a.jpg"),
        "image outside a class",
    ),
    "hidden files": (copies.hide_files, "hidden file"),
    "folder closed": (copies.close_folder, "closed folder"),
    "photos elsewhere": (
        lambda root: (root / "photo").rename(root / "pictures"),
        COULD_NOT_RUN,
    ),
}


def check(root: Path) -> AuditReport | str:
    """Return the report, or the message of an audit that could not run."""
    try:
        return check_data("folder", root, jobs=1, split=copies.SPLIT)
    except (ValueError, OSError) as error:
        return str(error)


def try_fault(name: str, intact: Path, known: set[str]) -> list[dict[str, Any]]:
    """Damage a copy in one way and return a row for each new finding."""
    root = intact.parent / "damaged" / "data"
    shutil.copytree(intact, root)
    FAULTS[name][0](root)
    report = check(root)
    (root / "photo" / SEEN).exists() and os.chmod(root / "photo" / SEEN, 0o755)
    shutil.rmtree(root.parent)
    if isinstance(report, str):
        message = report.replace(str(root), root.name)
        return [row(name, "error", COULD_NOT_RUN, message, 2)]
    code = report.exit_code()
    return [
        row(name, one.severity, one.check, message_of(one), code)
        for one in report.findings
        if one.what not in known
    ]


def row(fault: str, severity: str, check: str, message: str, code: int) -> dict:
    """Return one row of the table."""
    return {
        "fault": fault,
        "severity": severity,
        "check": check,
        "message": message,
        "exit_code": code,
    }


def message_of(finding: Finding) -> str:
    """Return what was found, with the first place."""
    return f"{finding.what} ({finding.items[0]})"


def try_all(options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Return the table."""
    os.environ["ZSSBIR_CACHE"] = str(folder / "cache")
    intact = folder / "data"
    if options.data:
        copies.copy_some(options.data, intact, options.per_class)
    else:
        copies.draw_data(intact, options.per_class)
    report = check(intact)
    known = {finding.what for finding in report.findings}
    rows = [row("none", "note", "", "no error, no warning", report.exit_code())]
    for name in FAULTS:
        if name == "folder closed" and os.geteuid() == 0:
            continue  # no folder is closed to the system's administrator
        rows += try_fault(name, intact, known)
    return rows


def main() -> None:
    """Print the table, write it, fail if a fault was not found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="real data to break copies of")
    parser.add_argument("--per-class", type=int, default=10, help="images a modality")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = try_all(options, Path(folder))
    for one in rows:
        print(
            f"{one['fault']:<31}{one['severity']:<8} {one['check']:<25}"
            f"{one['exit_code']}  {one['message'][:110]}"
        )
    if options.out:
        data = options.data.name if options.data else "drawn"
        content = {"data": data, "images_a_class": options.per_class, "rows": rows}
        more = f" --data {data}" if options.data else ""
        more += f" --per-class {options.per_class}"
        content |= provenance() | {
            "command": f"python benchmarks/audit_faults.py{more}"
        }
        write_json(content, options.out)
    found = {(one["fault"], one["check"]) for one in rows}
    tried = {one["fault"] for one in rows}
    lost = [
        name
        for name, (_, check_name) in FAULTS.items()
        if name != "folder closed" and (name, check_name) not in found
    ]
    print(f"{len(tried) - 1} faults tried, not found: {', '.join(lost) or 'none'}")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
