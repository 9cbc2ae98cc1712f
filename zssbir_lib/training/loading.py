"""The batches of a training, chosen step by step and loaded ahead by workers.

Every random number is drawn in the training's own process, in the order of the steps;
workers only read images. So a result does not depend on their number.
"""

import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from zssbir_lib.data import SketchPhotoData, Variation
from zssbir_lib.training.atomic_files import reason
from zssbir_lib.training.hardware.gathering import check_divisible
from zssbir_lib.training.hardware.processes import Processes, processes
from zssbir_lib.training.methods.base import Method
from zssbir_lib.training.methods.batch import Batch, StepImages, labels_and_modality
from zssbir_lib.training.state import TrainingState

AHEAD = 3  # batches that each worker keeps ready
DEATH = re.compile(r"DataLoader worker .*(exited unexpectedly|killed by signal)")


class PlannedStep(NamedTuple):
    """All that is drawn for a step, and where the draws stand afterwards."""

    chosen: StepImages
    variation: Variation
    generator: Tensor
    sampler: dict[str, Tensor]


class StepReader(Dataset):
    """Read the images of a step, or this process's part of them.

    Args:
        data: the training classes.
        sharers: which of how many processes share a batch.
    """

    def __init__(self, data: SketchPhotoData, sharers: Processes) -> None:
        self.data, self.sharers = data, sharers

    def __getitem__(self, chosen: StepImages) -> Tensor | Exception:
        """Return uint8 (B / n, 3, S, S), sketches first; an error to be raised."""
        rank, count = self.sharers
        sketches = chosen.sketches[rank::count]
        photos = chosen.photos[(rank - len(chosen.sketches)) % count :: count]
        try:
            parts = (
                self.data.sketches.images[sketches],
                self.data.photos.images[photos],
            )
        except (ValueError, OSError) as error:  # would lose its kind between processes
            return error
        return torch.cat(parts)


def load_steps(state: TrainingState, method: Method) -> Iterator[Batch]:
    """Yield the batches of all steps that are left.

    With every batch the state's generator and sampler stand where they are after the
    draws of that step, however far ahead the workers are.

    Args:
        state: its draws go on where it stands; changed in place.
        method: chooses the images.

    Raises:
        ValueError: an image cannot be read, or the processes cannot share a batch.
        OSError: a worker died.

    Taught in: notebook 08.
    """
    if state.finished:
        return
    if state.sampler:
        method.sampler.load_state_dict(state.sampler)
    planned: deque[PlannedStep] = deque()
    for images in build_loader(state, method, planned):
        step = planned.popleft()
        if isinstance(images, Exception):
            raise images
        state.generator.set_state(step.generator)
        state.sampler = step.sampler
        sketches, photos, seed = step.chosen
        known = labels_and_modality(method.data, sketches, photos)
        yield Batch(images, *known, seed, step.variation)


def build_loader(
    state: TrainingState, method: Method, planned: deque[PlannedStep]
) -> DataLoader:
    """Return a loader of image tensors that follows the plan of the steps.

    Args:
        state: its execution says how many workers there are.
        method: chooses the images.
        planned: filled with what was drawn, in the order of the steps.
    """
    workers = state.execution.workers
    return DataLoader(
        StepReader(method.data, processes()),
        batch_size=None,
        sampler=plan_steps(state, method, planned),
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        pin_memory=state.device.type == "cuda",
        generator=torch.Generator().manual_seed(state.seed),  # seeds the workers
    )


def plan_steps(
    state: TrainingState, method: Method, planned: deque[PlannedStep]
) -> Iterator[StepImages]:
    """Draw the steps that are left, one after the other, and note what was drawn."""
    ahead = torch.Generator()
    ahead.set_state(state.generator.get_state())
    for _ in range(state.step, state.total_steps):
        chosen = method.sample(ahead)
        images = len(chosen.sketches) + len(chosen.photos)
        check_divisible(images)
        variation = state.recipe.augmentation.draw(images, ahead)
        after = ahead.get_state(), method.sampler.state_dict()
        planned.append(PlannedStep(chosen, variation, *after))
        yield chosen


@contextmanager
def explained_failures() -> Iterator[None]:
    """Turn a worker's death and a full GPU into one clear message.

    Raises:
        OSError: a worker died, or the GPU's memory is full.
    """
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
