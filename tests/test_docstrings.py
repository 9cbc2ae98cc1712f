"""Every public name is documented, and exported names say where they are taught."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[1] / "zssbir_lib"
FILES = sorted(LIBRARY.rglob("*.py"))
PACKAGES = sorted(path.parent for path in LIBRARY.glob("*/__init__.py"))
TAUGHT = re.compile(r"^Taught in: notebook 0[0-8]\.$", flags=re.MULTILINE)

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def public_definitions(body: list[ast.stmt], prefix: str = "") -> dict[str, Definition]:
    """Return the public functions, classes and methods, by dotted name."""
    found = {}
    for node in body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            found[prefix + node.name] = node
            if isinstance(node, ast.ClassDef):
                found |= public_definitions(node.body, f"{prefix}{node.name}.")
    return found


def test_public_definitions_are_found():
    source = "def _no(): ...\nclass Yes:\n  def seen(self): ...\n  def _no(self): ..."
    assert list(public_definitions(ast.parse(source).body)) == ["Yes", "Yes.seen"]


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.relative_to(LIBRARY).as_posix()
)
def test_public_names_have_docstrings(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "say in one line what the module is for"
    definitions = public_definitions(tree.body)
    silent = [name for name, node in definitions.items() if not ast.get_docstring(node)]
    assert not silent, f"no docstring: {silent}"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_packages_say_what_they_export(package):
    module = importlib.import_module(f"zssbir_lib.{package.name}")
    names = getattr(module, "__all__", [])
    assert names, f"zssbir_lib/{package.name}/__init__.py has no __all__"
    missing = [name for name in names if not hasattr(module, name)]
    assert not missing, f"__all__ promises {missing}"


@pytest.mark.parametrize("name", ["lessons", *(one.name for one in PACKAGES)])
def test_exported_names_say_where_they_are_taught(name):
    module = importlib.import_module(f"zssbir_lib.{name}")
    exported = {one: getattr(module, one) for one in getattr(module, "__all__", [])}
    silent = [
        one
        for one, thing in exported.items()
        if (inspect.isfunction(thing) or inspect.isclass(thing))
        and not TAUGHT.search(inspect.getdoc(thing) or "")
    ]
    assert not silent, f"no line `Taught in: notebook NN.` in: {silent}"
