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
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.atomic_files import check_writable
from zssbir_lib.training.checkpoints import read_checkpoint, restore_state
from zssbir_lib.training.embedding import accuracy, apply_head
from zssbir_lib.training.hardware.execution import Execution
from zssbir_lib.training.hardware.processes import from_first, is_first, processes
from zssbir_lib.training.loop import Validation, fit
from zssbir_lib.training.methods.build import build_method
from zssbir_lib.training.provenance import provenance, write_json
from zssbir_lib.training.recipes.checks import FEATURES
from zssbir_lib.training.recipes.recipe import Recipe
from zssbir_lib.training.scoring import (
    embed_zero_shot,
    score_generalised,
    score_retrieval,
)
from zssbir_lib.training.state import TrainingState, new_state

CHECKPOINT = "checkpoint.pt"
METRICS = "metrics.json"


@dataclass(frozen=True)
class Experiment:
    """One training and evaluation: which data, which recipe, which seed.

    Attributes:
        data: all images; only the classes of the split are used.
        split: which classes are seen, validation and unseen.
        recipe: how to train.
        seed: decides first weights and all draws.
        execution: device, precision, workers.
        generalised: also score the two generalised protocols.

    Taught in: notebook 02.
    """

    data: SketchPhotoData
    split: ZeroShotSplit
    recipe: Recipe
    seed: int = 0
    execution: Execution = field(default_factory=Execution)
    generalised: bool = False


def run_experiment(
    experiment: Experiment, folder: Path | None = None, resume: bool = False
) -> tuple[EmbeddingNet, dict[str, Any]]:
    """Train as the recipe says and evaluate on the unseen classes.

    Args:
        experiment: what to run.
        folder: where checkpoint.pt and metrics.json are written; None writes nothing.
        resume: continue from the folder's checkpoint if there is one.

    Returns:
        The trained network and the content of metrics.json.

    Raises:
        ValueError: the split does not fit the data, the folder already holds a run, or
            the training diverged.

    Taught in: notebook 02.
    """
    started = time.process_time(), time.perf_counter()
    parts = experiment.split.apply(experiment.data)
    state = prepare_state(experiment, parts, folder, resume)
    train(state, experiment, parts, folder)
    result = evaluate_experiment(state.net, experiment, parts) if is_first() else {}
    result |= {"history": state.history, "steps": state.step}
    result |= elapsed(*started)
    if folder and is_first():
        write_json(result, folder / METRICS)
    return state.net.eval(), from_first(result)


def prepare_state(
    experiment: Experiment, parts: ZeroShotData, folder: Path | None, resume: bool
) -> TrainingState:
    """Return the state to train: fresh, or restored from the folder's checkpoint.

    Args:
        experiment: what to run.
        parts: the split data.
        folder: see `run_experiment`; it is created.
        resume: see `run_experiment`.

    Raises:
        ValueError: the folder holds a checkpoint and `resume` is False.

    Taught in: notebook 02.
    """
    state = new_state(
        experiment.recipe,
        experiment.seed,
        len(training_material(experiment.recipe, parts)[0].sketches),
        experiment.execution,
        classes=len(parts.seen.class_names),
    )
    if folder is None:
        return state
    if is_first():
        check_writable(folder)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        if not resume:
            raise ValueError(
                f"{folder} already holds a run: add --resume to continue it, or choose "
                "another --out"
            )
        content = read_checkpoint(checkpoint)
        check_split(content, experiment.split, checkpoint)
        restore_state(state, content, checkpoint)
    return state


def check_split(content: dict[str, Any], split: ZeroShotSplit, path: Path) -> None:
    """Raise if a checkpoint was trained on other classes than those of a split."""
    saved = content["about"].get("split")
    if saved is not None and saved != asdict(split):
        raise ValueError(
            f"{path} was trained on other classes than those of {split.name!r}; repeat "
            "its --split and numbers of classes to resume, or choose another --out"
        )


def train(
    state: TrainingState,
    experiment: Experiment,
    parts: ZeroShotData,
    folder: Path | None,
) -> None:
    """Train a state on the seen classes, watching what the recipe says.

    Args:
        state: changed in place.
        experiment: what to run.
        parts: the split data.
        folder: where the checkpoint goes.

    Taught in: notebook 02.
    """
    if state.total_steps == 0:
        return
    seen, validate = training_material(experiment.recipe, parts)
    fit(
        state,
        build_method(
            seen, experiment.recipe, experiment.execution.device, experiment.seed
        ),
        validate,
        folder / CHECKPOINT if folder else None,
        about={"split": asdict(experiment.split), "data": experiment.data.name},
    )


def training_material(
    recipe: Recipe, parts: ZeroShotData
) -> tuple[SketchPhotoData, Validation | None]:
    """Return what to train on, and how to tell after every epoch how it goes.

    Args:
        recipe: its `validation` says what is watched.
        parts: the split data.

    Returns:
        The seen classes, without held-out sketches where those are watched, and a
        function from the network to a number to be maximised; None where the split has
        no validation classes to watch.

    Taught in: notebook 04.
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
    """Score a network on the unseen classes and say where the numbers come from.

    Args:
        net: the trained network.
        experiment: what was run.
        parts: the split data.

    Returns:
        metrics (zero-shot), the same for all features, optionally generalised, recipe,
        split, provenance.

    Taught in: notebook 02.
    """
    feature = experiment.recipe.feature
    features = [f for f in FEATURES if f != "centred" or net.centring is not None]
    sets = {f: embed_zero_shot(net, parts.unseen, f) for f in features}
    by_feature = {f: sets[f].evaluate() for f in features}
    result = {"metrics": by_feature[feature], "metrics_by_feature": by_feature}
    result["metrics_macro"] = sets[feature].evaluate(average="macro")
    if parts.validation is not None:
        result["validation"] = score_retrieval(net, parts.validation, feature)
    if experiment.generalised:
        result["generalised"] = score_generalised(
            net, parts.seen, parts.unseen, feature
        )
    result |= {"recipe": experiment.recipe.to_dict(), "seed": experiment.seed}
    result["split"] = describe_split(experiment.split)
    result["data"] = {
        "name": experiment.data.name,
        "image_size": experiment.data.image_size,
    }
    result["execution"] = experiment.execution.to_dict()
    result["execution"]["processes"] = processes().count
    return result | provenance(experiment.execution.device)


def describe_split(split: ZeroShotSplit) -> dict[str, Any]:
    """Return a split's name and numbers of classes."""
    groups = ("seen", "validation", "unseen")
    return {"name": split.name} | {g: len(getattr(split, g)) for g in groups}


def elapsed(processor: float, wall: float) -> dict[str, float]:
    """Return processor and wall seconds since two starting times."""
    return {
        "cpu_seconds": round(time.process_time() - processor, 1),
        "wall_seconds": round(time.perf_counter() - wall, 1),
    }
