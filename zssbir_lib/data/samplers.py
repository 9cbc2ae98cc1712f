"""Draw training examples: triplets, quadruplets, or batches of some classes."""

from typing import NamedTuple

import torch
from torch import Tensor


class TripletIndices(NamedTuple):
    """Hold a batch of triplets: (B,) int64 each."""

    anchor: Tensor
    positive: Tensor
    negative: Tensor


class ImagesByClass:
    """Draw random images of given classes, without a loop over the batch.

    Sorting the images by label once puts every class in one stretch of a list; an
    image of a class is then the start of its stretch plus a random step.
    """

    def __init__(self, labels: Tensor, classes: int) -> None:
        self.by_class = labels.argsort(stable=True)
        self.counts = torch.bincount(labels, minlength=classes)
        self.starts = self.counts.cumsum(0) - self.counts

    def draw(self, classes: Tensor, generator: torch.Generator) -> Tensor:
        """Draw an image of each class (B,), uniformly within it: indices (B,) int64."""
        step = random_below(self.counts[classes], generator)
        return self.by_class[self.starts[classes] + step]


class TripletSampler:
    """Draw triplets: an anchor sketch, a photo of its class, a photo of another.

    The anchor is uniform over all sketches; the positive is uniform within the
    anchor's class; the negative's class is uniform over the other classes, and the
    negative uniform within it, however many photos each class has.

    Args:
        sketch_labels: (N,) int64, every class 0..C-1 at least once.
        photo_labels: (M,) int64, every class 0..C-1 at least once.
        batch_size: B, triplets a batch.

    Example:
        >>> sampler = TripletSampler(data.sketches.labels, data.photos.labels, 64)
        >>> anchor, positive, negative = sampler.sample(generator)

    Source: SBTKNet (arXiv 2102.04016), equation 1; the uniform draws are the usual
        reading, for the paper does not say how triplets are drawn.
    """

    def __init__(
        self, sketch_labels: Tensor, photo_labels: Tensor, batch_size: int
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected at least 1")
        self.classes = count_classes(sketch_labels, photo_labels)
        self.batch_size = batch_size
        self.sketch_labels = sketch_labels
        self.photos = ImagesByClass(photo_labels, self.classes)

    def sample(self, generator: torch.Generator) -> TripletIndices:
        """Draw a batch of triplets."""
        sketches = torch.full((self.batch_size,), len(self.sketch_labels))
        anchor = random_below(sketches, generator)
        anchor_class = self.sketch_labels[anchor]
        positive = self.photos.draw(anchor_class, generator)
        other_class = draw_other_class(anchor_class, self.classes, generator)
        negative = self.photos.draw(other_class, generator)
        return TripletIndices(anchor, positive, negative)

    def state_dict(self) -> dict[str, Tensor]:
        """Return nothing: every draw comes from the generator alone."""
        return {}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take nothing."""


def random_below(limits: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a whole number from 0 to below each limit (B,), uniformly."""
    part = torch.rand(len(limits), generator=generator, dtype=torch.float64)
    return (part * limits).long()


def draw_other_class(
    classes: Tensor, class_count: int, generator: torch.Generator
) -> Tensor:
    """Draw a different class for each class given, uniformly over the others.

    The trick: draw from one class fewer, then step over the class to avoid.
    """
    drawn = random_below(torch.full_like(classes, class_count - 1), generator)
    return drawn + (drawn >= classes)


def count_classes(sketch_labels: Tensor, photo_labels: Tensor) -> int:
    """Count the classes, and check that each has sketches and photos."""
    everything = torch.cat([sketch_labels, photo_labels])
    classes = int(everything.max()) + 1 if len(everything) else 0
    if classes < 2:
        raise ValueError(
            f"there are {classes} classes; a negative needs a second class, "
            "so train on at least two"
        )
    for labels, modality in ((sketch_labels, "sketches"), (photo_labels, "photos")):
        empty = (torch.bincount(labels, minlength=classes) == 0).nonzero().squeeze(1)
        if len(empty):
            missing = ", ".join(map(str, empty.tolist()))
            raise ValueError(
                f"no {modality} with label {missing}; every class needs sketches and "
                "photos: leave such classes out (restricted_to)"
            )
    return classes


class QuadrupletIndices(NamedTuple):
    """Hold a batch of quadruplets: (B,) int64 each."""

    anchor: Tensor
    positive: Tensor
    photo_negative: Tensor
    sketch_negative: Tensor


class QuadrupletSampler(TripletSampler):
    """Draw quadruplets: two sketches and two photos each, so balanced by construction.

    Anchors pass over all sketches in random order, every sketch once before any comes
    again. The positive is uniform within the anchor's class. Two classes are drawn for
    the negatives, each uniformly over the other classes and independently, so that
    they may coincide; the photo negative is uniform within the first, the sketch
    negative within the second. The arguments are those of `TripletSampler`.

    Example:
        >>> sampler = QuadrupletSampler(data.sketches.labels, data.photos.labels, 16)
        >>> anchor, positive, *negatives = sampler.sample(generator)

    Source: SBTKNet (arXiv 2102.04016), equation 2. The paper does not say how the
        images are selected; passes over all sketches and independent uniform draws
        are our reading.
    """

    def __init__(
        self, sketch_labels: Tensor, photo_labels: Tensor, batch_size: int
    ) -> None:
        super().__init__(sketch_labels, photo_labels, batch_size)
        self.sketches = ImagesByClass(sketch_labels, self.classes)
        self.waiting = torch.empty(0, dtype=torch.int64)  # anchors left of this pass

    def sample(self, generator: torch.Generator) -> QuadrupletIndices:
        """Draw a batch of quadruplets."""
        anchor = self._next_anchors(generator)
        anchor_class = self.sketch_labels[anchor]
        positive = self.photos.draw(anchor_class, generator)
        photo_class, sketch_class = (
            draw_other_class(anchor_class, self.classes, generator) for _ in range(2)
        )
        photo_negative = self.photos.draw(photo_class, generator)
        sketch_negative = self.sketches.draw(sketch_class, generator)
        return QuadrupletIndices(anchor, positive, photo_negative, sketch_negative)

    def _next_anchors(self, generator: torch.Generator) -> Tensor:
        """Take the next anchors of the pass, and begin another when it ends."""
        while len(self.waiting) < self.batch_size:
            order = torch.randperm(len(self.sketch_labels), generator=generator)
            self.waiting = torch.cat([self.waiting, order])
        anchor = self.waiting[: self.batch_size]
        self.waiting = self.waiting[self.batch_size :]
        return anchor

    def state_dict(self) -> dict[str, Tensor]:
        """Return what a checkpoint has to hold: the anchors left of this pass."""
        return {"waiting": self.waiting.clone()}  # not a view of the whole pass

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on where `state_dict` was taken."""
        self.waiting = state["waiting"]


class ClassBatch(NamedTuple):
    """Hold K/2 images of each modality of P classes: (P K/2,) int64, class by class."""

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
