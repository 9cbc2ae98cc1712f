"""What `loader_speed.py` compares: loaders of images, and the step that they feed."""

import os
import time
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from zssbir_lib.data import ImageFiles, ImageSet, SketchPhotoData
from zssbir_lib.models import build_backbone

NO_GPU = "not yet run on a GPU"


class Batches(Dataset):
    """Random batches of a data set: half sketches, half photos."""

    def __init__(self, data: SketchPhotoData, batch: int, count: int) -> None:
        generator, half = torch.Generator().manual_seed(0), batch // 2
        self.sets = (data.sketches, data.photos)
        self.indices = [
            [torch.randint(len(one), (half,), generator=generator) for one in self.sets]
            for _ in range(count)
        ]

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, number: int) -> Tensor:
        pairs = zip(self.sets, self.indices[number], strict=True)
        return torch.cat([images.images[rows] for images, rows in pairs])


def nothing_kept(data: SketchPhotoData) -> SketchPhotoData:
    """Return a data set of image files that decodes them anew each time."""

    def anew(images: ImageSet) -> ImageSet:
        files = images.images
        source = ImageFiles(files.paths, files.size, files.mode, memory_limit=0)
        return ImageSet(source, images.labels, images.modality)

    return SketchPhotoData(
        data.name,
        data.class_names,
        anew(data.sketches),
        anew(data.photos),
        data.image_size,
    )


class Speed(NamedTuple):
    """Images a second on the clock, and the processor's milliseconds for one."""

    images_per_second: float
    cpu_ms: float


def speed_of(data: SketchPhotoData, batch: int, count: int, processes: int) -> Speed:
    """Return the speed of a loader in its stride.

    Args:
        data: what to read.
        batch: images in a batch.
        count: batches that are timed.
        processes: of the loader; with 0 the caller reads.
    """
    before = max(1, 3 * processes)  # first ones: processes start, and read ahead
    batches, cpu = Batches(data, batch, before + count), cpu_seconds()
    waiting = iter(DataLoader(batches, batch_size=None, num_workers=processes))
    for _ in range(before):
        next(waiting)
    started = time.perf_counter()
    images = sum(len(found) for found in waiting)
    seconds = time.perf_counter() - started
    del waiting  # its processes end, and their time is counted
    cpu = cpu_seconds() - cpu
    return Speed(images / seconds, 1e3 * cpu / (batch * len(batches)))


def cpu_seconds() -> float:
    """Return the processor time of this process and of those it has waited for."""
    return sum(os.times()[:4])


def bare_step(
    device: str, batch: int, size: int, warm_up: int = 10, steps: int = 50
) -> float | str:
    """Return images a second of ResNet-50's pass in bfloat16, or that there is no GPU.

    Args:
        device: "cuda" or "cuda:N"; on a CPU nothing is measured.
        batch: images in a batch, one and the same that stays on the GPU.
        size: pixels.
        warm_up: steps before the clock starts.
        steps: steps that are timed.
    """
    if not device.startswith("cuda"):
        return NO_GPU
    network = build_backbone("resnet50").to(device, memory_format=torch.channels_last)
    images = torch.randn((batch, 3, size, size), device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    for step in range(warm_up + steps):
        if step == warm_up:
            torch.cuda.synchronize(device)
            started = time.perf_counter()
        with torch.autocast("cuda", torch.bfloat16):
            features = network(images)
        features.float().square().mean().backward()
        network.zero_grad(set_to_none=True)
    torch.cuda.synchronize(device)
    return round(batch * steps / (time.perf_counter() - started), 1)
