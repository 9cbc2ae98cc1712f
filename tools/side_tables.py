"""The tables of results/README.md beside those of the methods.

Neighbours, large galleries, unfinished sketches, speed and injected faults.
"""

from typing import Any

from table_text import (
    RESULTS,
    SHORT_NAMES,
    cross_table,
    markdown_table,
    read,
    with_interval,
)

SETTINGS = {
    "plain": "plain",
    "centred": "modalities centred",
    "expand": "queries expanded",
    "smooth": "gallery smoothed",
    "both": "both",
}
NO_OR_YES = "no", "yes"
WAYS = {
    "floor": "the matrix product alone (floor)",
    "ours": "this library",
    "codes: ours": "this library, 64-bit codes",
    "codes: counted": "64-bit codes, mAP by counting",
    "OML, two functions": "open-metric-learning, two inner functions",
}
SIZES = {
    "sketchy": "Sketchy",
    "tuberlin": "TU-Berlin",
    "quickdraw": "QuickDraw",
    "tuberlin-generalised": "TU-Berlin, seen photos as well",
    "quickdraw-generalised": "QuickDraw, seen photos as well",
}
SPEED_NAMES = {
    "bare": "bare pass, forward and backward",
    "bare, gates": "bare pass, with gates",
} | SHORT_NAMES


def side_parts() -> list[str]:
    """Return all these tables with their headings."""
    parts = [*neighbours_part(), *large_part(), *unfinished_sketches()]
    return [*parts, *loading(), *speed(), *faults()]


def neighbours_part() -> list[str]:
    """Return what retrieval gains when photos look at their neighbours."""
    rows = read("neighbours_world")["rows"]
    count = best_count(rows)
    cells = {}
    for row in rows:  # METHOD-PROFILE
        title = f"{SHORT_NAMES[row['row'].split('-')[0]]}, {row['split']}"
        for name, setting in SETTINGS.items():
            suffix = "" if name in ("plain", "centred") else f"/{count}"
            value = row["neighbours"][f"unseen/{name}{suffix}"]
            cells[title, setting] = with_interval(value)
    return [
        "## Photos that look at their neighbours",
        "Settings of the search: no training, no labels. A gallery is smoothed by "
        "replacing each photo by the mean of the photos nearest to it; a query is "
        "expanded by the mean of the photos it finds. Centring takes all queries at "
        f"once. {count} neighbours, chosen on validation classes among the numbers "
        "tried; mAP@all on unseen classes of the embedded world:",
        cross_table("", cells),
        "It lifts every method by more than the methods differ. A score with it stands "
        "beside scores with it only.",
    ]


def best_count(rows: list[dict[str, Any]]) -> int:
    """Return the number of neighbours that is best on validation classes."""
    tried = [n for n in rows[0]["neighbours"] if n.startswith("validation/both/")]
    means = {n: sum(row["neighbours"][n]["mean"] for row in rows) for n in tried}
    return int(max(means, key=means.get).rpartition("/")[2])


def large_part() -> list[str]:
    """Return time and memory of a score by size and device; nothing if not measured."""
    if not (RESULTS / "evaluation_large.json").exists():
        return []
    results = read("evaluation_large")
    rows = results["rows"]
    parts = [
        "## Scores in large galleries",
        "Random features of 512 numbers, as many as the data sets have; one thread; "
        f"medians of {results['rounds']} rounds in turn, in CPU time, on a machine "
        "with other work on it. Extra memory is the peak of a run in a process of its "
        "own, above the embeddings. A star: scaled from the first queries, and the "
        "memory of those; peers always get few. The whole table of distances never "
        "exists.",
    ]
    tables: dict[str, list[list[str]]] = {}
    for row in rows:
        if not row["note"]:
            tables.setdefault(caption(row), []).append(line(row))
    heading = ["", "computes", "ms a query", "all queries, s", "x floor", "extra MiB"]
    for title, body in tables.items():
        parts += [title, markdown_table(heading, body)]
    notes = sorted({row["note"] for row in rows if row["note"]})
    return [*parts, *(f"Device `cuda`: {note}." for note in notes)]


def caption(row: dict[str, Any]) -> str:
    """Return what a table is of."""
    where = "" if row["device"] == "cpu" else ", on a GPU"
    counts = f"{row['queries']:,} queries, {row['gallery']:,} photos"
    return f"{SIZES[row['size']]}: {counts}{where}:"


def line(row: dict[str, Any]) -> list[str]:
    """Return the cells of one way to score."""
    star = "*" if row["scaled"] else ""
    return [
        WAYS.get(row["name"], row["name"]),
        row["computes"],
        f"{row['milliseconds_a_query']:.3f}",
        f"{row['seconds_all_queries']:,.1f}{star}",
        f"{row['times_floor']:.2f}",
        f"{row['peak_extra_mebibytes']:,.0f}{star}",
    ]


