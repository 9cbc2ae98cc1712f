"""What is public is documented, exports in full, and files stay readable in one go."""

import ast
import dataclasses
import importlib
import inspect
import re
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[1] / "zssbir_lib"
FILES = sorted(LIBRARY.rglob("*.py"))
PACKAGES = sorted(path.parent for path in LIBRARY.rglob("*/__init__.py"))
NAMES = [".".join(path.relative_to(LIBRARY).parts) for path in PACKAGES]
LONGEST = 400  # lines of a file

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


def named_in(doc: str, section: str) -> list[str] | None:
    """Return the names that a section of a docstring explains, None without it."""
    found = re.search(rf"^{section}:\n((?:[ ]+.*\n?|\n)*)", doc, re.MULTILINE)
    return found and re.findall(r"^    \*{0,2}(\w+):", found[1], re.MULTILINE)


def exported(name: str) -> dict[str, object]:
    """Return the functions and classes that a part of the library exports."""
    module = importlib.import_module(f"zssbir_lib.{name}")
    things = {one: getattr(module, one) for one in getattr(module, "__all__", [])}
    return {
        one: thing
        for one, thing in things.items()
        if inspect.isfunction(thing) or inspect.isclass(thing)
    }


def fault_of(thing: object) -> str:
    """Return what an exported name's docstring lacks, nothing if it is whole."""
    doc = inspect.getdoc(thing) or ""
    if not doc:
        return "no docstring"
    if dataclasses.is_dataclass(thing):
        return "" if attributes_fit(thing, doc) else "Attributes are not the fields"
    parameters = list(inspect.signature(thing).parameters)
    arguments = named_in(doc, "Args")
    if arguments is None:
        if not inspect.isfunction(thing) or len(parameters) < 3 or "`" in doc:
            return ""  # few, or those of a function that the docstring names
        return "no Args"
    return "" if arguments == parameters else f"Args are {parameters}"


def attributes_fit(record: type, doc: str) -> bool:
    """Return whether a section explains a record's fields, or there is none.

    Fields that a base class explains may be left out where they get another default.
    """
    attributes = named_in(doc, "Attributes")
    if attributes is None:
        return True
    above = {name for base in record.__mro__[1:] for name in annotations(base)}
    own = list(annotations(record))
    needed = [name for name in own if name not in above or name in attributes]
    return attributes == needed


def annotations(kind: type) -> dict[str, object]:
    """Return the annotations of a class's own body."""
    return vars(kind).get("__annotations__", {})


def test_public_definitions_are_found():
    source = "def _no(): ...\nclass Yes:\n  def seen(self): ...\n  def _no(self): ..."
    assert list(public_definitions(ast.parse(source).body)) == ["Yes", "Yes.seen"]


def test_faults_are_found():
    def described(a, b, c=0, **more):
        """Do.

        Args:
            a: one.
            b: two,
                over two lines: so.
            c: three.
            **more: others.

        Returns:
            a: not an argument.
        """

    def stale(a, b):  # noqa: D417
        """Do.

        Args:
            a: one.
        """

    def silent(a, b, c):
        """Do."""

    def as_another(a, b, c):
        """Do, with the arguments of `described`."""

    @dataclasses.dataclass
    class Record:
        """A record.

        Attributes:
            first: one.
        """

        first: int
        second: int

    @dataclasses.dataclass
    class Further(Record):
        """A record.

        Attributes:
            third: three.
        """

        second: int = 2
        third: int = 3

    assert [fault_of(one) for one in (described, as_another, Further)] == [""] * 3
    assert fault_of(stale) == "Args are ['a', 'b']"
    assert fault_of(silent) == "no Args"
    assert fault_of(Record) == "Attributes are not the fields"


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: path.relative_to(LIBRARY).as_posix()
)
def test_files_are_short_and_public_names_have_docstrings(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST, "more than one story: divide the file"
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "say in one line what the module is for"
    definitions = public_definitions(tree.body)
    silent = [name for name, node in definitions.items() if not ast.get_docstring(node)]
    assert not silent, f"no docstring: {silent}"


@pytest.mark.parametrize("name", NAMES)
def test_packages_say_what_they_export(name):
    module = importlib.import_module(f"zssbir_lib.{name}")
    names = getattr(module, "__all__", [])
    assert names or "." in name, f"zssbir_lib/{name}/__init__.py has no __all__"
    missing = [name for name in names if not hasattr(module, name)]
    assert not missing, f"__all__ promises {missing}"


@pytest.mark.parametrize("name", ["lessons", "scoring", *NAMES])
def test_exported_names_are_documented_in_full(name):
    faults = {one: fault_of(thing) for one, thing in exported(name).items()}
    assert not any(faults.values()), {one: f for one, f in faults.items() if f}
