"""Code that a notebook lists is the library's code.

Every def and class in a cell tagged `listing` has the same syntax tree as the
library's definition of that name; comments, docstrings and type hints may differ.
"""

import ast
from pathlib import Path

import pytest
from notebooks_on_disk import NOTEBOOKS, code_cells, load, tags_of, text_of

LIBRARY = Path(__file__).resolve().parents[1] / "zssbir_lib"
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class Bare(ast.NodeTransformer):
    """Take docstrings and type hints out of a syntax tree."""

    def visit_arg(self, node):
        """Drop the hint of an argument."""
        node.annotation = None
        return node

    def visit_AnnAssign(self, node):
        """Turn `gap: Tensor = 1` into `gap = 1`."""
        if node.value is None:
            return node  # `field: int` in a class is a statement, not a hint
        return ast.Assign(targets=[node.target], value=self.visit(node.value))

    def visit_FunctionDef(self, node):
        """Drop the hint of what is returned, and the docstring."""
        node.returns = None
        return self.visit_ClassDef(node)

    def visit_ClassDef(self, node):
        """Drop the docstring."""
        self.generic_visit(node)
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node


def definitions(source: str) -> dict[str, str]:
    """Return the bare syntax tree of each top-level def and class, by name."""
    body = [node for node in ast.parse(source).body if isinstance(node, Definition)]
    return {node.name: ast.dump(Bare().visit(node)) for node in body}


def library_definitions() -> dict[str, set[str]]:
    """Return all definitions of the library by name; a name may occur twice."""
    found: dict[str, set[str]] = {}
    for path in LIBRARY.rglob("*.py"):
        for name, tree in definitions(path.read_text(encoding="utf-8")).items():
            found.setdefault(name, set()).add(tree)
    return found


def listings(path: Path) -> dict[str, str]:
    """Return what the `listing` cells of a notebook define."""
    cells = [cell for cell in code_cells(load(path)) if "listing" in tags_of(cell)]
    return definitions("\n\n".join(text_of(cell) for cell in cells))


LIBRARY_VERSION = '''
def triplet(anchor: Tensor, margin: float = 0.2) -> Tensor:
    """Say much."""
    gap: Tensor = anchor - margin
    return gap
'''


def test_comments_docstrings_and_hints_may_differ():
    friendlier = "def triplet(anchor, margin=0.2):\n  # why\n  gap = anchor - margin\n"
    assert definitions(friendlier + "  return gap") == definitions(LIBRARY_VERSION)


@pytest.mark.parametrize(
    "change", [("0.2", "0.3"), ("anchor - margin", "margin - anchor"), ("gap\n", "0\n")]
)
def test_behaviour_may_not_differ(change):
    assert definitions(LIBRARY_VERSION.replace(*change)) != definitions(LIBRARY_VERSION)


def test_some_notebook_lists_code():
    assert any(listings(path) for path in NOTEBOOKS), "no cell is tagged `listing`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_listings_equal_the_library(path):
    library = library_definitions()
    for name, tree in listings(path).items():
        assert name in library, f"{name} is listed but the library does not define it"
        assert tree in library[name], f"{name} differs from the library's {name}"
