"""Studies: the same experiment over rows, splits and seeds, resumable.

A study is described in a file of TOML: which rows, what each changes, which rows are
compared. `plan_runs` lists the runs, `run_study` trains what is missing, and
`study_table` makes a table of them (see `tables`).
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from zssbir_lib.data import SketchPhotoData, ZeroShotSplit
from zssbir_lib.jobs import run_jobs
from zssbir_lib.records import check_known, meant
from zssbir_lib.training.execution import Execution, use_threads
from zssbir_lib.training.experiment import (
    METRICS,
    Experiment,
    describe_split,
    run_experiment,
)
from zssbir_lib.training.method import Method
from zssbir_lib.training.methods import find_method
from zssbir_lib.training.provenance import provenance
from zssbir_lib.training.tables import Table, as_differences, run_line

DataLoader = Callable[[ZeroShotSplit, int], SketchPhotoData]
Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """Many trainings that are compared.

    Attributes:
        rows: what each row changes, by name; "method" names its method, and a row that
            has a "profile" is of that length only.
        compare: which row is compared with which.
        method: of the rows that name none.
        splits: names of splits.
        profiles: lengths.
        seeds: number of seeds, from 0.
        generalised: also score the two generalised protocols.
        cells: also score every protocol in every representation.
        changes: fields that all rows share.
    """

    rows: dict[str, Row]
    compare: Sequence[Sequence[str]] = ()
    method: str = ""
    splits: Sequence[str] = ("world-a",)
    profiles: Sequence[str] = ("quick",)
    seeds: int = 5
    generalised: bool = False
    cells: bool = False
    changes: dict[str, Any] = field(default_factory=dict)


def read_study(path: Path) -> Study:
    """Read the description of a study; its fields are those of `Study`.

    Args:
        path: a file of TOML.

    Returns:
        The study; files of methods that it names lie where it lies.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no TOML, or has an unknown field or no rows.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"no study at {path}; the project's own are in studies/"
        )
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    check_known(str(path), content, Study.__dataclass_fields__)
    if not content.get("rows"):
        raise ValueError(f"{path} has no rows: add a table [rows.NAME] for each")
    study = Study(**content)
    names = [row.get("method", study.method) for row in study.rows.values()]
    for row, name in zip(study.rows.values(), names, strict=True):
        row["method"] = str(path.parent / name) if ".py:" in name else name
    return study


@dataclass(frozen=True)
class StudyRun:
    """One cell of a study: a method on one split with one seed.

    Attributes:
        row: its name in the study's table, NAME:PROFILE.
        method: how to train.
        split: which classes are seen and unseen.
        seed: decides first weights and all draws.
        generalised: also score the two generalised protocols.
    """

    row: str
    method: Method
    split: ZeroShotSplit
    seed: int
    generalised: bool = False

    @property
    def folder(self) -> Path:
        """Folder of this run inside the study's folder."""
        row = self.row.replace(":", "-")
        return Path(row) / self.split.name / f"seed-{self.seed}"


def plan_runs(
    study: Study,
    splits: Sequence[ZeroShotSplit],
    rows: Sequence[str] | None = None,
    backbone: str = "small",
    **changes: Any,
) -> list[StudyRun]:
    """List the runs of a study, profile after profile.

    Args:
        study: what is compared.
        splits: where to run.
        rows: names of rows; None for all.
        backbone: name of the backbone.
        **changes: fields that all rows share whose method has them.

    Raises:
        ValueError: a row is unknown, something is named twice, a change is one that
            the rows make or that no method has, or there is no seed.
    """
    changes = study.changes | changes
    rows = tuple(study.rows) if rows is None else rows
    check_rows(rows, study.rows)
    check_changes(changes, study.rows.values())
    check_different("row", rows)
    check_different("profile", study.profiles)
    check_different("split", [split.name for split in splits])
    if study.seeds < 1:
        raise ValueError(f"seeds must be 1 or more, got {study.seeds}")
    kinds = {n: find_method(study.rows[n].get("method", study.method)) for n in rows}
    fields_of_any = [name for kind in kinds.values() for name in kind.hints()]
    check_known("the recipe", changes, dict.fromkeys(fields_of_any))
    methods = {}
    for profile in study.profiles:
        for name, kind in kinds.items():
            shared = {n: v for n, v in changes.items() if n in kind.hints()}
            row = merged(shared, study.rows[name])
            row.pop("method", None)
            label = name if "profile" in row else f"{name}:{profile}"
            given = {"backbone": backbone, "profile": profile} | row
            methods[profile, label] = kind.named(**given)
    runs = [
        StudyRun(label, methods[profile, label], split, seed, study.generalised)
        for profile in study.profiles
        for split in splits
        for seed in range(study.seeds)
        for (of, label) in methods
        if of == profile
    ]
    for run in runs:
        run.method.check_classes(len(run.split.seen))
    return list({(r.row, r.split.name, r.seed): r for r in runs}.values())


def check_rows(names: Iterable[str], known: Iterable[str]) -> None:
    """Raise if a row is unknown."""
    known = list(known)
    for name in names:
        if name not in known:
            raise ValueError(
                f"no row is called {name!r}{meant(name, known)}; choose from "
                f"{', '.join(known)}"
            )


