"""Put 150 faults into the library, one at a time, and see which the tests notice.

    python tools/mutants.py ROOT [--before] [--area NAME ...] [--find] [--out FILE]

`mutants.json` names for each fault the function it is in, a piece of its code and what
is put there instead; the piece may be broken over lines, and must stand there once.
Some faults have another form for an older commit (--before). The tests of a fault's
area run in a copy of the tree until one fails: first the quick files, then, if nobody
noticed, the slow ones. Without a fault all of them must pass.
"""

import argparse
import ast
import importlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", "__pycache__", "notebooks", "runs")
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "--no-header", "-o", "addopts=")
OPTIONS += ("-p", "no:nbval")  # slow to load, and no notebook is run
OPTIONS += ("-k", "not dies_is_one_clear_error")  # by chance, on a busy machine
LIMIT = 900  # seconds for some files: who waits for longer has noticed


def functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield the functions and methods of a module by name ("Class.method")."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield within + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{within}{node.name}.")


def place_of(root: Path, fault: dict[str, str]) -> tuple[Path, str]:
    """Return the file that a fault belongs to, and its text with the fault."""
    tokens = map(re.escape, re.findall(r"\w+|[^\w\s]", fault["old"]))
    pattern, wanted, found = re.compile(r"\s*".join(tokens)), fault["in"], []
    for path in (root / "zssbir_lib").rglob("*.py"):
        text, short = path.read_text(), f"def {wanted.rpartition('.')[2]}("
        starts = [0, *accumulate(map(len, text.splitlines(keepends=True)))]
        for name, node in functions(ast.parse(text if short in text else "")):
            begin, end = starts[node.lineno - 1], starts[node.end_lineno]
            for one in pattern.finditer(text, begin, end) if name == wanted else ():
                changed = text[: one.start()] + fault["new"] + text[one.end() :]
                found.append((path, changed))
    if len(found) != 1:
        raise LookupError(f"{wanted} has {fault['old']!r} {len(found)} times")
    return found[0]


def run_tests(tree: Path, files: list[str], limit: float = LIMIT) -> tuple[str, str]:
    """Run test files in a process of their own; return the result and what failed."""
    log, started = tree.parent / "log.txt", time.monotonic()
    if not (child := os.fork()):
        os.setsid()
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(tree)
        sys.path[0] = os.environ["PYTHONPATH"] = str(tree)
        os._exit(int(sys.modules["pytest"].main([*OPTIONS, *files])))
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if time.monotonic() - started > limit:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "killed", "time limit"
        time.sleep(0.05)
    code, text = os.waitstatus_to_exitcode(ended[1]), log.read_text()
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE)
    if code > 2 or code == 1 and not failed:  # 2: a fault let Ctrl-C through
        raise RuntimeError(f"pytest could not run {files}:\n{text[-2000:]}")
    by = failed.group(1) if failed else f"exit code {code}"
    return ("killed", by) if code else ("survived", "")


def try_fault(tree: Path, fault: dict[str, str], stages: list[list[str]]) -> None:
    """Put a fault into the tree, run its tests in stages, and take it out again."""
    try:
        path, text = place_of(tree, fault)
    except (LookupError, SyntaxError) as error:
        fault |= {"result": "lost", "by": str(error)}
        return
    right, started = path.read_text(), time.monotonic()
    fault["result"] = "survived" if stages else "in place"
    write(path, text)
    for files in filter(None, stages):
        if fault["result"] == "survived":
            fault["result"], fault["by"] = run_tests(tree, files)
    fault["seconds"] = round(time.monotonic() - started, 1)
    write(path, right)


def write(path: Path, text: str) -> None:
    """Write a module, newer than before by whole seconds, so that it is compiled."""
    later = max(path.stat().st_mtime, time.time()) + 2
    path.write_text(text)
    os.utime(path, (later, later))


def main() -> None:
    """Read the options, try the faults, print a line an area and one a survivor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="the tree of the library and its tests")
    parser.add_argument("--before", action="store_true", help="the older forms")
    parser.add_argument("--area", nargs="+", help="these areas only")
    parser.add_argument("--find", action="store_true", help="only look for the places")
    parser.add_argument("--out", type=Path, help="JSON file for every result")
    options = parser.parse_args()
    content = json.loads(Path(__file__).with_suffix(".json").read_text())
    areas = options.area or list(content["tests"])
    faults = [one for one in content["faults"] if one["area"] in areas]
    faults = [f | f.get("before", {}) if options.before else f for f in faults]
    os.nice(19)
    os.environ |= {"OMP_NUM_THREADS": "1", "TQDM_DISABLE": "1", "MPLBACKEND": "agg"}
    for name in () if options.find else ("pytest", "scipy.stats", "torchvision"):
        importlib.import_module(name)  # once, for all processes that are forked
    with tempfile.TemporaryDirectory() as folder:
        tree, stages, every = Path(folder, "tree"), {}, {}
        shutil.copytree(options.root, tree, ignore=NOT_COPIED)
        Path(folder, "shared").symlink_to(options.root.resolve().parent / "shared")
        for area in [] if options.find else areas:
            lists = [[sorted(tree.glob(g)) for g in s] for s in content["tests"][area]]
            stages[area] = [[str(path) for path in sum(one, [])] for one in lists]
            every |= dict.fromkeys(sum(stages[area], []))
        if every and (by := run_tests(tree, list(every), 10 * LIMIT)[1]):
            sys.exit(f"without any fault {by} fails")
        for fault in faults:
            try_fault(tree, fault, stages.get(fault["area"], []))
            if options.out:
                options.out.write_text(json.dumps(faults, indent=1))
    for area in areas:
        found = Counter(one["result"] for one in faults if one["area"] == area)
        print(f"{area:12}", ", ".join(f"{n} {what}" for what, n in found.items()))
    for one in faults:
        if one["result"] in (("lost",) if options.find else ("lost", "survived")):
            print(f"{one['result']}: {one['in']}: {one['old']} -> {one['new']}")


if __name__ == "__main__":
    main()
