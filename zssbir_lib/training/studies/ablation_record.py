"""What an ablation is: rows that change a recipe, and which are compared."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ablation:
    """A table that takes a method apart.

    Attributes:
        method: name of the method, unless a row names another.
        rows: what each row changes in the method's recipe, by name.
        comparisons: which row is compared with which.

    Taught in: notebook 04.
    """

    method: str
    rows: dict[str, dict[str, Any]]
    comparisons: tuple[tuple[str, str], ...]
