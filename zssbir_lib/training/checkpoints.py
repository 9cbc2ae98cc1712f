"""Checkpoints: written atomically, read without executing anything in them."""

import zipfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zssbir_lib.files import reason, write_whole
from zssbir_lib.models import EmbeddingNet, classifier
from zssbir_lib.records import record_from
from zssbir_lib.training.recipe import Recipe
from zssbir_lib.training.state import TrainingState, assemble_net

FORMAT = 5  # 5: methods are objects; what a method keeps is called "kept"
PLAIN_FIELDS = ("seed", "steps_per_epoch", "step", "epoch_losses", "history", "drawn")
PLAIN_FIELDS += ("best_validation", "best_weights", "stale_epochs")


def save_checkpoint(
    state: TrainingState, path: Path, about: dict[str, Any] | None = None
) -> None:
    """Write the whole state to a file; a crash leaves the one before as it was.

    Args:
        state: the state to keep.
        path: the file; its folder must exist.
        about: plain values to keep beside it, such as the split.

    Raises:
        OSError: it cannot be written, for example because the disk is full.
    """
    content = {name: getattr(state, name) for name in PLAIN_FIELDS}
    content |= {
        "format": FORMAT,
        "recipe": state.method.to_dict(),
        "classes": list(state.net.trained_on),
        "model": state.net.state_dict(),
        "optimiser": state.optimiser.state_dict(),
        "generator": state.generator.get_state(),
        "kept": state.kept.state_dict() if hasattr(state.kept, "state_dict") else {},
        "about": about or {},
    }
    write_whole(path, lambda file: torch.save(content, file))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the content of a file that `save_checkpoint` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, no checkpoint, or of another format.
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
    """Raise unless every byte is as it was written: PyTorch's reader does not look."""
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
        ValueError: it is of another recipe or seed, or something is missing in it.
    """
    saved = content["recipe"] | {"seed": content["seed"]}
    wanted = state.method.to_dict() | {"seed": state.seed}
    if saved != wanted:
        raise ValueError(
            f"{path} is of another run ({first_difference(saved, wanted)}); repeat its "
            "settings to resume, or choose another --out"
        )
    try:
        state.net.load_state_dict(content["model"])
        state.optimiser.load_state_dict(content["optimiser"])
        state.generator.set_state(content["generator"])
        if content["kept"]:
            state.kept.load_state_dict(content["kept"])
        for name in PLAIN_FIELDS:
            setattr(state, name, content[name])
    except (KeyError, RuntimeError) as error:
        raise ValueError(
            f"{path} does not hold what this run needs ({reason(error)}); train again, "
            "or use the version of zssbir that wrote it"
        ) from error


def first_difference(saved: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Name the first setting in which two runs differ."""
    names = [*wanted, *saved]
    name = next(n for n in names if saved.get(n) != wanted.get(n))
    return f"{name} was {saved.get(name)}, is {wanted.get(name)}"


def load_trained_net(content: dict[str, Any]) -> tuple[EmbeddingNet, Recipe]:
    """Return the network of what `read_checkpoint` returned, and its recipe.

    The network is in evaluation mode and has the best weights if early stopping kept
    some. The method it was trained with need not be known here: a head that is no
    linear layer is left out, for retrieval does without heads.
    """
    values, names = content["recipe"], [field.name for field in fields(Recipe)]
    recipe = record_from(Recipe, {n: values[n] for n in names})
    weights = content["best_weights"] or content["model"]
    heads = rebuilt_heads(weights, values.get("classifier_scale", 0.0))
    reads = values.get("classifier_input", "pooled")
    bare = replace(recipe, weights="none")
    net = assemble_net(bare, 0, lambda features: heads, reads)
    kept = {n: w for n, w in weights.items() if head_of(n) in (None, *heads)}
    net.load_state_dict(kept)
    net.trained_on = tuple(content["classes"])
    return net.eval(), recipe


def rebuilt_heads(weights: dict[str, Tensor], scale: float) -> dict[str, nn.Module]:
    """Return a network's linear heads, their shapes taken from its weights."""
    heads = {}
    for name in dict.fromkeys(filter(None, map(head_of, weights))):
        own = {n for n in weights if head_of(n) == name}
        weight, bias = f"heads.{name}.weight", f"heads.{name}.bias"
        if weight in own <= {weight, bias} and weights[weight].ndim == 2:
            outputs, inputs = weights[weight].shape
            by_angle = scale if name == "identity" else 0.0
            heads[name] = classifier(inputs, outputs, bias in own, by_angle)
    return heads


def head_of(name: str) -> str | None:
    """Return which head a weight belongs to, None for the network before the heads."""
    parts = name.split(".")
    return parts[1] if parts[0] == "heads" else None
