"""SBTKNet: quadruplets, semantic classification, knowledge preservation, or a part."""

import torch
from torch import Tensor

from zssbir_lib.data import QuadrupletSampler, SketchPhotoData
from zssbir_lib.losses import (
    classification_loss,
    knowledge_preservation_loss,
    quadruplet_loss,
    triplet_loss,
)
from zssbir_lib.modality import PHOTO
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.methods import Batch, gather_batch
from zssbir_lib.training.recipes import Recipe, images_per_example
from zssbir_lib.training.teaching import recipe_soft_labels, recipe_teacher


class SBTKNetMethod:
    """Quadruplets, and the sum of those losses that the recipe names.

    With the triplet loss alone the sketch negatives are left out, so that every image
    of a step is used.

    Args:
        data: the seen classes.
        recipe: names the losses, their weights, the margin and the teacher.
        device: where the teacher works.

    Raises:
        ValueError: the teacher does not fit, or a class lacks sketches or photos.

    Source: SBTKNet (Tursun et al.), section 3, equations 1 to 6.

    Taught in: notebook 04.
    """

    def __init__(
        self, data: SketchPhotoData, recipe: Recipe, device: str = "cpu"
    ) -> None:
        self.data = data
        self.recipe = recipe
        self.device = device
        self.sampler = QuadrupletSampler(
            data.sketches.labels, data.photos.labels, recipe.batch_size
        )
        self.soft_labels, self.teacher = None, None
        if "knowledge" in recipe.losses:
            self._prepare_teaching()

    def _prepare_teaching(self) -> None:
        """Ask the teacher once for every class, or keep it for every step."""
        if self.recipe.teaching == "item":
            self.teacher = recipe_teacher(self.recipe).to(self.device)
            return
        classes = len(self.data.class_names)
        self.soft_labels = recipe_soft_labels(
            self.recipe, self.data.photos, classes, self.device
        ).to(self.device)

    def draw(self, generator: torch.Generator) -> Batch:
        """Draw anchors, sketch negatives, positives and photo negatives, in this order.

        Args:
            generator: source of all random numbers.

        Returns:
            4N images, or 3N without sketch negatives for the triplet loss alone.
        """
        drawn = self.sampler.sample(generator)
        sketches = drawn.anchor
        if self.recipe.losses != ("triplet",):
            sketches = torch.cat((drawn.anchor, drawn.sketch_negative))
        photos = torch.cat((drawn.positive, drawn.photo_negative))
        return gather_batch(self.data, sketches, photos)

    def losses(
        self, net: EmbeddingNet, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return each loss of the recipe times its weight."""
        pooled = net.pooled(images, batch.modality)  # (4N, F)
        labels = batch.labels.to(images.device)
        recipe, values = self.recipe, {}
        for name in recipe.losses:
            if name == "classification":
                loss = classification_loss(net.classify(pooled), labels)
                values[name] = recipe.classification_weight * loss
            elif name == "knowledge":
                loss = self._knowledge(net, pooled, images, labels, batch.modality)
                values[name] = recipe.knowledge_weight * loss
            else:
                streams = net.project(pooled).chunk(images_per_example(recipe.losses))
                loss = metric_loss(name, streams, recipe.margin)
                values[name] = recipe.metric_weight * loss
        return values

    def _knowledge(
        self,
        net: EmbeddingNet,
        pooled: Tensor,
        images: Tensor,
        labels: Tensor,
        modality: Tensor,
    ) -> Tensor:
        """Return the knowledge loss, taught by class or by item."""
        logits = net.heads["soft"](pooled)  # (4N, K)
        if self.teacher is None:
            return knowledge_preservation_loss(logits, self.soft_labels[labels])
        if self.teacher.pixels != net.pixels:
            raise ValueError(
                "teaching by item gives teacher and student the same pixels, but they "
                "are normalised differently: use teaching=class"
            )
        photos = (modality == PHOTO).to(images.device)
        with torch.no_grad():
            taught = self.teacher(images[photos]) / self.recipe.temperature
        return knowledge_preservation_loss(logits[photos], taught.softmax(dim=1))

    def state_dict(self) -> dict[str, Tensor]:
        """Return the state of the sampler: where it stands in its pass."""
        return self.sampler.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on in the middle of a pass."""
        self.sampler.load_state_dict(state)


def metric_loss(name: str, streams: tuple[Tensor, ...], margin: float) -> Tensor:
    """Return the triplet or the quadruplet loss of a batch.

    Args:
        name: "triplet" or "quadruplet".
        streams: embeddings of anchors, sketch negatives (the triplet loss does without
            them), positives and photo negatives, float (N, D) each.
        margin: see `quadruplet_loss`.

    Returns:
        The loss, without dimensions.

    Taught in: notebook 03.
    """
    anchor, *sketch_negative, positive, photo_negative = streams
    if name == "triplet":
        return triplet_loss(anchor, positive, photo_negative, margin)
    return quadruplet_loss(anchor, positive, photo_negative, *sketch_negative, margin)
