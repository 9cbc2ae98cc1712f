"""The batches of a training, chosen step by step and loaded ahead by workers.

Every random number is drawn in the training's own process, in the order of the steps;
workers only read images. So a result does not depend on their number.
"""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from zssbir_lib.data import SketchPhotoData, Variation
from zssbir_lib.files import reason
from zssbir_lib.modality import PHOTO, SKETCH
from zssbir_lib.training.method import Batch, StepImages
from zssbir_lib.training.parallel import Processes, check_divisible, processes
from zssbir_lib.training.state import TrainingState

AHEAD = 3  # batches that each worker keeps ready
DEATH = re.compile(r"DataLoader worker .*(exited unexpectedly|killed by signal)")


def draw_batch(state: TrainingState, generator: torch.Generator | None = None) -> Batch:
    """Choose the images of one step (the sampler moves on) and read them, unaugmented.

    The generator is the source of all random numbers; None for the state's own.
    """
    chosen = state.method.choose(state.sampler, generator or state.generator)
    batch = gather_batch(state.data, chosen.sketches, chosen.photos)
    return replace(batch, seed=chosen.seed)


def gather_batch(data: SketchPhotoData, sketches: Tensor, photos: Tensor) -> Batch:
    """Read some images as a batch, sketches first.

    Args:
        data: the training classes.
        sketches: positions of sketches, long (B_s,).
        photos: positions of photos, long (B_p,).
    """
    images = read_images(data, sketches, photos)
    return Batch(images, *labels_and_modality(data, sketches, photos))


def read_images(data: SketchPhotoData, sketches: Tensor, photos: Tensor) -> Tensor:
    """Read some images, uint8 (B_s + B_p, 3, S, S), sketches first."""
    return torch.cat((data.sketches.images[sketches], data.photos.images[photos]))


def labels_and_modality(
    data: SketchPhotoData, sketches: Tensor, photos: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what is known of a step's images before they are read, long (B,) each."""
    labels = (data.sketches.labels[sketches], data.photos.labels[photos])
    modality = (torch.full_like(sketches, SKETCH), torch.full_like(photos, PHOTO))
    return torch.cat(labels), torch.cat(modality)


class PlannedStep(NamedTuple):
    """All that is drawn for a step, and where the draws stand afterwards."""

    chosen: StepImages
    variation: Variation
    generator: Tensor
    sampler: dict[str, Tensor]


class StepReader(Dataset):
    """Read the images of a step, or this process's part of them."""

    def __init__(self, data: SketchPhotoData, sharers: Processes) -> None:
        self.data, self.sharers = data, sharers

    def __getitem__(self, chosen: StepImages) -> Tensor | Exception:
        """Return uint8 (B / n, 3, S, S), sketches first; an error to be raised."""
        rank, count = self.sharers
        sketches = chosen.sketches[rank::count]
        photos = chosen.photos[(rank - len(chosen.sketches)) % count :: count]
        try:
            return read_images(self.data, sketches, photos)
        except (ValueError, OSError) as error:  # would lose its kind between processes
            return error


def load_steps(state: TrainingState) -> Iterator[Batch]:
    """Yield the batches of all steps that are left; the state's draws go on in place.

    With every batch the state's generator, and what it notes of the sampler, stand
    where they are after the draws of that step, however far ahead the workers are.

    Raises:
        ValueError: an image cannot be read, or the processes cannot share a batch.
        OSError: a worker died.
    """
    if state.finished:
        return
    if state.drawn:
        state.sampler.load_state_dict(state.drawn)
    planned: deque[PlannedStep] = deque()
    loaded = iter(build_loader(state, planned))
    try:
        for images in loaded:
            step = planned.popleft()
            if isinstance(images, Exception):
                raise images
            state.generator.set_state(step.generator)
            state.drawn = step.sampler
            sketches, photos, seed = step.chosen
            known = labels_and_modality(state.data, sketches, photos)
            yield Batch(images, *known, seed, step.variation)
    finally:
        end_workers(loaded)


def end_workers(loaded: Iterator) -> None:
    """End a loader's workers: a dead one's late signal would interrupt what follows."""
    if hasattr(loaded, "_shutdown_workers"):
        with suppress(RuntimeError):
            loaded._shutdown_workers()


def build_loader(state: TrainingState, planned: deque[PlannedStep]) -> DataLoader:
    """Return a loader of image tensors that follows, and notes, the plan of steps."""
    workers = state.execution.workers
    return DataLoader(
        StepReader(state.data, processes()),
        batch_size=None,
        sampler=plan_steps(state, planned),
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        pin_memory=state.device.type == "cuda",
        generator=torch.Generator().manual_seed(state.seed),  # seeds the workers
    )


def plan_steps(
    state: TrainingState, planned: deque[PlannedStep]
) -> Iterator[StepImages]:
    """Draw the steps that are left, one after the other, and note what was drawn."""
    ahead = torch.Generator()
    ahead.set_state(state.generator.get_state())
    for _ in range(state.step, state.total_steps):
        chosen = state.method.choose(state.sampler, ahead)
        images = len(chosen.sketches) + len(chosen.photos)
        check_divisible(images)
        variation = state.recipe.augmentation.draw(images, ahead)
        after = ahead.get_state(), state.sampler.state_dict()
        planned.append(PlannedStep(chosen, variation, *after))
        yield chosen


@contextmanager
def explained_failures() -> Iterator[None]:
    """Turn a worker's death and a full GPU into one clear message (`OSError`)."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OSError(
            "the GPU's memory is full: send the batch through the backbone in more "
            "parts (--parts 2, 4, ...); the last checkpoint is untouched"
        ) from error
    except (RuntimeError, ConnectionError, EOFError) as error:
        if isinstance(error, RuntimeError) and not DEATH.search(str(error)):
            raise
        raise OSError(
            f"a loader worker died ({reason(error)}), most often for want of memory: "
            "lower --workers, or prepare the data (`data prepare`); the last "
            "checkpoint is untouched, --resume goes on from it"
        ) from error
