"""The table of results/README.md on settings of the search, not of the network."""

from typing import Any

from full_size_tables import METHODS
from table_text import markdown_table, read, with_interval

SETTINGS = {
    "plain": "plain",
    "centred": "modalities centred",
    "expand": "queries expanded",
    "smooth": "gallery smoothed",
    "both": "both",
}


def neighbours_part() -> list[str]:
    """Return what retrieval gains when photos look at their neighbours."""
    rows = read("neighbours_world")["rows"]
    count = best_count(rows)
    columns = [
        f"unseen/{name}" if name in ("plain", "centred") else f"unseen/{name}/{count}"
        for name in SETTINGS
    ]
    body = [
        [
            f"{METHODS[row['row'].split('-')[0]]}, {row['split']}",
            *(with_interval(row["neighbours"][column]) for column in columns),
        ]
        for row in rows
    ]
    return [
        "## Photos that look at their neighbours",
        "Settings of the search: no training, no labels. A gallery is smoothed by "
        "replacing each photo by the mean of the photos nearest to it; a query is "
        "expanded by the mean of the photos it finds. Centring takes all queries at "
        f"once. {count} neighbours, chosen on validation classes among the numbers "
        "tried; mAP@all on unseen classes of the embedded world:",
        markdown_table([["", *SETTINGS.values()], *body]),
        "It lifts every method by more than the methods differ. A score with it stands "
        "beside scores with it only.",
    ]


def best_count(rows: list[dict[str, Any]]) -> int:
    """Return the number of neighbours that is best on validation classes."""
    names = [
        name for name in rows[0]["neighbours"] if name.startswith("validation/both/")
    ]
    means = {
        name: sum(row["neighbours"][name]["mean"] for row in rows) for name in names
    }
    return int(max(means, key=means.get).rpartition("/")[2])
