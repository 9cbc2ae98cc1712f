"""The tables of results/README.md on full-size data, training at size and faults."""

from typing import Any

from table_text import markdown_table, read, with_interval

METHODS = {
    "triplet": "triplet baseline",
    "sbtknet": "SBTKNet",
    "mathm": "MATHM",
    "ramln": "RAMLN",
}
STROKES_PICTURE = (
    "![Mean mAP@all against the share of a sketch that is drawn, a line a method]"
    "(../figures/f08_abstraction.png)"
)
SPEED_NAMES = {
    "bare": "bare pass, forward and backward",
    "bare, gates": "bare pass, with gates",
} | METHODS


def full_size_part() -> list[str]:
    """Return all these tables with their headings."""
    return [*unfinished_sketches(), *loading(), *speed(), *faults()]


def unfinished_sketches() -> list[str]:
    """Return how retrieval grows with the share of a sketch that is drawn."""
    results = read("abstraction_world")
    rows = {(row["row"].split("-")[0], row["split"]): row for row in results["rows"]}
    first = next(iter(rows.values()))["abstraction"]
    shares = [f"{float(name.split('/')[1]):.0%}" for name in first]
    body = [
        [
            f"{title}, {split}",
            *(
                with_interval(value)
                for value in rows[method, split]["abstraction"].values()
            ),
        ]
        for method, title in METHODS.items()
        for _, split in [key for key in rows if key[0] == method]
    ]
    return [
        "## Sketches that are not finished",
        "mAP@all on unseen classes of the embedded world when the queries show only "
        "the first part of the pen's way; all networks were trained on finished "
        f"sketches ({len(first['map@all/1']['values'])} seeds):",
        STROKES_PICTURE,
        markdown_table([["share drawn", *shares], *body]),
    ]


def loading() -> list[str]:
    """Return the speed of the loader before and after `data prepare`, and its cost."""
    results = read("loader_speed")
    processes = sorted({row["loader_processes"] for row in results["loader"]})
    cells: dict[tuple[str, str], list[str]] = {}
    for row in results["loader"]:
        cell = f"{row['images_per_second']:,.0f} ({row['cpu_ms_per_image']:.3f})"
        cells.setdefault((row["source"], row["originals"]), []).append(cell)
    heading = ["images/s (CPU ms an image)", *(f"{n} workers" for n in processes)]
    body = [
        [f"{source}, files {files}", *row] for (source, files), row in cells.items()
    ]
    costs = [
        f"files {one['originals']}: {one['seconds_per_10000']:.0f} s and "
        f"{one['store_mib']:,} MiB for 10,000 images ({one['processes']} processes)"
        for one in results["prepare"]
    ]
    return [
        "## Loading images before and after `data prepare`",
        f"Batches of {results['batch']} images at {results['size']} px drawn at "
        f"random, files in the page cache ({results['device']}):",
        markdown_table([heading, *body]),
        f"To prepare: {'; '.join(costs)}. The GPU step that it must feed: "
        f"{gpu_step(results['gpu_step'])}.",
    ]


def gpu_step(found: Any) -> str:
    """Return what was measured of the GPU step, or that it was not."""
    if isinstance(found, str):
        return found
    return f"{found['images_per_second']:,.0f} images/s"


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
            str(row["peak_mib"]),
        ]
        for row in results["rows"]
    ]
    heading = ["", "images/s", "of bare", "of bare with gates", "peak GPU MiB"]
    return [
        "## Training beside the bare network",
        f"{settings['backbone']}, {settings['images']} images a step, on: "
        f"{results['device']}. On a GPU with ResNet-50 at 224 px in bfloat16: "
        + ("not yet run on a GPU." if results["device"] == "cpu" else "this table."),
        markdown_table([heading, *body]),
    ]


def faults() -> list[str]:
    """Return what was broken on purpose, and what came of it."""
    return [
        "## Faults, injected",
        "Downloads from a local server (the messages are in `download_faults.json`):",
        download_table(read("download_faults")["rows"]),
        "Data sets broken on purpose, and what `data check` says:",
        audit_table(read("audit_faults")["rows"]),
        *training_faults(read("training_faults")),
    ]


def download_table(rows: list[dict[str, Any]]) -> str:
    """Return what came of broken downloads."""
    heading = ["fault", "exit code", "left on disk", "the same command afterwards"]
    body = [
        [
            row["fault"],
            str(row["exit"]),
            ", ".join(row["left"]) or "nothing",
            row["then"],
        ]
        for row in rows
    ]
    return markdown_table([heading, *body])


def audit_table(rows: list[dict[str, Any]]) -> str:
    """Return what the audit says of broken data sets."""
    heading = ["fault", "finding", "severity", "exit code"]
    body = [
        [
            row["fault"],
            row["check"] or row["message"],
            row["severity"],
            str(row["exit_code"]),
        ]
        for row in rows
    ]
    return markdown_table([heading, *body])


def training_faults(results: dict[str, Any]) -> list[str]:
    """Return what came of killed and disturbed trainings."""
    methods = results["kills"]
    kills = [kill for one in methods for kill in one["kills"]]
    while_saving = sum(kill["partial"] for kill in kills)
    equal = sum(one["equal"] for one in methods)
    repeated = max(one["most_repeated"] for one in methods)
    body = [
        [row["fault"], str(row["exit_code"]), yes(row["one_line"]), row["left"]]
        for row in results["faults"]
    ]
    return [
        f"Trainings of {len(methods)} methods, killed (SIGKILL) at {len(kills)} random "
        f"moments, {while_saving} of them while a checkpoint was being written, and "
        f"resumed: {equal} of {len(methods)} ended equal to the undisturbed training "
        f"to the last bit; at most {repeated} steps were repeated (an epoch has "
        f"{results['steps_per_epoch']}).",
        markdown_table([["fault", "exit code", "one line", "left on disk"], *body]),
    ]


def yes(value: bool) -> str:
    """Return yes or no."""
    return "yes" if value else "no"
