"""SBTKNet: quadruplets, semantic classification, knowledge preservation, or a part."""

import torch
from torch import Tensor

from zssbir_lib.data import QuadrupletSampler, SketchPhotoData
from zssbir_lib.losses import quadruplet_loss, triplet_loss
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.methods.base import Method
from zssbir_lib.training.methods.batch import Batch, StepImages
from zssbir_lib.training.methods.semantic_losses import SemanticLosses
from zssbir_lib.training.recipes.named import images_per_example
from zssbir_lib.training.recipes.recipe import Recipe


class SBTKNetMethod(Method):
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
        self.observed = {}
        self.data = data
        self.recipe = recipe
        self.sampler = QuadrupletSampler(
            data.sketches.labels, data.photos.labels, recipe.batch_size
        )
        self.semantic = SemanticLosses(data, recipe, device)

        self.needs_images = self.semantic.looks_at_images

    def sample(self, generator: torch.Generator) -> StepImages:
        """Draw anchors, sketch negatives, positives and photo negatives, in this order.

        Args:
            generator: source of all random numbers.

        Returns:
            Which 4N images, or 3N without sketch negatives for the triplet loss alone.
        """
        drawn = self.sampler.sample(generator)
        sketches = drawn.anchor
        if self.recipe.losses != ("triplet",):
            sketches = torch.cat((drawn.anchor, drawn.sketch_negative))
        photos = torch.cat((drawn.positive, drawn.photo_negative))
        return StepImages(sketches, photos)

    def losses(
        self, net: EmbeddingNet, pooled: Tensor, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return each loss of the recipe times its weight."""
        recipe, values = self.recipe, {}
        for name in set(recipe.losses) & {"triplet", "quadruplet"}:
            streams = net.project(pooled).chunk(images_per_example(recipe.losses))
            loss = metric_loss(name, streams, recipe.margin)
            values[name] = recipe.metric_weight * loss
        return values | self.semantic(net, pooled, images, batch)


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
