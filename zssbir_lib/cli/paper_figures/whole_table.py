"""Read the file of the whole table: scores of rows in cells, a value a seed."""

import json
from pathlib import Path
from typing import Any

METRIC = "map@all"
Cells = dict[str, list[float]]  # such as "zero_shot/real" -> a value for each seed
Table = dict[str, dict[str, Cells]]  # split -> row -> cells


def read_table(path: Path) -> Table:
    """Read mAP@all of every split, row and cell.

    Args:
        path: a JSON file with "rows", each with "row", "split" and "cells", as
            `python -m zssbir_lib table` writes it.

    Returns:
        The values, with the rows that every split has, in the order of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not such a file, or the splits share no row.
    """
    table: Table = {}
    for entry in read_rows(path):
        try:
            cells = {n: cell[METRIC]["values"] for n, cell in entry["cells"].items()}
            table.setdefault(entry["split"], {})[entry["row"]] = cells
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f'{path}: a row lacks {error}; expected "row", "split" and "cells" '
                f"with {METRIC}, as `python -m zssbir_lib table` writes them"
            ) from error
    shared = [r for r in first(table) if all(r in rows for rows in table.values())]
    if not shared:
        raise ValueError(f"{path}: no row was scored on all of {', '.join(table)}")
    return {split: {r: rows[r] for r in shared} for split, rows in table.items()}


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the entries of the file, one or more."""
    if not path.is_file():
        raise FileNotFoundError(
            f"no table at {path}; `python -m zssbir_lib table` writes one"
        )
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{path} is not a JSON file with "rows": {error}') from error
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{path} has no rows: run `python -m zssbir_lib table` again")
    return rows


def first(table: Table) -> dict[str, Cells]:
    """Return the rows of the first split."""
    return next(iter(table.values()))


def shared_cells(table: Table) -> list[str]:
    """Return the cells that every row of every split has, in the file's order."""
    rows = [cells for of_split in table.values() for cells in of_split.values()]
    return [name for name in rows[0] if all(name in cells for cells in rows)]
