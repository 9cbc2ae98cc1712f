"""One experiment from data to metrics: what the command line and notebooks call."""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from zssbir_lib.data import (
    SketchPhotoData,
    ZeroShotData,
    ZeroShotSplit,
    hold_out_sketches,
)
from zssbir_lib.files import check_writable, write_json
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.scoring import SplitScorer, accuracy, apply_head, score_retrieval
from zssbir_lib.training.checkpoints import (
    read_checkpoint,
    restore_state,
    save_checkpoint,
)
from zssbir_lib.training.execution import Execution
from zssbir_lib.training.loop import Validation, Watcher, fit
from zssbir_lib.training.method import Method
from zssbir_lib.training.parallel import from_first, is_first, processes
from zssbir_lib.training.provenance import commit, provenance
from zssbir_lib.training.recipe import Recipe
from zssbir_lib.training.state import TrainingState, new_state

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.json"


@dataclass(frozen=True)
class Experiment:
    """One training and evaluation: which data, which method, which seed.

    Attributes:
        data: all images; only the classes of the split are used.
        split: which classes are seen, validation and unseen.
        method: how to train, an object such as `MATHM(margin=0.3)`.
        seed: decides first weights and all draws.
        execution: device, precision, workers.
        generalised: also score the two generalised protocols.
        source: how to load the data again, kept in the checkpoint for `evaluate`.
    """

    data: SketchPhotoData
    split: ZeroShotSplit
    method: Method
    seed: int = 0
    execution: Execution = field(default_factory=Execution)
    generalised: bool = False
    source: dict[str, Any] = field(default_factory=dict)

    def about(self) -> dict[str, Any]:
        """Return what a checkpoint says of data and split."""
        about = {"split": asdict(self.split), "data": self.data.name}
        return about | {"source": self.source}


def run_experiment(
    experiment: Experiment,
    folder: Path | None = None,
    resume: bool = False,
    on_epoch: Watcher | None = None,
) -> tuple[EmbeddingNet, dict[str, Any]]:
    """Train as the method says; return the network and its scores on unseen classes.

    Args:
        experiment: what to run.
        folder: where checkpoint.pt and metrics.json are written; None writes nothing.
        resume: continue from the folder's checkpoint if there is one.
        on_epoch: is told the state after every epoch.

    Raises:
        ValueError: the split does not fit the data, the folder already holds a run, or
            the training diverged.
    """
    processor, wall = time.process_time(), time.perf_counter()
    commit()  # of what runs now
    parts = experiment.split.apply(experiment.data)
    state, validate = prepare_state(experiment, parts, folder, resume)
    checkpoint = folder / CHECKPOINT if folder else None
    if state.total_steps:
        fit(state, validate, checkpoint, experiment.about(), on_epoch)
    elif checkpoint and is_first():
        save_checkpoint(state, checkpoint, experiment.about())
    result = evaluate_experiment(state.net, experiment, parts) if is_first() else {}
    result |= {"history": state.history, "steps": state.step}
    result["cpu_seconds"] = round(time.process_time() - processor, 1)
    result["wall_seconds"] = round(time.perf_counter() - wall, 1)
    if folder and is_first():
        write_json(result, folder / METRICS)
    return state.net.eval(), from_first(result)


def prepare_state(
    experiment: Experiment, parts: ZeroShotData, folder: Path | None, resume: bool
) -> tuple[TrainingState, Validation | None]:
    """Return the state to train, fresh or restored, and what watches it."""
    checkpoint = folder / CHECKPOINT if folder else None
    if checkpoint and is_first():
        check_writable(folder)
    if checkpoint and checkpoint.exists() and not resume:
        raise ValueError(
            f"{folder} already holds a run: add --resume to continue it, or choose "
            "another --out"
        )
    method = experiment.method
    seen, validate = training_material(method.recipe, parts)
    state = new_state(method, seen, experiment.seed, experiment.execution)
    if checkpoint and checkpoint.exists():
        content = read_checkpoint(checkpoint)
        check_split(content, experiment.split, checkpoint)
        restore_state(state, content, checkpoint)
    return state, validate


def check_split(content: dict[str, Any], split: ZeroShotSplit, path: Path) -> None:
    """Raise if a checkpoint was trained on other classes than those of a split."""
    saved = content["about"].get("split")
    if saved is not None and saved != asdict(split):
        raise ValueError(
            f"{path} was trained on other classes than those of {split.name!r}; repeat "
            "its --split and numbers of classes to resume, or choose another --out"
        )


def training_material(
    recipe: Recipe, parts: ZeroShotData
) -> tuple[SketchPhotoData, Validation | None]:
    """Return the seen classes to train on, and what maps the network to a validation.

    Held-out sketches are taken out where those are watched. The function's number is to
    be maximised; there is none where the split has no validation classes.
    """
    if recipe.validation == "sketches":
        seen, held_out = hold_out_sketches(parts.seen)
        return seen, lambda net: accuracy(
            apply_head(net, held_out, net.classify), held_out.labels
        )
    if parts.validation is None:
        return parts.seen, None
    return parts.seen, lambda net: score_retrieval(
        net, parts.validation, recipe.feature
    )["map@all"]


def evaluate_experiment(
    net: EmbeddingNet, experiment: Experiment, parts: ZeroShotData
) -> dict[str, Any]:
    """Return `SplitScorer.scores` of the unseen classes, and where they come from."""
    method, whole = experiment.method, experiment.generalised
    result = SplitScorer(net, parts).scores(method.recipe.feature, whole)
    about = (experiment.seed, experiment.split, experiment.data, experiment.execution)
    return result | describe_origin(method.to_dict(), *about)


def describe_origin(
    recipe: dict[str, Any],
    seed: int,
    split: ZeroShotSplit,
    data: SketchPhotoData,
    execution: Execution,
) -> dict[str, Any]:
    """Return what a result file says of recipe, seed, split, data and computation."""
    return {
        "recipe": recipe,
        "seed": seed,
        "split": describe_split(split),
        "data": {"name": data.name, "image_size": data.image_size},
        "execution": execution.to_dict() | {"processes": processes().count},
    } | provenance(execution.device)


def describe_split(split: ZeroShotSplit) -> dict[str, Any]:
    """Return a split's name and numbers of classes."""
    groups = ("seen", "validation", "unseen")
    return {"name": split.name} | {g: len(getattr(split, g)) for g in groups}
