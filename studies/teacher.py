"""Train the photo teacher of the embedded world, which the package ships.

python studies/teacher.py --out zssbir_lib/models/teacher_small.pt
"""

import argparse
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from zssbir_lib.cli.main import OneLineParser, run_script
from zssbir_lib.data import (
    Augmentation,
    ImageSet,
    load_pretraining_photos,
    load_split,
    prepare_images,
)
from zssbir_lib.files import write_json
from zssbir_lib.models import Teacher, TeacherReport, load_teacher, save_teacher
from zssbir_lib.scoring import accuracy
from zssbir_lib.training import learning_rate_factor, prepare_processor, use_threads
from zssbir_lib.training.forgetting import photos_in_range
from zssbir_lib.training.provenance import versions
from zssbir_lib.training.schedule import set_learning_rate

AT_A_TIME = 500  # photos


@dataclass(frozen=True)
class Pretraining:
    """How the shipped teacher is trained.

    The defaults were chosen by how well the frozen features retrieve *validation*
    classes. A teacher with label smoothing 0.1, twice the steps and less grey told the
    pretraining classes apart better, and retrieved worse.

    Attributes:
        steps: number of gradient steps.
        batch_size: photos a step.
        learning_rate: highest rate of AdamW, warm-up then cosine.
        weight_decay: weight decay.
        label_smoothing: share of the target spread over all classes, 0 to 1.
        photos: training photos of every class.
        held_out: further photos of every class, only for measuring the accuracy.
        image_size: side of the photos, pixels.
        seed: decides first weights and all draws.
        augmentation: random changes of the photos.
    """

    steps: int = 2500
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.0
    photos: int = 300
    held_out: int = 20
    image_size: int = 32
    seed: int = 0
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(grey=0.5))


def make_teacher(recipe: Pretraining, path: Path) -> TeacherReport:
    """Train a teacher, write it, and a report with the ending .json beside it.

    The accuracy in the report is of the weights as written, in half precision.
    """
    count = recipe.photos + recipe.held_out
    names = load_split("world-a").pretraining  # the same in every split
    photos = load_pretraining_photos(names, recipe.image_size, count)
    known = photos_in_range(photos, count, 0, recipe.photos)
    held_out = photos_in_range(photos, count, recipe.photos, count)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_teacher(train_teacher(recipe, known, names), path)
    report = TeacherReport(
        command=f"python studies/teacher.py --steps {recipe.steps} "
        f"--seed {recipe.seed} --out {path.name}",
        accuracy=round(teacher_accuracy(load_teacher(path), held_out), 4),
        classes=len(names),
        held_out_photos=len(held_out),
        settings=asdict(recipe),
        versions=versions(),
    )
    write_json(asdict(report), path.with_suffix(".json"))
    return report


def train_teacher(
    recipe: Pretraining, photos: ImageSet, class_names: tuple[str, ...]
) -> Teacher:
    """Train a classifier of photos from random weights."""
    prepare_processor()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        teacher = Teacher(class_names).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(
        [{"params": teacher.parameters(), "base_rate": recipe.learning_rate}],
        weight_decay=recipe.weight_decay,
    )
    generator = torch.Generator().manual_seed(recipe.seed)
    teacher.train()
    for step in tqdm(range(recipe.steps), unit="step"):
        factor = learning_rate_factor("one_cycle", step, recipe.steps, recipe.steps)
        set_learning_rate(optimiser, factor)
        loss = batch_loss(teacher, recipe, photos, generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return teacher.eval()


def batch_loss(
    teacher: Teacher, recipe: Pretraining, photos: ImageSet, generator: torch.Generator
) -> Tensor:
    """Return the cross-entropy on one random batch."""
    rows = torch.randint(len(photos), (recipe.batch_size,), generator=generator)
    variation = recipe.augmentation.draw(len(rows), generator)
    modality = torch.full_like(rows, photos.modality)
    pixels = photos.images[rows]
    images = prepare_images(pixels, modality, teacher.pixels, variation)
    return functional.cross_entropy(
        teacher(images), photos.labels[rows], label_smoothing=recipe.label_smoothing
    )


@torch.no_grad()
def teacher_accuracy(teacher: Teacher, photos: ImageSet) -> float:
    """Return the share of photos whose highest logit is their class, 0 to 1."""
    logits = []
    for rows in torch.arange(len(photos)).split(AT_A_TIME):
        modality = torch.full_like(rows, photos.modality)
        images = prepare_images(photos.images[rows], modality, teacher.pixels)
        logits.append(teacher(images))
    return accuracy(torch.cat(logits), photos.labels)


def run(options: argparse.Namespace) -> None:
    """Train the teacher and write it with its report."""
    use_threads(1)
    recipe = Pretraining(steps=options.steps, seed=options.seed)
    report = make_teacher(recipe, options.out)
    print(
        f"accuracy {report.accuracy:.3f} on {report.held_out_photos} held-out photos "
        f"of {report.classes} classes; written: {options.out}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Read the options and train."""
    parser = OneLineParser(description=__doc__.partition("\n")[0])
    defaults = Pretraining()
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pt")
    return run_script(parser, run, arguments)


if __name__ == "__main__":
    sys.exit(main())
