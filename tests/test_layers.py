"""Imports between the parts of the library point down only."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
LIBRARY = REPOSITORY / "zssbir_lib"

# a part -> the parts it may import; the ground floor first, which is open to all others
GROUND = {
    "__init__": set(),  # the version alone
    "modality": set(),
    "files": set(),
    "records": set(),
    "jobs": set(),
    "store": {"jobs"},
}
ALLOWED = GROUND | {
    "world": set(),
    "models": set(),
    "losses": set(),
    "evaluation": set(),
    "exercises": set(),
    "lessons": {"exercises"},
    "data": {"world"},
    "scoring": {"data", "models", "evaluation"},
    "training": {"data", "models", "losses", "evaluation", "scoring"},
    "display": {"data", "evaluation"},
}
ALLOWED["cli"] = set(ALLOWED)
ALLOWED["__main__"] = {"cli"}
FILES = sorted(LIBRARY.rglob("*.py"))
STUDIES = sorted((REPOSITORY / "studies").rglob("*.py"))
INSTALLED = {
    re.match(r"[\w-]+", line)[0]
    for line in tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"][
        "dependencies"
    ]
}
OTHER_NAMES = {"PIL", "sklearn", "IPython"}  # pillow, scikit-learn, of ipywidgets
OPTIONAL = {"tensorboard"}  # asked for, used where it is there


def part_of(module: str) -> str | None:
    """Return `data` for `zssbir_lib.data.splits`, None for foreign modules."""
    first, _, rest = module.partition(".")
    if first != "zssbir_lib" or not rest:
        return None
    return "__init__" if rest == "__version__" else rest.split(".")[0]


def imported_modules(source: str, package: str) -> list[str]:
    """Return the full names of all imports, at the top and inside functions.

    Args:
        source: the code of a module.
        package: dotted name of its package, which relative imports start from.
    """
    modules = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).rstrip(".")
            modules += [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            modules += [one.value for one in node.args if isinstance(one, ast.Constant)]
    return modules


def parts_imported(source: str, package: str) -> set[str]:
    return {part_of(str(module)) for module in imported_modules(source, package)} - {
        None
    }


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("import zssbir_lib.world.store", {"world"}),
        ("from zssbir_lib.losses import triplet_loss", {"losses"}),
        ("from zssbir_lib import evaluation, models", {"evaluation", "models"}),
        ("def f():\n    from zssbir_lib.training.loop import fit", {"training"}),
        ("from .splits import load_split", {"data"}),
        ("from . import splits", {"data"}),
        ("from ..world import store", {"world"}),
        ("import importlib\nimportlib.import_module('zssbir_lib.world')", {"world"}),
        ("from zssbir_lib import __version__", {"__init__"}),
        ("import torch\nfrom pathlib import Path", set()),
    ],
)
def test_every_kind_of_import_is_seen(line, parts):
    assert parts_imported(line, package="zssbir_lib.data") == parts


def test_the_table_itself_has_no_circle():
    done: set[str] = set()
    while len(done) < len(ALLOWED):
        ready = {part for part, below in ALLOWED.items() if below <= done} - done
        assert ready, f"these import each other in a circle: {set(ALLOWED) - done}"
        done |= ready


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.relative_to(LIBRARY).as_posix()
)
def test_imports_point_down(path):
    inside = path.relative_to(LIBRARY)
    part = inside.parts[0].removesuffix(".py")
    assert part in ALLOWED, f"{part} has no place in the table of {Path(__file__).name}"
    package = ".".join(["zssbir_lib", *inside.parts[:-1]])
    used = parts_imported(path.read_text(encoding="utf-8"), package)
    ground = set() if part in GROUND else set(GROUND)
    above = used - ALLOWED[part] - ground - {part}
    assert not above, f"{part} must not import {sorted(above)}"


@pytest.mark.parametrize("path", FILES + STUDIES, ids=lambda path: path.stem)
def test_nothing_is_imported_that_is_not_declared(path):
    modules = imported_modules(path.read_text(encoding="utf-8"), package="zssbir_lib")
    own = {"zssbir_lib"}
    if path in STUDIES:  # a study may use its neighbours; the library knows no study
        own |= {one.relative_to(REPOSITORY / "studies").parts[0] for one in STUDIES}
    known = set(sys.stdlib_module_names) | INSTALLED | OTHER_NAMES | OPTIONAL
    known |= {name.removesuffix(".py") for name in own}
    foreign = {str(module).split(".")[0] for module in modules} - known
    assert not foreign, f"{path.name} imports {foreign}"
