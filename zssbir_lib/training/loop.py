"""The training loop, the same for every method."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from zssbir_lib.models import set_training_mode
from zssbir_lib.training.checkpoints import save_checkpoint
from zssbir_lib.training.hardware.gathering import average_gradients, gather, own_part
from zssbir_lib.training.hardware.processes import (
    any_process,
    from_first,
    is_first,
    processes,
)
from zssbir_lib.training.interruption import Interruption
from zssbir_lib.training.loading import explained_failures, load_steps
from zssbir_lib.training.methods.base import Method
from zssbir_lib.training.methods.batch import Batch
from zssbir_lib.training.preparation import prepare_images
from zssbir_lib.training.processor import flush_denormals, keep_freed_memory
from zssbir_lib.training.progress import StepProgress
from zssbir_lib.training.schedule import (
    freeze_groups,
    learning_rate_factor,
    set_learning_rate,
)
from zssbir_lib.training.state import TrainingState

Validation = Callable[[torch.nn.Module], float]


def fit(
    state: TrainingState,
    method: Method,
    validate: Validation | None = None,
    checkpoint: Path | None = None,
    about: dict[str, Any] | None = None,
) -> None:
    """Train until the recipe's last epoch, early stopping, or Ctrl-C.

    Args:
        state: what to train; changed in place. A restored state goes on where it was.
        method: draws batches and computes losses.
        validate: maps the network to a number to be maximised, after every epoch.
        checkpoint: file to write after every epoch and at Ctrl-C.
        about: plain values to keep in the checkpoint.

    Raises:
        KeyboardInterrupt: Ctrl-C; the checkpoint holds the last whole step.
        ValueError: the loss became NaN or infinite, an image cannot be read, or early
            stopping was asked for without a validation.
        OSError: the checkpoint cannot be written, a worker died, or the GPU is full.

    Taught in: notebook 02.
    """
    if state.recipe.patience and validate is None:
        raise ValueError("early stopping (patience) needs validation classes")

    def keep() -> None:
        state.method_state = method.state_dict()
        if checkpoint and is_first():
            save_checkpoint(state, checkpoint, about)

    flush_denormals()
    keep_freed_memory()
    if state.method_state:
        method.load_state_dict(state.method_state)
    progress = StepProgress(state.total_steps, state.step)
    with progress, Interruption() as interruption, explained_failures():
        for batch in load_steps(state, method):
            losses = training_step(state, method, batch)
            state.epoch_losses.append(losses)
            progress.step(losses["loss"], len(batch.labels))

            if state.step % state.steps_per_epoch == 0:
                end_epoch(state, validate)
                keep()
            if any_process(interruption.requested):
                keep()
                raise KeyboardInterrupt(f"stopped after step {state.step}")
            if state.finished:
                break
    if state.best_weights is not None:
        state.net.load_state_dict(state.best_weights)


def training_step(
    state: TrainingState, method: Method, batch: Batch
) -> dict[str, float]:
    """Take one step down the gradient and return the value of every loss.

    Args:
        state: changed in place: weights, optimiser, step number.
        method: computes the losses.
        batch: the images of this step.

    Returns:
        Each loss by name, their sum as "loss", and what the method observed.

    Raises:
        ValueError: the sum is NaN or infinite.

    Taught in: notebook 02.
    """
    prepare_step(state)
    images = network_input(state, batch)  # this process's part
    pooled = state.features(images, batch.modality)  # of the whole batch, (B, F)
    if method.needs_images:
        images = gather(images)
    losses = method.losses(state.net, pooled, images, batch)
    total = sum(losses.values())
    check_finite(total, state)
    state.optimiser.zero_grad()
    total.backward()
    average_gradients(state.features.behind(state.net))
    state.optimiser.step()
    state.step += 1
    return read_numbers(losses | {"loss": total} | method.observed)


def read_numbers(values: dict[str, Tensor]) -> dict[str, float]:
    """Return tensors without dimensions as numbers, waiting for a GPU only once.

    Args:
        values: by name, the "loss" among them.
    """
    device = values["loss"].device
    numbers = [value.detach().float().to(device) for value in values.values()]
    return dict(zip(values, torch.stack(numbers).tolist(), strict=True))


def network_input(state: TrainingState, batch: Batch) -> Tensor:
    """Return what the network sees of a batch, augmented; of one's own part only.

    Args:
        state: its generator decides the augmentation, unless that was drawn before.
        batch: the images of a step.

    Returns:
        Float images (B / n, 3, S, S), n the number of processes.

    Taught in: notebook 02.
    """
    variation = batch.variation
    if variation is None:
        variation = state.recipe.augmentation.draw(len(batch.labels), state.generator)
    return prepare_images(
        batch.images.to(state.device, non_blocking=True),
        own_part(batch.modality),
        state.net.pixels,
        variation.rows(*processes()),
    )


def prepare_step(state: TrainingState) -> None:
    """Set everything that depends on how far the training is.

    In the frozen epochs backbone and projection are left as they are, the statistics of
    the backbone's BatchNorm included.

    Args:
        state: changed in place: training mode, learning rates, what takes part.

    Taught in: notebook 05.
    """
    recipe = state.recipe
    frozen = state.step < recipe.frozen_epochs * state.steps_per_epoch
    set_training_mode(state.net, recipe.keep_batchnorm or frozen)
    if recipe.frozen_epochs:
        freeze_groups(state.optimiser, frozen)
    factor = learning_rate_factor(
        recipe.schedule,
        state.step,
        state.total_steps,
        state.steps_per_epoch,
        recipe.frozen_epochs,
    )
    set_learning_rate(state.optimiser, factor)


def check_finite(total: Tensor, state: TrainingState) -> None:
    """Raise if the loss is NaN or infinite, saying where and what to try."""
    if not torch.isfinite(total):
        rate = state.optimiser.param_groups[-1]["lr"]
        raise ValueError(
            f"the loss is {total.item()} at step {state.step + 1} of "
            f"{state.total_steps} (learning rate {rate:.2g}). Try a smaller "
            "learning_rate, and look for broken images; a checkpoint saved before is "
            "untouched"
        )


def end_epoch(state: TrainingState, validate: Validation | None) -> None:
    """Close the epoch: mean losses, validation, and the best weights so far.

    A mean is over the steps that have the loss or observation.

    Args:
        state: changed in place.
        validate: see `fit`.

    Taught in: notebook 02.
    """
    steps = state.epoch_losses
    names = dict.fromkeys(name for step in steps for name in step)
    values = {name: [step[name] for step in steps if name in step] for name in names}
    record = {name: sum(some) / len(some) for name, some in values.items()}
    record |= {"epoch": state.step // state.steps_per_epoch, "step": state.step}
    if validate is not None:
        value = validate(state.net) if is_first() else None
        record["validation"] = from_first(value)
        note_validation(state, record["validation"])
    state.history.append(record)
    state.epoch_losses = []


def note_validation(state: TrainingState, value: float) -> None:
    """Count epochs without improvement; with early stopping, keep the best weights."""
    if value > state.best_validation:
        state.best_validation, state.stale_epochs = value, 0
        if state.recipe.patience:
            weights = state.net.state_dict()
            state.best_weights = {n: w.detach().clone() for n, w in weights.items()}
    else:
        state.stale_epochs += 1
