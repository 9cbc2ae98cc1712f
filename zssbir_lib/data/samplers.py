"""Draw training examples: which sketch, which photo of its class, which other one."""

from typing import NamedTuple

import torch
from torch import Tensor


class TripletIndices(NamedTuple):
    """Hold the indices of a batch of triplets.

    Args:
        anchor: (B,) int64 into the sketches.
        positive: (B,) int64 into the photos, of the anchor's class.
        negative: (B,) int64 into the photos, of another class.
    """

    anchor: Tensor
    positive: Tensor
    negative: Tensor


class ImagesByClass:
    """Draw random images of given classes, without a loop over the batch.

    Sorting the images by label once puts every class in one stretch of a list; an
    image of a class is then the start of its stretch plus a random step.

    Args:
        labels: (N,) int64, every class 0..C-1 at least once.
        classes: C.
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

    Raises:
        ValueError: there are fewer than two classes, a class lacks sketches or
            photos, or the batch size is not positive.

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
