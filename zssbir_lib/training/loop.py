"""The training loop, the same for every method: read `training_step` from top to end.

Around it: `loading` reads the images of coming steps, `execution` computes features
precisely or fast, `parallel` shares the work with other processes, `checkpoints` keeps
the state.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from zssbir_lib.data import prepare_images
from zssbir_lib.models import EmbeddingNet, set_training_mode
from zssbir_lib.training.checkpoints import save_checkpoint
from zssbir_lib.training.execution import prepare_processor
from zssbir_lib.training.loading import explained_failures, load_steps
from zssbir_lib.training.method import Batch, Step
from zssbir_lib.training.parallel import (
    any_process,
    average_gradients,
    from_first,
    gather,
    is_first,
    own_part,
    processes,
)
from zssbir_lib.training.schedule import (
    freeze_groups,
    learning_rate_factor,
    set_learning_rate,
)
from zssbir_lib.training.state import TrainingState

Validation = Callable[[EmbeddingNet], float]
Watcher = Callable[[TrainingState], None]


def fit(
    state: TrainingState,
    validate: Validation | None = None,
    checkpoint: Path | None = None,
    about: dict[str, Any] | None = None,
    on_epoch: Watcher | None = None,
) -> None:
    """Train until the last epoch, early stopping, or Ctrl-C.

    Args:
        state: what to train; changed in place. A restored state goes on where it was.
        validate: maps the network to a number to be maximised, after every epoch.
        checkpoint: file to write after every epoch and at Ctrl-C.
        about: plain values to keep in the checkpoint.
        on_epoch: is told the state after every epoch, by the first process.

    Raises:
        KeyboardInterrupt: Ctrl-C; the checkpoint holds the last whole step.
        ValueError: the loss became NaN or infinite, an image cannot be read, or early
            stopping was asked for without a validation.
        OSError: the checkpoint cannot be written, a worker died, or the GPU is full.
    """
    if state.recipe.patience and validate is None:
        raise ValueError("early stopping (patience) needs validation classes")

    def keep() -> None:
        if checkpoint and is_first():
            save_checkpoint(state, checkpoint, about)

    prepare_processor()
    with StepProgress(state) as progress, Interruption() as stop, explained_failures():
        for batch in load_steps(state):
            losses = training_step(state, batch)
            state.epoch_losses.append(losses)
            progress.step(losses["loss"], len(batch.labels))

            if state.step % state.steps_per_epoch == 0:
                end_epoch(state, validate)
                keep()
                progress.epoch()
                if on_epoch and is_first():
                    on_epoch(state)
            if any_process(stop.requested):
                keep()
                raise KeyboardInterrupt(f"stopped after step {state.step}")
            if state.finished:
                break
    if state.best_weights is not None:
        state.net.load_state_dict(state.best_weights)


def training_step(state: TrainingState, batch: Batch) -> dict[str, float]:
    """Take one step down the gradient with a batch; the state is changed in place.

    Returns each loss by name, their sum as "loss", and what the method observed.

    Raises:
        ValueError: the sum is NaN or infinite.
    """
    prepare_step(state)
    images = network_input(state, batch)  # this process's part, (B / n, 3, S, S)
    pooled = state.features(images, batch.modality)  # of the whole batch, (B, F)
    if state.method.needs_images:
        images = gather(images)
    step = Step.of(batch, pooled, images)
    losses = state.method.loss_terms(state.net, step, state.kept)
    total = sum(losses.values())
    check_finite(total, state)
    state.optimiser.zero_grad()
    total.backward()
    average_gradients(state.features.behind(state.net))
    state.optimiser.step()
    state.step += 1
    return read_numbers(losses | {"loss": total} | step.observed)


def prepare_step(state: TrainingState) -> None:
    """Set training mode, learning rates and what takes part, by the step's number.

    In the frozen epochs backbone and projection are left as they are, the statistics of
    the backbone's BatchNorm included.
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


def network_input(state: TrainingState, batch: Batch) -> Tensor:
    """Return what the network sees of a batch, augmented, float (B / n, 3, S, S).

    Only the part of this one of n processes. The state's generator decides the
    augmentation, unless that was drawn before.
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


def read_numbers(values: dict[str, Tensor]) -> dict[str, float]:
    """Return tensors without dimensions as numbers, waiting for a GPU only once."""
    device = values["loss"].device
    numbers = [value.detach().float().to(device) for value in values.values()]
    return dict(zip(values, torch.stack(numbers).tolist(), strict=True))


def end_epoch(state: TrainingState, validate: Validation | None) -> None:
    """Close the epoch: losses, means over steps that have them; validation; history."""
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


class StepProgress:
    """Show how far a training is: a bar on a terminal, else a line an epoch."""

    def __init__(self, state: TrainingState) -> None:
        self.state, self.images, self.started = state, 0, time.perf_counter()
        self.bar = tqdm(
            total=state.total_steps,
            initial=state.step,
            unit="step",
            leave=False,
            disable=None,  # where the output is no terminal
        )

    def __enter__(self) -> "StepProgress":
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.close()

    def step(self, loss: float, images: int) -> None:
        """Move one step on, which had a loss and took some images."""
        self.images += images
        speed = self.images / (time.perf_counter() - self.started)
        self.bar.update(1)
        self.bar.set_postfix_str(f"loss {loss:.3f}, {speed:.0f} images/s")

    def epoch(self) -> None:
        """Write a line for a finished epoch into a log, where there is no bar."""
        if not is_first() or not self.bar.disable or "TQDM_DISABLE" in os.environ:
            return
        if "ipykernel" not in sys.modules:
            last = self.state.history[-1]
            line = epoch_line(last, self.state.recipe.epochs)
            print(line, file=sys.stderr, flush=True)


def epoch_line(record: dict[str, Any], epochs: int) -> str:
    """Return in one line how an epoch of a training went."""
    shown = [f"epoch {record['epoch']}/{epochs}", f"loss {record['loss']:.4f}"]
    if "validation" in record:
        shown.append(f"validation {record['validation']:.4f}")
    return ", ".join(shown)


class Interruption:
    """Turn Ctrl-C into a flag while the block runs, so that a step stays whole.

    A second Ctrl-C interrupts at once. Outside the main thread Python delivers no
    signals, and the flag stays False.
    """

    def __init__(self) -> None:
        self.requested = False
        self._in_main_thread = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "Interruption":
        if self._in_main_thread:
            self._previous = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *error: object) -> None:
        if self._in_main_thread:
            signal.signal(signal.SIGINT, self._previous)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Remember the first request; obey the second at once."""
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
