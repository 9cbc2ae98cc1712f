"""What methods add to a loss of the embedding: classification, and a photo teacher."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from zssbir_lib.data import SketchPhotoData
from zssbir_lib.losses import classification_loss, knowledge_preservation_loss
from zssbir_lib.modality import PHOTO
from zssbir_lib.models import EmbeddingNet, classifier, start_soft_head
from zssbir_lib.records import NotNegative, Positive, check_names
from zssbir_lib.training.method import Method, Step
from zssbir_lib.training.methods.teaching import find_teacher, seen_soft_labels

SEMANTIC_LOSSES = ("classification", "knowledge")


@dataclass(frozen=True)
class Taught:
    """What the knowledge loss keeps: one soft label a class, or the teacher itself."""

    soft_labels: Tensor | None = None  # (C, K)
    teacher: nn.Module | None = None


@dataclass(frozen=True)
class SemanticMethod(Method):
    """A loss of the embedding, classification and knowledge preservation, or a part.

    Attributes:
        losses: those that are added up.
        metric_weight: factor on the loss of the embedding.
        classification_weight: factor on the classification loss.
        knowledge_weight: factor on the knowledge preservation loss.
        classifier_input: what the classifier sees.
        classifier_bias: whether it has a bias.
        classifier_scale: 0 for a linear classifier; above 0 for one that compares by
            angle, times this factor (then without a bias).
        teacher: the photo teacher, start (what the backbone starts from) or
            ARCHITECTURE:SOURCE, see `load_photo_teacher`.
        teaching: one soft label a class, made once, or one for every photo (item), made
            anew at every step.
        temperature: softness of the teacher's labels.
        soft_head: start of the soft head: the teacher's own classifier, or fresh.

    Source: SBTKNet (Tursun et al.), section 3, equations 4 to 6.
    """

    losses: tuple[str, ...] = ("classification",)
    metric_weight: NotNegative = 1.0
    classification_weight: NotNegative = 1.0
    knowledge_weight: NotNegative = 1.0
    classifier_input: Literal["pooled", "embedding"] = "pooled"
    classifier_bias: bool = True
    classifier_scale: NotNegative = 0.0
    teacher: str = "start"
    teaching: Literal["class", "item"] = "class"
    temperature: Positive = 1.0
    soft_head: Literal["teacher", "fresh"] = "teacher"

    metric_losses = ()  # those that train the embedding

    @property
    def needs_images(self) -> bool:
        """Whether a teacher is asked about the images of every step."""
        return "knowledge" in self.losses and self.teaching == "item"

    def check(self) -> None:
        """Raise also unless the losses are known and can be watched."""
        check_names("losses", self.losses, (*self.metric_losses, *SEMANTIC_LOSSES))
        super().check()
        if self.recipe.validation == "sketches" and "classification" not in self.losses:
            raise ValueError(
                "validation=sketches needs the classification loss; watch classes"
            )

    def has_new_layers(self) -> bool:
        """Return whether there are heads, gates or attention."""
        return bool(set(SEMANTIC_LOSSES) & set(self.losses)) or super().has_new_layers()

    @classmethod
    def complete(cls, settings: dict[str, Any]) -> None:
        """Watch held-out sketches in a paper's length; retrieve by what was trained."""
        super().complete(settings)
        losses = settings.get("losses", cls.losses)
        if settings["profile"] == "paper" and "classification" in losses:
            settings.setdefault("validation", "sketches")
        sees = settings.get("classifier_input", cls.classifier_input)
        through_classifier = "classification" in losses and sees == "embedding"
        if not set(cls.metric_losses) & set(losses) and not through_classifier:
            settings.setdefault("feature", "pooled")

    def heads(self, features: int, classes: int) -> dict[str, nn.Module | int]:
        """Return the classifier ("identity") and the teacher's pupil ("soft")."""
        heads: dict[str, nn.Module | int] = {}
        if "classification" in self.losses:
            if classes < 1:
                raise ValueError(f"classification needs seen classes, got {classes}")
            on_pooled = self.classifier_input == "pooled"
            inputs = features if on_pooled else self.recipe.embedding_size
            heads["identity"] = classifier(
                inputs, classes, self.classifier_bias, self.classifier_scale
            )
        if "knowledge" in self.losses:
            teacher = self.photo_teacher()
            heads["soft"] = nn.Linear(features, len(teacher.class_names))
            if self.soft_head == "teacher":
                start_soft_head(heads["soft"], teacher)
        return heads

    def photo_teacher(self) -> nn.Module:
        """Return the photo teacher, frozen."""
        return find_teacher(self.teacher, self.recipe)

    def begin(self, data: SketchPhotoData, device: str, seed: int) -> Any:
        """Ask the teacher once about every class, or keep it for every step."""
        if "knowledge" not in self.losses:
            return None
        teacher = self.photo_teacher()
        if self.teaching == "item":
            return Taught(teacher=teacher.to(device))
        labels = seen_soft_labels(teacher, data, self.temperature, device)
        return Taught(soft_labels=labels.to(device))

    def semantic_terms(
        self, net: EmbeddingNet, step: Step, taught: Taught | None
    ) -> dict[str, Tensor]:
        """Return classification and knowledge, where they are named, times weights."""
        terms = {}
        if "classification" in self.losses:
            loss = classification_loss(net.classify(step.pooled), step.labels)
            terms["classification"] = self.classification_weight * loss
        if "knowledge" in self.losses:
            loss = self.knowledge(net, step, taught)
            terms["knowledge"] = self.knowledge_weight * loss
        return terms

    def knowledge(self, net: EmbeddingNet, step: Step, taught: Taught) -> Tensor:
        """Return the knowledge loss, taught by class or by item."""
        logits = net.heads["soft"](step.pooled)  # (B, K)
        if taught.teacher is None:
            labels = taught.soft_labels[step.labels]
            return knowledge_preservation_loss(logits, labels)
        if taught.teacher.pixels != net.pixels:
            raise ValueError(
                "teaching by item gives teacher and student the same pixels, but they "
                "are normalised differently: use teaching=class"
            )
        photos = step.modality == PHOTO
        with torch.no_grad():
            said = taught.teacher(step.images[photos]) / self.temperature
        return knowledge_preservation_loss(logits[photos], said.softmax(dim=1))
