"""Paired differences between the methods of the main table."""

from typing import Any

from table_text import markdown_table
from whole_names import METHODS, PROTOCOLS, REPRESENTATIONS, name_of, short

BEST = "combined"
EVERY_SPLIT = "every split"


def difference_part(table: dict[str, Any]) -> list[str]:
    """Return the paired differences, a table for each protocol."""
    found = joined(table["differences"])
    if not found:
        return []
    parts = [
        "Differences in mAP@all, paired by split and seed, with 95 % intervals; bold: "
        "significant after Holm's correction for all comparisons of the column."
    ]
    for protocol in PROTOCOLS:
        columns = {f"{protocol}/{one}": text for one, text in REPRESENTATIONS.items()}
        parts += [f"{short(protocol)}:", difference_table(found, columns)]
    families = {f"{protocol}/{BEST}+": short(protocol) for protocol in PROTOCOLS}
    if any(one["family"] in families for one in found):
        parts += [
            "The combined recipe with test-time steps (+) against the others, without "
            "and with them:",
            difference_table(found, families),
        ]
    return parts


def joined(differences: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the differences over all splits together, where there are several."""
    whole = [one for one in differences if one["split"].startswith(EVERY_SPLIT)]
    return whole or differences


def difference_table(found: list[dict[str, Any]], columns: dict[str, str]) -> str:
    """Return differences as a table.

    Args:
        found: differences on one group of splits.
        columns: the heading of each family that gets a column.
    """
    cells: dict[str, dict[str, str]] = {}
    several = len({one["split"] for one in found}) > 1
    for one in found:
        if one["family"] in columns:
            name = pair_name(one) + (f", {one['split']}" if several else "")
            cells.setdefault(name, {})[one["family"]] = with_evidence(one)
    body = [[name, *(row[family] for family in columns)] for name, row in cells.items()]
    return markdown_table([["difference", *columns.values()], *body])


def pair_name(one: dict[str, Any]) -> str:
    """Return what is compared with what; the steps are named where they differ."""
    first, second = METHODS[name_of(one["row"])], METHODS[name_of(one["minus"])]
    if one["family"] == one["cell"]:
        return f"{first} − {second}"
    plus = "+" if one["minus_cell"].endswith("+") else ""
    return f"{first} + − {second} {plus}".rstrip()


def with_evidence(one: dict[str, Any]) -> str:
    """Return a difference with its interval, bold where it is significant."""
    if one["low"] is None:
        return f"{one['mean']:+.3f}"
    text = f"{one['mean']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
    return f"**{text}**" if one["significant"] else text
