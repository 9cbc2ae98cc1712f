"""Draw batches of some classes, with equally many sketches and photos of each."""

from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.data.samplers import count_classes


class ClassBatch(NamedTuple):
    """Hold the indices of a batch of P classes with K/2 images of each modality.

    Args:
        sketches: (P K/2,) int64 into the sketches, class after class.
        photos: (P K/2,) int64 into the photos, in the same order of classes.
    """

    sketches: Tensor
    photos: Tensor


class ClassBatchSampler:
    """Draw P classes, and K/2 sketches and K/2 photos of each.

    A pass cuts the shuffled sketches and photos of every class into groups of K/2; a
    class with fewer images is filled up by drawing again. A batch takes one group of
    sketches and one of photos from each of P different classes, drawn from those that
    have both left. When fewer than P have, the next pass begins.

    Args:
        sketch_labels: (N,) int64, every class 0..C-1 at least once.
        photo_labels: (M,) int64, every class 0..C-1 at least once.
        classes: P, classes a batch, 2 to C.
        images: K, images a class, even.

    Raises:
        ValueError: a class lacks a modality, or P or K is out of range.

    Example:
        >>> sampler = ClassBatchSampler(sketch_labels, photo_labels, 15, images=8)
        >>> sketches, photos = sampler.sample(generator)  # 60 of each

    Source: MATHM (Huang et al.), figure 2; passes and filling up as in its released
        code, which has 4 sketches and 4 photos of 15 classes.
    """

    def __init__(
        self, sketch_labels: Tensor, photo_labels: Tensor, classes: int, images: int
    ) -> None:
        available = count_classes(sketch_labels, photo_labels)
        if not 2 <= classes <= available:
            raise ValueError(
                f"classes is {classes}, expected 2 to {available}: a batch holds "
                "different seen classes"
            )
        if images < 2 or images % 2:
            raise ValueError(
                f"images is {images}, expected an even number: half are sketches, half "
                "photos"
            )
        self.classes, self.half = classes, images // 2
        self.members = [
            (
                (sketch_labels == label).nonzero().squeeze(1),
                (photo_labels == label).nonzero().squeeze(1),
            )
            for label in range(available)
        ]
        self.groups = torch.empty(0, 2 * self.half, dtype=torch.int64)
        self.labels = torch.empty(0, dtype=torch.int64)  # class of each group left

    def sample(self, generator: torch.Generator) -> ClassBatch:
        """Draw a batch."""
        if len(self.labels.unique()) < self.classes:
            self._begin_pass(generator)
        left = self.labels.unique()
        drawn = left[torch.randperm(len(left), generator=generator)[: self.classes]]
        # groups are shuffled within a class: the first one left is a random one
        chosen = torch.stack([(self.labels == one).nonzero()[0, 0] for one in drawn])
        groups = self.groups[chosen]  # (P, K)
        stays = torch.ones(len(self.labels), dtype=torch.bool)
        stays[chosen] = False
        self.groups, self.labels = self.groups[stays], self.labels[stays]
        sketches, photos = groups.split(self.half, dim=1)
        return ClassBatch(sketches.flatten(), photos.flatten())

    def _begin_pass(self, generator: torch.Generator) -> None:
        """Cut every class into groups anew."""
        groups, labels = [], []
        for label, members in enumerate(self.members):
            sketches, photos = (
                shuffled_groups(images, self.half, generator) for images in members
            )
            pairs = min(len(sketches), len(photos))
            groups.append(torch.cat([sketches[:pairs], photos[:pairs]], dim=1))
            labels.append(torch.full((pairs,), label))
        self.groups, self.labels = torch.cat(groups), torch.cat(labels)

    def state_dict(self) -> dict[str, Tensor]:
        """Return what a checkpoint has to hold: the groups left of this pass."""
        return {"groups": self.groups, "labels": self.labels}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on where `state_dict` was taken."""
        self.groups, self.labels = state["groups"], state["labels"]


def shuffled_groups(images: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Shuffle images (N,) into groups (G, size); too few are filled up by redrawing."""
    order = images[torch.randperm(len(images), generator=generator)]
    if len(order) < size:
        more = torch.randint(len(order), (size - len(order),), generator=generator)
        order = torch.cat([order, order[more]])
    return order[: len(order) // size * size].view(-1, size)
