"""Training the photo teacher: a classifier of the pretraining classes."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from zssbir_lib.data import (
    Augmentation,
    ImageSet,
    load_pretraining_photos,
    load_split,
)
from zssbir_lib.models import Teacher, TeacherReport, load_teacher, save_teacher
from zssbir_lib.training.preparation import prepare_images
from zssbir_lib.training.processor import flush_denormals, keep_freed_memory
from zssbir_lib.training.provenance import versions, write_json
from zssbir_lib.training.schedule import learning_rate_factor, set_learning_rate

WORLD_SPLIT = "world-a"


@dataclass(frozen=True)
class PretrainingRecipe:
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

    Taught in: notebook 02.
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


def make_teacher(recipe: PretrainingRecipe, path: Path) -> TeacherReport:
    """Train a teacher, write it and its report beside it.

    Args:
        recipe: how to train.
        path: file of the weights; the report gets the same name with .json.

    Returns:
        The report; its accuracy is of the weights as written, in half precision.

    Taught in: notebook 02.
    """
    count = recipe.photos + recipe.held_out
    names = load_split(WORLD_SPLIT).pretraining  # the same in every split
    photos = load_pretraining_photos(names, recipe.image_size, count)
    known = photos_in_range(photos, count, 0, recipe.photos)
    held_out = photos_in_range(photos, count, recipe.photos, count)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_teacher(train_teacher(recipe, known, names), path)
    report = TeacherReport(
        command=f"python -m zssbir_lib teacher --steps {recipe.steps} "
        f"--seed {recipe.seed} --out {path.name}",
        accuracy=round(teacher_accuracy(load_teacher(path), held_out), 4),
        classes=len(names),
        held_out_photos=len(held_out),
        settings=asdict(recipe),
        versions=versions(),
    )
    write_json(asdict(report), path.with_suffix(".json"))
    return report


def photos_in_range(photos: ImageSet, count: int, first: int, last: int) -> ImageSet:
    """Return photos number first..last-1 of every class, of `count` in each."""
    number = torch.arange(len(photos)) % count  # photos of a class are consecutive
    return photos.subset(torch.nonzero((number >= first) & (number < last))[:, 0])


def train_teacher(
    recipe: PretrainingRecipe, photos: ImageSet, class_names: tuple[str, ...]
) -> Teacher:
    """Train a classifier of photos from random weights.

    Args:
        recipe: how to train.
        photos: labelled training photos.
        class_names: names of the labels.

    Returns:
        The teacher in evaluation mode.

    Taught in: notebook 02.
    """
    flush_denormals()
    keep_freed_memory()
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
        loss = _teacher_loss(teacher, recipe, photos, generator)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return teacher.eval()


def _teacher_loss(
    teacher: Teacher,
    recipe: PretrainingRecipe,
    photos: ImageSet,
    generator: torch.Generator,
) -> Tensor:
    """Return the cross-entropy on one random batch."""
    chosen = torch.randint(len(photos), (recipe.batch_size,), generator=generator)
    modality = torch.full_like(chosen, photos.modality)
    images = prepare_images(
        photos.images[chosen],
        modality,
        teacher.backbone.pixels,
        recipe.augmentation.draw(len(chosen), generator),
    )
    return functional.cross_entropy(
        teacher(images), photos.labels[chosen], label_smoothing=recipe.label_smoothing
    )


@torch.no_grad()
def teacher_accuracy(teacher: Teacher, photos: ImageSet) -> float:
    """Return the share of photos whose highest logit is their class, 0 to 1.

    Args:
        teacher: in evaluation mode.
        photos: labelled photos of its classes.

    Taught in: notebook 02.
    """
    right = 0
    for chosen in torch.arange(len(photos)).split(500):
        modality = torch.full_like(chosen, photos.modality)
        pixels = teacher.backbone.pixels
        images = prepare_images(photos.images[chosen], modality, pixels)
        right += int((teacher(images).argmax(1) == photos.labels[chosen]).sum())
    return right / len(photos)
