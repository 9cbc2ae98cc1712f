"""The offline teacher: what a photo classifier says of each seen class.

One pass over the photos of the seen classes, before training: the logits are averaged
by class and kept in a cache. No sketch and no unseen photo is looked at.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from zssbir_lib.data import ImageSet, SketchPhotoData, fingerprint, prepare_images
from zssbir_lib.files import cache_folder, write_shared
from zssbir_lib.losses import class_soft_labels
from zssbir_lib.modality import PHOTO
from zssbir_lib.models import load_photo_teacher
from zssbir_lib.scoring import images_at_a_time
from zssbir_lib.training.recipe import Recipe


def find_teacher(name: str, recipe: Recipe) -> nn.Module:
    """Return a frozen photo teacher: "start", or ARCHITECTURE:SOURCE."""
    if name == "start":
        return load_photo_teacher(recipe.backbone, recipe.weights)
    architecture, colon, source = name.partition(":")
    if not colon:
        raise ValueError(
            "teacher must be 'start' or ARCHITECTURE:SOURCE such as "
            f"squeezenet1_1:imagenet, got {name!r}"
        )
    return load_photo_teacher(architecture, source)


@torch.no_grad()
def teacher_logits(
    teacher: nn.Module, photos: ImageSet, device: str = "cpu"
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield positions (B,) and a teacher's logits (B, K) for every photo, on the CPU.

    Args:
        teacher: maps images to K logits; evaluated without augmentation.
        photos: N photos.
        device: where the teacher works.
    """
    teacher = teacher.to(device).eval()
    chunk = images_at_a_time(photos, torch.device(device))
    batches = torch.arange(len(photos)).split(chunk)
    for positions in tqdm(batches, "teacher", unit="batch", leave=False):
        modality = torch.full_like(positions, PHOTO)
        pixels = photos.images[positions].to(device)
        inputs = prepare_images(pixels, modality, teacher.pixels)
        yield positions, teacher(inputs).cpu()


def class_activations(
    teacher: nn.Module, photos: ImageSet, classes: int, device: str = "cpu"
) -> Tensor:
    """Average a teacher's logits over the photos of each class in one pass, (C, K).

    Args:
        teacher: maps images to K logits.
        photos: photos of the seen classes, labels 0..C-1, each class at least one.
        classes: C.
        device: where the teacher works.

    Source: SBTKNet (Tursun et al.), section 3, "average activation".
    """
    counts = photos_per_class(photos, classes)
    sums = torch.zeros(classes, len(teacher.class_names))
    for positions, logits in teacher_logits(teacher, photos, device):
        sums.index_add_(0, photos.labels[positions], logits)  # (B, K) into (C, K)
    return sums / counts[:, None]


def photos_per_class(photos: ImageSet, classes: int) -> Tensor:
    """Count the photos of every class; raise if these are sketches or one has none."""
    if photos.modality != PHOTO:
        raise ValueError("the teacher knows photos only, got sketches")
    counts = torch.bincount(photos.labels, minlength=classes)
    if len(counts) > classes or bool((counts == 0).any()):
        raise ValueError(
            f"expected photos with every label from 0 to {classes - 1}, got "
            f"{int((counts > 0).sum())} labels up to {len(counts) - 1}"
        )
    return counts


def cached_class_activations(
    teacher: nn.Module,
    photos: ImageSet,
    classes: int,
    device: str = "cpu",
    folder: Path | None = None,
) -> Tensor:
    """Return `class_activations`, computed once for the same teacher and photos.

    The file is named after the content, the teacher's weights, every pixel, every
    label: other photos or another teacher never meet an old result. It is kept in the
    folder, or in `teacher` of the cache folder.
    """
    folder = folder or cache_folder() / "teacher"
    name = f"{weights_fingerprint(teacher)}-{fingerprint(photos)}-{classes}.pt"
    path = folder / name
    if path.is_file():
        return torch.load(path, map_location="cpu", weights_only=True)
    activations = class_activations(teacher, photos, classes, device)
    folder.mkdir(parents=True, exist_ok=True)
    write_shared(path, lambda file: torch.save(activations, file))
    return activations


def weights_fingerprint(module: nn.Module) -> str:
    """Return a hash of a module's weights and their names, 16 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=8)
    for name, value in module.state_dict().items():
        digest.update(name.encode())
        digest.update(value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def seen_soft_labels(
    teacher: nn.Module, seen: SketchPhotoData, temperature: float, device: str = "cpu"
) -> Tensor:
    """Return the soft label of every seen class, probabilities (C, K), on the CPU."""
    classes = len(seen.class_names)
    activations = cached_class_activations(teacher, seen.photos, classes, device)
    return class_soft_labels(activations, temperature)