def merged(changes: dict[str, Any], settings: Row) -> dict[str, Any]:
    """Return the fields of a row with those that all rows share, records put together.

    TOML has lists where a field takes a tuple.
    """
    whole = {**changes, **settings}
    for name, value in whole.items():
        if isinstance(value, dict):
            whole[name] = {**changes.get(name, {}), **settings.get(name, {})}
        elif isinstance(value, list):
            whole[name] = tuple(value)
    return whole


def check_changes(changes: dict[str, Any], rows: Iterable[Row]) -> None:
    """Raise if a change is one that the rows of the study make.

    A row that has weights of its own, such as none, keeps them beside those of all.
    """
    chosen = {name for row in rows for name in field_names(row)} - {"weights"}
    for name in field_names(changes):
        if name in chosen:
            raise ValueError(
                f"the rows of the study choose the {name}: leave {name} out"
            )


def field_names(changes: dict[str, Any]) -> set[str]:
    """Return the names of changed fields, RECORD.NAME in a record within the recipe."""
    names = set()
    for name, value in changes.items():
        within = isinstance(value, dict)
        names |= {f"{name}.{part}" for part in value} if within else {name}
    return names


def check_different(kind: str, names: Sequence[str]) -> None:
    """Raise if a name occurs twice."""
    for name in names:
        if list(names).count(name) > 1:
            raise ValueError(f"the {kind} {name!r} is named twice: name it once")


def with_seen_counts(
    splits: Sequence[ZeroShotSplit], counts: Sequence[int]
) -> list[ZeroShotSplit]:
    """Repeat splits with fewer seen classes, named after how many they keep."""
    return [
        split
        if count == len(split.seen)
        else replace(
            split.with_fewer_seen(count, seed=0), name=f"{split.name}-{count}-seen"
        )
        for split in splits
        for count in counts
    ]


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
    """
    waiting = [run for run in runs if not is_finished(run, folder)]
    work = partial(_run_one, load=load, folder=folder, device=device)
    done = len(runs) - len(waiting)
    with tqdm(total=len(runs), initial=done, unit="run") as bar:
        for _ in run_jobs(work, waiting, jobs):
            bar.update(1)
    return [json.loads((folder / run.folder / METRICS).read_text()) for run in runs]


def is_finished(run: StudyRun, folder: Path) -> bool:
    """Return whether a run's metrics exist; raise if they are of another recipe."""
    path = folder / run.folder / METRICS
    if not path.exists():
        return False
    content = json.loads(path.read_text())
    reasons = {
        "was made with another recipe": content["recipe"] != run.method.to_dict(),
        f"was made on another split ({content['split']})": content["split"]
        != describe_split(run.split),
        "lacks the generalised protocols": run.generalised
        and "generalised" not in content,
    }
    for why, so in reasons.items():
        if so:
            raise ValueError(f"{path} {why}; choose another folder for the runs")
    return True


def _run_one(run: StudyRun, load: DataLoader, folder: Path, device: str) -> None:
    """Run one cell, with one thread so that results repeat."""
    use_threads(1)
    data = load(run.split, run.method.recipe.image_size)
    experiment = Experiment(
        data, run.split, run.method, run.seed, Execution(device), run.generalised
    )
    run_experiment(experiment, folder / run.folder, resume=True)


def study_table(
    runs: list[StudyRun],
    results: list[dict[str, Any]],
    device: str,
    compare: Sequence[Sequence[str]] = (),
    scores: list[dict[str, Any]] | None = None,
) -> Table:
    """Return a study as a table, a line a run.

    Args:
        runs: the runs.
        results: what `run_study` returned for them.
        device: where they ran.
        compare: which row is compared with which.
        scores: what `score_study` returned for them, where every cell was scored.

    Returns:
        Everything that was measured, and where it comes from.
    """
    cells = [one["cells"] for one in scores] if scores else [None] * len(runs)
    lines = [
        run_line(run.row, result, cell)
        for run, result, cell in zip(runs, results, cells, strict=True)
    ]
    recipes = {
        run.row: without_folders(result["recipe"])
        for run, result in zip(runs, results, strict=True)
    }
    origin = provenance(device) | {"commit": commits_of(results)}
    if scores:
        origin |= {"commit_of_scores": commits_of(scores)}
        origin |= {"settings": scores[0]["origin"]["settings"]}
    compared = {"compare": [list(pair) for pair in compare]}
    return Table(pd.DataFrame(lines), origin | as_differences(recipes) | compared)


def without_folders(recipe: dict[str, Any]) -> dict[str, Any]:
    """Return a recipe in which no weights are named by a folder of this machine."""
    recipe = recipe | {"weights": Path(recipe["weights"]).name}
    if "teacher" in recipe:
        architecture, colon, source = recipe["teacher"].partition(":")
        recipe["teacher"] = architecture + colon + Path(source).name
    return recipe


def commits_of(contents: list[dict[str, Any]]) -> str:
    """Return the commits that files were written by, each once."""
    return ", ".join(sorted({content["commit"] for content in contents}))
