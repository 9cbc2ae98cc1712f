"""Read the course's notebooks as plain JSON, for the tests of their form."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def load(path: Path) -> dict[str, Any]:
    """Return a notebook's JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def text_of(cell: dict[str, Any]) -> str:
    """Return the source of a cell as one string."""
    return "".join(cell["source"])


def tags_of(cell: dict[str, Any]) -> list[str]:
    """Return the tags of a cell."""
    return cell["metadata"].get("tags", [])


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the code cells that are not empty."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [cell for cell in cells if text_of(cell).strip()]


def markdown_of(notebook: dict[str, Any]) -> str:
    """Return all prose of a notebook as one string."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    return "\n\n".join(text_of(cell) for cell in cells)