def unfinished_sketches() -> list[str]:
    """Return how retrieval grows with the share of a sketch that is drawn."""
    rows = read("abstraction_world")["rows"]
    cells = {
        (f"{title}, {row['split']}", f"{float(metric.split('/')[1]):.0%}"): (
            with_interval(value)
        )
        for method, title in SHORT_NAMES.items()
        for row in rows
        if row["row"].split("-")[0] == method
        for metric, value in row["abstraction"].items()
    }
    seeds = len(rows[0]["abstraction"]["map@all/1"]["values"])
    return [
        "## Sketches that are not finished",
        "mAP@all on unseen classes of the embedded world when the queries show only "
        "the first part of the pen's way; all networks were trained on finished "
        f"sketches ({seeds} seeds):",
        "![Mean mAP@all against the share of a sketch that is drawn, a line a method]"
        "(../figures/f08_abstraction.png)",
        cross_table("share drawn", cells),
    ]


def loading() -> list[str]:
    """Return the speed of the loader before and after `data prepare`, and its cost."""
    results = read("loader_speed")
    cells = {
        (
            f"{row['source']}, files {row['originals']}",
            f"{row['loader_processes']} workers",
        ): f"{row['images_per_second']:,.0f} ({row['cpu_ms_per_image']:.3f})"
        for row in results["loader"]
    }
    costs = [
        f"files {one['originals']}: {one['seconds_per_10000']:.0f} s and "
        f"{one['store_mib']:,} MiB for 10,000 images ({one['processes']} processes)"
        for one in results["prepare"]
    ]
    step = results["gpu_step"]  # what was measured, or why nothing was
    if not isinstance(step, str):
        step = f"{step['images_per_second']:,.0f} images/s"
    return [
        "## Loading images before and after `data prepare`",
        f"Batches of {results['batch']} images at {results['size']} px drawn at "
        f"random, files in the page cache ({results['device']}):",
        cross_table("images/s (CPU ms an image)", cells),
        f"To prepare: {'; '.join(costs)}. The GPU step that it must feed: {step}.",
    ]


def speed() -> list[str]:
    """Return how near training comes to the bare network."""
    results = read("training_speed")
    settings = results["settings"]
    body = [
        [
            SPEED_NAMES[row["name"]],
            f"{row['images_per_second']:,.1f}",
            f"{row['share_of_bare']:.2f}",
            f"{row['share_of_bare_with_gates']:.2f}",
            row["peak_mib"],
        ]
        for row in results["rows"]
    ]
    heading = ["", "images/s", "of bare", "of bare with gates", "peak GPU MiB"]
    return [
        "## Training beside the bare network",
        f"{settings['backbone']}, {settings['images']} images a step, on: "
        f"{results['device']}. On a GPU with ResNet-50 at 224 px in bfloat16: "
        + ("not yet run on a GPU." if results["device"] == "cpu" else "this table."),
        markdown_table(heading, body),
    ]


def faults() -> list[str]:
    """Return what was broken on purpose, and what came of it."""
    downloads = [
        [row["fault"], row["exit"], ", ".join(row["left"]) or "nothing", row["then"]]
        for row in read("download_faults")["rows"]
    ]
    left = ["fault", "exit code", "left on disk", "the same command afterwards"]
    audits = [
        [
            row["fault"],
            row["check"] or row["message"],
            row["severity"],
            row["exit_code"],
        ]
        for row in read("audit_faults")["rows"]
    ]
    return [
        "## Faults, injected",
        "Downloads from a local server (the messages are in `download_faults.json`):",
        markdown_table(left, downloads),
        "Data sets broken on purpose, and what `data check` says:",
        markdown_table(["fault", "finding", "severity", "exit code"], audits),
        *training_faults(read("training_faults")),
    ]


def training_faults(results: dict[str, Any]) -> list[str]:
    """Return what came of killed and disturbed trainings."""
    methods = results["kills"]
    kills = [kill for one in methods for kill in one["kills"]]
    while_saving = sum(kill["partial"] for kill in kills)
    equal = sum(one["equal"] for one in methods)
    repeated = max(one["most_repeated"] for one in methods)
    body = [
        [
            one["fault"],
            one["exit_code"],
            NO_OR_YES[one["one_line"]],
            one["left"],
        ]
        for one in results["faults"]
    ]
    return [
        f"Trainings of {len(methods)} methods, killed (SIGKILL) at {len(kills)} random "
        f"moments, {while_saving} of them while a checkpoint was being written, and "
        f"resumed: {equal} of {len(methods)} ended equal to the undisturbed training "
        f"to the last bit; at most {repeated} steps were repeated (an epoch has "
        f"{results['steps_per_epoch']}).",
        markdown_table(["fault", "exit code", "one line", "left on disk"], body),
    ]
