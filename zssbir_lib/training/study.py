"""Studies: the same experiment over rows, splits and seeds, resumable.

A study is described in a file of TOML: which rows, what each changes, which rows are
compared. `plan_runs` lists the runs, `run_study` trains what is missing, `score_study`
scores it in every cell; `tables` makes tables of them.
"""

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from tqdm import tqdm

from zssbir_lib.data import SketchPhotoData, ZeroShotSplit
from zssbir_lib.evaluation.neighbourhood import NEIGHBOURS
from zssbir_lib.evaluation.representations import BITS
from zssbir_lib.files import write_json
from zssbir_lib.jobs import run_jobs
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.records import check_known, meant
from zssbir_lib.scoring import CELL_METRICS, CELLS, SplitScorer, check_gallery_size
from zssbir_lib.training.checkpoints import load_trained_net, read_checkpoint
from zssbir_lib.training.execution import Execution, use_threads
from zssbir_lib.training.experiment import (
    CHECKPOINT,
    METRICS,
    Experiment,
    describe_split,
    run_experiment,
)
from zssbir_lib.training.method import Method
from zssbir_lib.training.methods import find_method
from zssbir_lib.training.provenance import provenance

SCORES = "table.json"
SETTINGS = {
    "cells": list(CELLS),
    "metrics": list(CELL_METRICS),
    "bits": BITS,
    "neighbours": NEIGHBOURS,
}
DataLoader = Callable[[ZeroShotSplit, int], SketchPhotoData]
Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """Many trainings that are compared."""

    rows: dict[str, Row]  # what each row changes; its "method"; its only "profile"
    compare: Sequence[Sequence[str]] = ()  # which row is compared with which
    method: str = ""  # of the rows that name none
    splits: Sequence[str] = ("world-a",)  # names of splits
    profiles: Sequence[str] = ("quick",)  # lengths
    seeds: int = 5  # number of seeds, from 0
    generalised: bool = False  # also score the two generalised protocols
    cells: bool = False  # also score every protocol in every representation
    changes: dict[str, Any] = field(default_factory=dict)  # fields that all rows share

    def kinds(self, rows: Iterable[str]) -> dict[str, type[Method]]:
        """Return the methods of some rows."""
        return {n: find_method(self.rows[n].get("method", self.method)) for n in rows}

    def hints(self, rows: Iterable[str]) -> dict[str, Any]:
        """Return the annotations of every field that a method of some rows has."""
        hints: dict[str, Any] = {}
        for kind in self.kinds(rows).values():
            hints |= kind.hints()
        return hints


def read_study(path: Path) -> Study:
    """Read the description of a study; its fields are those of `Study`.

    Files of methods that it names lie where it lies.
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
    for row in study.rows.values():
        name = row.get("method", study.method)
        row["method"] = str(path.parent / name) if ".py:" in name else name
    return study


@dataclass(frozen=True)
class StudyRun:
    """One cell of a study: a method, a split, a seed; `row` is NAME:PROFILE."""

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
    """List the runs of a study, profile after profile; None for all rows.

    `changes` are fields that all rows share whose method has them.
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
    check_known("the recipe", changes, study.hints(rows))
    runs = {}  # a row with a length of its own is in every profile, and runs once
    for profile in study.profiles:
        given = {"backbone": backbone, "profile": profile}
        methods = {}
        for name, kind in study.kinds(rows).items():
            shared = {n: v for n, v in changes.items() if n in kind.hints()}
            row = merged(shared, study.rows[name])
            row.pop("method", None)
            label = name if "profile" in row else f"{name}:{profile}"
            methods[label] = kind.named(**given | row)
        for split, seed, row in product(splits, range(study.seeds), methods):
            run = StudyRun(row, methods[row], split, seed, study.generalised)
            runs[row, split.name, seed] = run
    for run in runs.values():
        run.method.check_classes(len(run.split.seen))
    return list(runs.values())


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
    """Return a row's fields and those all share: records joined, lists as tuples."""
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

    def fewer(split: ZeroShotSplit, count: int) -> ZeroShotSplit:
        if count == len(split.seen):
            return split
        name = f"{split.name}-{count}-seen"
        return replace(split.with_fewer_seen(count, seed=0), name=name)

    return [fewer(split, count) for split in splits for count in counts]


# --- training what is missing --------------------------------------------------------


def run_study(
    runs: list[StudyRun],
    load: DataLoader,
    folder: Path,
    device: str = "cpu",
    jobs: int = 1,
) -> list[dict[str, Any]]:
    """Run every cell that has no metrics yet; return every metrics.json in order.

    There is one sub-folder a run; interrupted ones continue from their checkpoint.
    `load` returns the images of a split at a size, picklable when jobs > 1.
    """
    waiting = [run for run in runs if not is_finished(run, folder)]
    work = partial(train_run, load=load, folder=folder, device=device)
    finish(work, waiting, jobs, total=len(runs), unit="run")
    return read_all(runs, folder, METRICS)


