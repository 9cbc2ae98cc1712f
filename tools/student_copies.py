"""Write copies of the notebooks without the solutions, for use in class.

    python tools/student_copies.py             # notebooks/ -> student/

Cells tagged `solution` are left out; everything else, outputs included, stays, so
that students see what they should arrive at. Links keep working: the copies lie as
deep in the repository as the originals.
"""

import argparse
import os
import sys
from pathlib import Path

import nbformat
from nbformat import NotebookNode

REPOSITORY = Path(__file__).resolve().parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Write a student copy of every notebook."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=REPOSITORY / "notebooks")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "student")
    options = parser.parse_args(arguments)
    paths = sorted(options.folder.glob("*.ipynb"))
    if not paths:
        parser.error(f"no notebooks in {options.folder}")
    if options.out.resolve() == options.folder.resolve():
        parser.error("the copies would replace the notebooks: choose another --out")
    options.out.mkdir(parents=True, exist_ok=True)
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        removed = remove_solutions(notebook)
        unfinished = options.out / f".{path.name}.part"
        nbformat.write(notebook, unfinished)
        os.replace(unfinished, options.out / path.name)
        print(f"{path.name}: {removed} solution cells left out")
    return 0


def remove_solutions(notebook: NotebookNode) -> int:
    """Remove the cells tagged `solution`, in place; return how many there were."""
    before = len(notebook.cells)
    notebook.cells = [
        cell
        for cell in notebook.cells
        if "solution" not in cell.metadata.get("tags", [])
    ]
    return before - len(notebook.cells)


if __name__ == "__main__":
    sys.exit(main())
