"""Losses on what an image means: its class, and what the photo teacher says of it."""

import torch
from torch import Tensor

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.losses import classification_loss, knowledge_preservation_loss
from zssbir_lib.modality import PHOTO
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training.methods.batch import Batch
from zssbir_lib.training.methods.teaching import recipe_soft_labels, recipe_teacher
from zssbir_lib.training.recipes.recipe import Recipe


class SemanticLosses:
    """Classification and knowledge preservation, those that a recipe names.

    Args:
        data: the seen classes.
        recipe: names the losses, their weights and the teacher.
        device: where the teacher works.

    Raises:
        ValueError: the teacher does not fit.

    Source: SBTKNet (Tursun et al.), section 3, equations 4 to 6.

    Taught in: notebook 04.
    """

    def __init__(
        self, data: SketchPhotoData, recipe: Recipe, device: str = "cpu"
    ) -> None:
        self.recipe = recipe
        self.soft_labels, self.teacher = None, None
        if "knowledge" not in recipe.losses:
            return
        if recipe.teaching == "item":  # asked at every step
            self.teacher = recipe_teacher(recipe).to(device)
        else:  # asked once for every class
            classes = len(data.class_names)
            labels = recipe_soft_labels(recipe, data.photos, classes, device)
            self.soft_labels = labels.to(device)

    @property
    def looks_at_images(self) -> bool:
        """Whether a teacher is asked about the images of every step."""
        return self.teacher is not None

    def __call__(
        self, net: EmbeddingNet, pooled: Tensor, images: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Return each of these losses of the recipe, times its weight.

        Args:
            net: the student.
            pooled: its pooled features, float (B, F).
            images: what it saw, float (B, 3, S, S).
            batch: labels and modality.

        Returns:
            Losses by name, without dimensions.

        Raises:
            ValueError: a teacher by item normalises pixels in another way.
        """
        recipe, values = self.recipe, {}
        labels = batch.labels.to(pooled.device)
        if "classification" in recipe.losses:
            loss = classification_loss(net.classify(pooled), labels)
            values["classification"] = recipe.classification_weight * loss
        if "knowledge" in recipe.losses:
            loss = self._knowledge(net, pooled, images, labels, batch.modality)
            values["knowledge"] = recipe.knowledge_weight * loss
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
        logits = net.heads["soft"](pooled)  # (B, K)
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
