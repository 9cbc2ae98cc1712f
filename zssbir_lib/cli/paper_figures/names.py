"""Readable names of the rows of a study."""

from collections.abc import Iterable

from zssbir_lib.training import PROFILES

METHODS = {
    "pretrained": "pretrained, untrained",
    "triplet": "triplet baseline",
    "classification": "classification with gates",
    "sbtknet": "SBTKNet",
    "mathm": "MATHM",
    "bid-tri": "Bid-Tri",
    "bid-qua": "Bid-Qua",
    "ramln": "RAMLN",
    "combined": "combined",
}


def method_name(row: str) -> str:
    """Return what to call a row: "MATHM" for mathm-quick; others as they are.

    Args:
        row: name of a row or of its folder, METHOD, METHOD:PROFILE or METHOD-PROFILE.
    """
    base = row.replace(":", "-")
    head, _, profile = base.rpartition("-")
    return METHODS.get(head if profile in PROFILES else base, row)


def distinct_names(rows: Iterable[str]) -> dict[str, str]:
    """Return what to call each row: its method, or itself where two share a method."""
    names = {row: method_name(row) for row in rows}
    taken = list(names.values())
    return {row: n if taken.count(n) == 1 else row for row, n in names.items()}


def class_name(name: str) -> str:
    """Return the name of a class as it is read: "hot air balloon"."""
    return name.replace("_", " ")


def and_list(words: list[str] | tuple[str, ...]) -> str:
    """Return words as in a sentence: "a, b and c"."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def percent(share: float, digits: int = 1) -> str:
    """Return a share, 0 to 1, as text in percent."""
    return f"{100 * share:.{digits}f} %"