def finish(work: Callable, waiting: list[StudyRun], jobs: int, **bar: Any) -> None:
    """Do the work for the runs that wait, and show how many of all are done."""
    done = bar["total"] - len(waiting)
    for _ in tqdm(run_jobs(work, waiting, jobs), initial=done, **bar):
        pass


def read_all(runs: list[StudyRun], folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the file of a name of every run."""
    return [json.loads((folder / run.folder / name).read_text()) for run in runs]


def is_finished(run: StudyRun, folder: Path) -> bool:
    """Return whether a run's metrics exist; raise if they are of another recipe."""
    path = folder / run.folder / METRICS
    if not path.exists():
        return False
    content = json.loads(path.read_text())
    why = None
    if content["recipe"] != run.method.to_dict():
        why = "was made with another recipe"
    elif content["split"] != describe_split(run.split):
        why = f"was made on another split ({content['split']})"
    elif run.generalised and "generalised" not in content:
        why = "lacks the generalised protocols"
    if why:
        raise ValueError(f"{path} {why}; choose another folder for the runs")
    return True


def train_run(run: StudyRun, load: DataLoader, folder: Path, device: str) -> None:
    """Run one cell, with one thread so that results repeat."""
    use_threads(1)
    data, how = load(run.split, run.method.recipe.image_size), Execution(device)
    about = (data, run.split, run.method, run.seed, how, run.generalised)
    run_experiment(Experiment(*about), folder / run.folder, resume=True)


# --- scoring every network in every cell ---------------------------------------------


def score_study(
    runs: list[StudyRun],
    load: DataLoader,
    folder: Path,
    device: str = "cpu",
    jobs: int = 1,
) -> list[dict[str, Any]]:
    """Score every run that has no valid scores yet; return every table.json in order.

    Scores in the folder are taken if they are of this network and were made in the same
    way, and made again if not.
    """
    waiting = [run for run in runs if not is_scored(run, folder)]
    work = partial(score_run, load=load, folder=folder, device=device)
    finish(work, waiting, jobs, total=len(runs), desc="scores", unit="net")
    return read_all(runs, folder, SCORES)


def is_scored(run: StudyRun, folder: Path) -> bool:
    """Return whether scores of this network exist, made as they would be now."""
    origin = origin_of(run, folder)
    try:
        content = json.loads((folder / run.folder / SCORES).read_text())
    except (FileNotFoundError, ValueError):
        return False
    return isinstance(content, dict) and content.get("origin") == origin


def origin_of(run: StudyRun, folder: Path) -> dict[str, Any]:
    """Return what decides a run's scores: its network, its split, how it is scored."""
    path = folder / run.folder / CHECKPOINT
    if not path.is_file():
        raise FileNotFoundError(
            f"no checkpoint at {path} although its training is finished: delete its "
            "folder, and the same command trains it again"
        )
    with path.open("rb") as file:
        network = {"sha256": hashlib.file_digest(file, "sha256").hexdigest()}
    origin = dict(network=network, split=asdict(run.split), settings=SETTINGS)
    return json.loads(json.dumps(origin))


def score_run(run: StudyRun, load: DataLoader, folder: Path, device: str) -> None:
    """Score one network and write its file, with one thread so that scores repeat."""
    use_threads(1)
    content = {"origin": origin_of(run, folder)}
    parts = run.split.apply(load(run.split, run.method.recipe.image_size))
    scorer = SplitScorer(net_of(run, folder).to(device), parts)
    content["cells"] = scorer.cells(run.method.recipe.feature)
    content |= {"recipe": run.method.to_dict(), "seed": run.seed} | provenance(device)
    write_json(content, folder / run.folder / SCORES)


def net_of(run: StudyRun, folder: Path) -> EmbeddingNet:
    """Return the network that a run ended with, on the CPU."""
    path = folder / run.folder / CHECKPOINT
    content = read_checkpoint(path)
    saved = content["recipe"], content["seed"], content["about"].get("split")
    if saved != (run.method.to_dict(), run.seed, asdict(run.split)):
        raise ValueError(
            f"{path} is of another recipe, seed or split than its folder says: delete "
            "the folder, and the same command trains it again"
        )
    return load_trained_net(content)[0]


def check_codes_fit(runs: list[StudyRun], load: DataLoader) -> None:
    """Raise before the first training if codes cannot be made after the last."""
    for run in runs:
        recipe = run.method.recipe
        if recipe.feature == "embedding" and recipe.embedding_size < BITS:
            raise ValueError(
                f"embedding_size is {recipe.embedding_size}: codes of {BITS} bits need "
                f"{BITS} or more"
            )
    places = dict.fromkeys((run.split, run.method.recipe.image_size) for run in runs)
    for split, image_size in places:
        check_gallery_size(split.apply(load(split, image_size)))
