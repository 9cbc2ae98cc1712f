"""Studies: the same experiment over rows, splits and seeds, resumable."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from zssbir_lib.data import SketchPhotoData, ZeroShotSplit
from zssbir_lib.evaluation import mean_interval
from zssbir_lib.training.experiment import (
    METRICS,
    Experiment,
    describe_split,
    run_experiment,
)
from zssbir_lib.training.hardware.execution import Execution
from zssbir_lib.training.processor import use_threads
from zssbir_lib.training.provenance import provenance
from zssbir_lib.training.recipes.named import named_recipe
from zssbir_lib.training.recipes.recipe import Recipe
from zssbir_lib.training.studies.jobs import run_jobs

DataLoader = Callable[[ZeroShotSplit, int], SketchPhotoData]


@dataclass(frozen=True)
class StudyRun:
    """One cell of a study: a named recipe on one split with one seed.

    Attributes:
        row: name of the recipe in the study's table.
        recipe: how to train.
        split: which classes are seen and unseen.
        seed: decides first weights and all draws.
        generalised: also score the two generalised protocols.

    Taught in: notebook 02.
    """

    row: str
    recipe: Recipe
    split: ZeroShotSplit
    seed: int
    generalised: bool = False

    @property
    def folder(self) -> Path:
        """Folder of this run inside the study's folder."""
        row = self.row.replace(":", "-")
        return Path(row) / self.split.name / f"seed-{self.seed}"


def study_row(text: str, backbone: str, weights: str | None, **changes: Any) -> Recipe:
    """Return the recipe that one row of a study names.

    Args:
        text: "random" (random weights, untrained), "pretrained" (starting weights,
            untrained), or "METHOD:PROFILE", for example "triplet:quick".
        backbone: name of the backbone.
        weights: where it starts; None leaves the recipe's own choice.
        **changes: further fields of the recipe.

    Returns:
        The recipe.

    Raises:
        ValueError: the row is unknown.

    Taught in: notebook 02.
    """
    if text == "random":
        return named_recipe("untrained", backbone, weights="none", **changes)
    if weights is not None:
        changes["weights"] = weights
    if text == "pretrained":
        return named_recipe("untrained", backbone, **changes)
    method, colon, profile = text.partition(":")
    if not colon:
        raise ValueError(
            f"a row is 'random', 'pretrained' or METHOD:PROFILE such as "
            f"triplet:quick; got {text!r}"
        )
    return named_recipe(method, backbone, profile, **changes)


def run_study(
    runs: list[StudyRun],
    load: DataLoader,
    folder: Path,
    device: str = "cpu",
    jobs: int = 1,
) -> list[dict[str, Any]]:
    """Run every cell that has no metrics yet and return all results in order.

    Args:
        runs: the cells.
        load: returns the images of a split at an image size; must be picklable when
            jobs > 1.
        folder: one sub-folder a run; finished runs found there are not repeated,
            interrupted ones continue from their checkpoint.
        device: where to train.
        jobs: number of processes.

    Returns:
        The content of every metrics.json.

    Raises:
        ValueError: a finished run in the folder was made with another recipe.

    Taught in: notebook 02.
    """
    waiting = [run for run in runs if not is_finished(run, folder)]
    bar = tqdm(total=len(runs), initial=len(runs) - len(waiting), unit="run")
    work = partial(_run_one, load=load, folder=folder, device=device)
    for _ in run_jobs(work, waiting, jobs):
        bar.update(1)
    bar.close()
    return [json.loads((folder / run.folder / METRICS).read_text()) for run in runs]


def is_finished(run: StudyRun, folder: Path) -> bool:
    """Return whether a run's metrics exist; raise if they are of another recipe."""
    path = folder / run.folder / METRICS
    if not path.exists():
        return False
    content = json.loads(path.read_text())
    if Recipe.from_dict(content["recipe"]) != run.recipe:
        raise ValueError(
            f"{path} was made with another recipe; choose another folder for the runs"
        )
    if content["split"] != describe_split(run.split):
        raise ValueError(
            f"{path} was made on another split ({content['split']}); choose another "
            "folder for the runs"
        )
    if run.generalised and "generalised" not in content:
        raise ValueError(
            f"{path} lacks the generalised protocols; choose another folder for the "
            "runs"
        )
    return True


def _run_one(run: StudyRun, load: DataLoader, folder: Path, device: str) -> None:
    """Run one cell, with one thread so that results repeat."""
    use_threads(1)
    data = load(run.split, run.recipe.image_size)
    experiment = Experiment(
        data, run.split, run.recipe, run.seed, Execution(device), run.generalised
    )
    run_experiment(experiment, folder / run.folder, resume=True)


def summarise_study(
    runs: list[StudyRun], results: list[dict[str, Any]], device: str
) -> dict[str, Any]:
    """Return a study's table: every metric's mean and 95 % interval over seeds.

    Args:
        runs: the cells.
        results: their metrics, in the same order.
        device: where they ran.

    Returns:
        rows (row, split, seeds, each metric's values, mean, low, high, seconds) and
        the provenance.

    Taught in: notebook 02.
    """
    cells: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for run, result in zip(runs, results, strict=True):
        cells.setdefault((run.row, run.split.name), []).append(result)
    rows = [summarise_cell(row, split, r) for (row, split), r in cells.items()]
    commits = sorted({result["commit"] for result in results})
    return {"rows": rows} | provenance(device) | {"commit": ", ".join(commits)}


def summarise_cell(
    row: str, split: str, results: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return mean and interval of every metric over the seeds of one cell."""
    summary = {"row": row, "split": split, "seeds": [r["seed"] for r in results]}
    summary |= {"seen_classes": results[0]["split"]["seen"]}
    recipe = dict(results[0]["recipe"])
    recipe["weights"] = Path(recipe["weights"]).name  # no folder of this machine
    if "teacher" in recipe:
        architecture, colon, source = recipe["teacher"].partition(":")
        recipe["teacher"] = architecture + colon + Path(source).name
    summary |= {"recipe": recipe}
    summary["metrics"] = summarise_metrics([r["metrics"] for r in results])
    for feature in results[0].get("metrics_by_feature", ()):
        values = [r["metrics_by_feature"][feature]["map@all"] for r in results]
        summary[f"{feature}_map@all"] = summarise_values(values)
    for protocol in results[0].get("generalised", ()):
        metrics = [r["generalised"][protocol] for r in results]
        summary[f"generalised/{protocol}"] = summarise_metrics(metrics)
    if "validation" in results[0]:
        values = [r["validation"]["map@all"] for r in results]
        summary["validation_map@all"] = summarise_values(values)
    seconds = [r["cpu_seconds"] for r in results]
    return summary | {"cpu_seconds": summarise_values(seconds)}


def summarise_metrics(metrics: list[dict[str, float]]) -> dict[str, Any]:
    """Return mean and interval of each metric over several runs."""
    return {n: summarise_values([one[n] for one in metrics]) for n in metrics[0]}


def summarise_values(values: list[float]) -> dict[str, Any]:
    """Return the values with their mean and 95 % interval, rounded to 5 decimals."""
    mean, low, high = mean_interval(values)
    rounded = {"mean": mean, "low": low, "high": high}
    summary = {n: None if v is None else round(v, 5) for n, v in rounded.items()}
    return {"values": [round(v, 5) for v in values]} | summary
