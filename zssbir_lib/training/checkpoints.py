"""Checkpoints: written atomically, read without executing anything in them."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from zssbir_lib.training.atomic_files import reason, write_whole
from zssbir_lib.training.recipes.recipe import Recipe
from zssbir_lib.training.state import TrainingState, build_net

FORMAT = 4  # 4: the sampler's state apart from the method's
PLAIN_FIELDS = (
    "seed",
    "steps_per_epoch",
    "step",
    "epoch_losses",
    "history",
    "best_validation",
    "best_weights",
    "stale_epochs",
    "sampler",
    "method_state",
)


def save_checkpoint(
    state: TrainingState, path: Path, about: dict[str, Any] | None = None
) -> None:
    """Write the whole state to a file: under a temporary name first, then renamed.

    A crash while writing leaves the previous checkpoint as it was.

    Args:
        state: the state to keep.
        path: the file; its folder must exist.
        about: plain values to keep beside it, such as the split.

    Raises:
        OSError: it cannot be written, for example because the disk is full.

    Taught in: notebook 02.
    """
    content = {name: getattr(state, name) for name in PLAIN_FIELDS}
    content |= {
        "format": FORMAT,
        "recipe": state.recipe.to_dict(),
        "model": state.net.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "generator": state.generator.get_state(),
        "about": about or {},
    }
    write_whole(path, lambda file: torch.save(content, file))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint file.

    Args:
        path: a file written by `save_checkpoint`.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, no checkpoint, or of another format.

    Taught in: notebook 02.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no checkpoint at {path}; `fit --out DIR` writes one")
    try:
        check_sums(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises many kinds
        why = reason(error).partition(". ")[0]
        raise ValueError(
            f"{path} is damaged or no checkpoint ({why}); put a whole copy in its "
            "place, or delete it and train again"
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(
            f"{path} is not a checkpoint of format {FORMAT}; train again, or use the "
            "version of zssbir that wrote it"
        )
    return content


def check_sums(path: Path) -> None:
    """Raise unless every byte of a checkpoint is as it was written.

    PyTorch's own reader does not look at the checksums in the file.

    Args:
        path: the file, an archive.

    Raises:
        zipfile.BadZipFile: a part is missing or changed.
    """
    with zipfile.ZipFile(path) as archive:
        changed = archive.testzip()
    if changed is not None:
        raise zipfile.BadZipFile(f"the checksum of {changed} is wrong")


def restore_state(state: TrainingState, content: dict[str, Any], path: Path) -> None:
    """Continue from a checkpoint: overwrite a fresh state of the same run.

    Args:
        state: the state before the first step; changed in place.
        content: what `read_checkpoint` returned.
        path: where it came from, for the message.

    Raises:
        ValueError: the checkpoint belongs to another recipe or seed, or something is
            missing in it.

    Taught in: notebook 02.
    """
    saved, wanted = Recipe.from_dict(content["recipe"]), state.recipe
    if saved != wanted or content["seed"] != state.seed:
        raise ValueError(
            f"{path} is of another run ({_difference(saved, wanted, content, state)}); "
            "repeat its settings to resume, or choose another --out"
        )
    try:
        state.net.load_state_dict(content["model"])
        state.optimiser.load_state_dict(content["optimiser"])
        state.generator.set_state(content["generator"])
        for name in PLAIN_FIELDS:
            setattr(state, name, content[name])
    except (KeyError, RuntimeError) as error:
        raise ValueError(
            f"{path} does not hold what this run needs ({reason(error)}); train again, "
            "or use the version of zssbir that wrote it"
        ) from error


def _difference(
    saved: Recipe, wanted: Recipe, content: dict[str, Any], state: TrainingState
) -> str:
    """Name the first setting in which two runs differ."""
    before, now = saved.to_dict(), wanted.to_dict()
    before["seed"], now["seed"] = content["seed"], state.seed
    name = next(name for name in now if before[name] != now[name])
    return f"{name} was {before[name]}, is {now[name]}"


def load_trained_net(content: dict[str, Any]) -> tuple[torch.nn.Module, Recipe]:
    """Return the network of a checkpoint, ready to embed images.

    Args:
        content: what `read_checkpoint` returned.

    Returns:
        The network in evaluation mode, with the best weights if early stopping kept
        some, and its recipe.

    Taught in: notebook 02.
    """
    recipe = Recipe.from_dict(content["recipe"])
    weights = content["best_weights"] or content["model"]
    sizes = {
        name.split(".")[1]: len(weight)
        for name, weight in weights.items()
        if name.startswith("heads.") and name.endswith(".weight")
    }
    net = build_net(replace(recipe, weights="none"), seed=0, head_sizes=sizes)
    net.load_state_dict(weights)
    return net.eval(), recipe
