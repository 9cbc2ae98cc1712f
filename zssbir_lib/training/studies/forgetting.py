"""Forgetting, measured: what a trained backbone still knows of its pretraining."""

from dataclasses import dataclass

import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from zssbir_lib.data import ImageSet, load_pretraining_photos
from zssbir_lib.models import EmbeddingNet, Teacher, load_teacher, teacher_classifier
from zssbir_lib.training.embedding import accuracy, apply_head, unit
from zssbir_lib.training.methods.teaching import teacher_logits
from zssbir_lib.training.pretraining import photos_in_range

FRESH_SEED = 1  # the teacher was trained on photos drawn with seed 0
PROBE_PHOTOS = 40
TEST_PHOTOS = 20


@dataclass(frozen=True)
class PretrainingPhotos:
    """Photos of the pretraining classes that the teacher never saw.

    Attributes:
        probe: photos that a new linear classifier is fitted on.
        test: photos that every accuracy is measured on.

    Taught in: notebook 04.
    """

    probe: ImageSet
    test: ImageSet


def load_fresh_pretraining_photos(
    probe: int = PROBE_PHOTOS, test: int = TEST_PHOTOS
) -> PretrainingPhotos:
    """Draw new photos of the classes that the shipped teacher was trained on.

    Args:
        probe: photos a class for fitting the probe.
        test: photos a class for measuring.

    Returns:
        Both sets; labels follow the teacher's outputs.

    Taught in: notebook 04.
    """
    count = probe + test
    names = load_teacher().class_names
    photos = load_pretraining_photos(names, photos=count, seed=FRESH_SEED)
    return PretrainingPhotos(
        photos_in_range(photos, count, 0, probe),
        photos_in_range(photos, count, probe, count),
    )


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

    Taught in: notebook 04.
    """
    teacher = teacher.to(next(net.parameters()).device)
    labels = photos.test.labels
    old = apply_head(net, photos.test, teacher.classifier)
    found = {"old_classifier": accuracy(old, labels)}
    found["probe"] = probe_accuracy(
        apply_head(net, photos.probe, unit),
        photos.probe.labels,
        apply_head(net, photos.test, unit),
        labels,
    )
    if "soft" in net.heads:
        soft = apply_head(net, photos.test, net.heads["soft"])
        found["soft_head"] = accuracy(soft, labels)
    return found


def probe_accuracy(
    features: Tensor, labels: Tensor, test_features: Tensor, test_labels: Tensor
) -> float:
    """Return how well a new linear classifier tells classes apart by fixed features.

    Args:
        features: to fit on, float (N, F).
        labels: int64 (N,).
        test_features: to measure on, float (M, F).
        test_labels: int64 (M,).

    Returns:
        Accuracy on the test features, 0 to 1.

    Taught in: notebook 04.
    """
    mean, std = features.mean(0), features.std(0).clamp(min=1e-8)
    probe = LogisticRegression(C=0.1, max_iter=1000)
    probe.fit(((features - mean) / std).numpy(), labels.numpy())
    scaled = ((test_features - mean) / std).numpy()
    return float(probe.score(scaled, test_labels.numpy()))


def teacher_agreement(net: EmbeddingNet, teacher: nn.Module, photos: ImageSet) -> float:
    """Return how often a network's features still get the teacher's own answer.

    It needs no labels, so that it can be measured on photos of any class.

    Args:
        net: a network that started from the teacher's backbone.
        teacher: a classifier whose last layer is linear.
        photos: photos of any classes.

    Returns:
        Share of photos for which the teacher's last layer gives the same class on the
        network's features as on the teacher's own, 0 to 1.

    Taught in: notebook 04.
    """
    device = next(net.parameters()).device
    teacher = teacher.to(device)
    answers = apply_head(net, photos, teacher_classifier(teacher))
    own = [logits for _, logits in teacher_logits(teacher, photos, str(device))]
    return accuracy(answers, torch.cat(own).argmax(dim=1))
