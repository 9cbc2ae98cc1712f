"""The tables of results/README.md on the search for one recipe, and on neighbours."""

from typing import Any

from full_size_tables import METHODS
from table_text import RESULTS, markdown_table, read, with_interval

from zssbir_lib.evaluation import paired_interval

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


IDEAS = {
    "cosine-8": "cosine classifier, scale 8",
    "cosine-16": "cosine classifier, scale 16",
    "cosine-30": "cosine classifier, scale 30",
    "weight-3": "triplets weigh 3 times as much",
    "weight-10": "triplets weigh 10 times as much",
    "edges-0.3": "30 % of the photos as edge drawings",
    "edges-0.6": "60 % of the photos as edge drawings",
    "grey-0.7": "70 % of the photos without colour",
    "knowledge-0.3": "knowledge preservation, weight 0.3",
    "knowledge-1": "knowledge preservation, weight 1",
    "classification-0.3": "classification weighs 0.3",
    "attention": "attention pooling",
    "margin-0.5": "margin 0.5",
    "rate-2": "twice the learning rate",
    "embedding-256": "256 dimensions",
    "4-a-class": "4 images a class in a batch",
    "16-a-class": "16 images a class in a batch",
    "pooled": "pooled feature compared, not the embedding",
    "centred": "pooled feature compared, centred by modality",
    "learned-margins": "RAMLN's quadruplets and margins in place of triplets",
    "weight+knowledge-0.3": "triplets times 3, knowledge 0.3",
    "weight+knowledge-1": "triplets times 3, knowledge 1",
    "cosine+weight": "cosine 16, triplets times 3",
    "cosine+weight+edges": "cosine 16, triplets times 3, edges 30 %",
    "cosine+weight+knowledge": "cosine 16, triplets times 3, knowledge 0.3",
    "cosine+weight+edges+knowledge": "cosine 16, triplets times 3, edges, knowledge",
    "cosine+weight+edges+centred": "cosine 16, triplets times 3, edges, centred",
}
SEARCHES = {"combined_search_world": "world", "combined_search_sketchy": "Sketchy"}


METRICS = {"validation/map@all": "validation", "map@all": "unseen"}
BASE = "mathm"
PROFILE = "quick"


def combined_search_part() -> list[str]:
    """Return what each idea adds to MATHM: the whole search."""
    columns: dict[str, dict[str, str]] = {}
    for name, title in SEARCHES.items():
        if not (RESULTS / f"{name}.json").exists():
            continue
        after = read(f"{name}_neighbours")["rows"]
        columns[f"{title}, validation +"] = gains_after_steps(after)
        for metric, classes in METRICS.items():
            columns[f"{title}, {classes}"] = gains_to_base(read(name), metric)
    if not columns:
        return []
    body = [
        [title, *(gains.get(name, "not tried") for gains in columns.values())]
        for name, title in IDEAS.items()
        if any(name in gains for gains in columns.values())
    ]
    return [
        "## The search for one recipe",
        "Every idea on top of MATHM, at the same number of images: difference in "
        "mAP@all, paired by split and seed, with 95 % interval (bold: it excludes "
        "zero). *Validation +* is after the test-time step with neighbours, which "
        "belongs to the recipe. Of the rows that clearly gain there, the recipe "
        "`combined` is the one that gains most as embedded: *cosine 16, triplets times "
        "3, edges 30 %* with the small backbone, *centred* with backbones that "
        "ImageNet has taught. What did not help stands here as well.",
        markdown_table([["added to MATHM", *columns], *body]),
        "On Sketchy, ImageNet shows all validation classes and, by design, hardly any "
        "unseen one. Compare the columns of the centred feature: classes that the "
        "pretraining knows promise far more than classes that it does not know keep.",
    ]


def gains_after_steps(
    rows: list[dict[str, Any]], setting: str = "validation/both/20"
) -> dict[str, str]:
    """Return each row's difference to MATHM after a test-time step, splits joined.

    Args:
        rows: of studies/neighbours.py.
        setting: which of its numbers.
    """
    values: dict[str, list[float]] = {}
    for row in rows:
        name = row["row"].removesuffix(f"-{PROFILE}")
        values.setdefault(name, []).extend(row["neighbours"][setting]["values"])
    base = values.pop(BASE)
    gains = {}
    for name, found in values.items():
        mean, low, high = paired_interval(found, base)
        sure = low is not None and (low > 0 or high < 0)
        gains[name] = gain_text(dict(mean=mean, low=low, high=high, excludes_zero=sure))
    return gains


def gains_to_base(results: dict[str, Any], metric: str) -> dict[str, str]:
    """Return each row's difference to MATHM in a metric, all splits joined.

    Args:
        results: of an ablation.
        metric: its name in the differences.
    """
    found = [
        one
        for one in results["differences"]
        if one["metric"] == metric and one["minus"] == f"{BASE}:{PROFILE}"
    ]
    joined = [one for one in found if one["split"].startswith("every split")] or found
    return {one["row"].split(":")[0]: gain_text(one) for one in joined}


def gain_text(one: dict[str, Any]) -> str:
    """Return a difference with its interval, bold where that excludes zero."""
    if one["low"] is None:
        return f"{one['mean']:+.3f}"
    text = f"{one['mean']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}]"
    return f"**{text}**" if one["excludes_zero"] else text
