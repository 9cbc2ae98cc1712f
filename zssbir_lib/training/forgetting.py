"""Forgetting, measured: what a trained backbone still knows of its pretraining."""

from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.data import ImageSet, load_pretraining_photos
from zssbir_lib.models import EmbeddingNet, Teacher, load_teacher
from zssbir_lib.scoring import PooledImages, accuracy, unit

FRESH_SEED = 1  # the teacher was trained on photos drawn with seed 0
PROBE_PHOTOS = 40
TEST_PHOTOS = 20


class PretrainingPhotos(NamedTuple):
    """Photos of the pretraining classes, new to the teacher: to fit on, to measure."""

    probe: ImageSet
    test: ImageSet


def load_fresh_pretraining_photos(
    probe: int = PROBE_PHOTOS, test: int = TEST_PHOTOS
) -> PretrainingPhotos:
    """Draw new photos of the classes that the shipped teacher was trained on.

    `probe` and `test` are photos a class; labels follow the teacher's outputs.
    """
    count = probe + test
    names = load_teacher().class_names
    photos = load_pretraining_photos(names, photos=count, seed=FRESH_SEED)
    return PretrainingPhotos(
        photos_in_range(photos, count, 0, probe),
        photos_in_range(photos, count, probe, count),
    )


def photos_in_range(photos: ImageSet, count: int, first: int, last: int) -> ImageSet:
    """Return photos number first..last-1 of every class, of `count` in each."""
    number = torch.arange(len(photos)) % count  # photos of a class are consecutive
    return photos.subset(torch.nonzero((number >= first) & (number < last))[:, 0])


def measure_forgetting(
    net: EmbeddingNet, teacher: Teacher, photos: PretrainingPhotos
) -> dict[str, float]:
    """Measure in three ways what a network still knows of the pretraining classes.

    Args:
        net: a network that started from the teacher's backbone.
        teacher: the teacher of the embedded world.
        photos: photos of the teacher's classes.

    Returns:
        Accuracies, 0 to 1. "old_classifier": the teacher's last layer on the network's
        features, whether the features still mean the same; "probe": a new linear
        classifier fitted on the features, whether the classes can still be told apart;
        "soft_head", where the network has one: its own outputs.
    """
    teacher = teacher.to(next(net.parameters()).device)
    probe, test = PooledImages(net, photos.probe), PooledImages(net, photos.test)
    labels = photos.test.labels
    found = {"old_classifier": accuracy(test.apply(teacher.classifier), labels)}
    found["probe"] = probe_accuracy(
        probe.apply(unit), photos.probe.labels, test.apply(unit), labels
    )
    if "soft" in net.heads:
        found["soft_head"] = accuracy(test.apply(net.heads["soft"]), labels)
    return found


def probe_accuracy(
    features: Tensor, labels: Tensor, test_features: Tensor, test_labels: Tensor
) -> float:
    """Return how well a linear classifier fitted on (N, F) features does on (M, F)."""
    from sklearn.linear_model import LogisticRegression

    mean, std = features.mean(0), features.std(0).clamp(min=1e-8)
    probe = LogisticRegression(C=0.1, max_iter=1000)
    probe.fit(((features - mean) / std).numpy(), labels.numpy())
    scaled = ((test_features - mean) / std).numpy()
    return float(probe.score(scaled, test_labels.numpy()))
