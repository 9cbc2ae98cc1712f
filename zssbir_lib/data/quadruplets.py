"""Draw quadruplets: sketch, photo of its class, photo and sketch of other classes."""

from typing import NamedTuple

import torch
from torch import Tensor

from zssbir_lib.data.samplers import ImagesByClass, count_classes, draw_other_class


class QuadrupletIndices(NamedTuple):
    """Hold the indices of a batch of quadruplets.

    Args:
        anchor: (B,) int64 into the sketches.
        positive: (B,) int64 into the photos, of the anchor's class.
        photo_negative: (B,) int64 into the photos, of another class.
        sketch_negative: (B,) int64 into the sketches, of another class.
    """

    anchor: Tensor
    positive: Tensor
    photo_negative: Tensor
    sketch_negative: Tensor


class QuadrupletSampler:
    """Draw quadruplets: two sketches and two photos each, so balanced by construction.

    Anchors pass over all sketches in random order, every sketch once before any comes
    again. The positive is uniform within the anchor's class. Two classes are drawn for
    the negatives, each uniformly over the other classes and independently, so that
    they may coincide; the photo negative is uniform within the first, the sketch
    negative within the second.

    Args:
        sketch_labels: (N,) int64, every class 0..C-1 at least once.
        photo_labels: (M,) int64, every class 0..C-1 at least once.
        batch_size: B, quadruplets a batch.

    Raises:
        ValueError: there are fewer than two classes, a class lacks sketches or
            photos, or the batch size is not positive.

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
        if batch_size < 1:
            raise ValueError(f"batch_size is {batch_size}, expected at least 1")
        self.classes = count_classes(sketch_labels, photo_labels)
        self.batch_size = batch_size
        self.sketch_labels = sketch_labels
        self.sketches = ImagesByClass(sketch_labels, self.classes)
        self.photos = ImagesByClass(photo_labels, self.classes)
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
