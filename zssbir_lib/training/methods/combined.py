"""The combined recipe: MATHM with what the three papers' ideas add to it."""

from dataclasses import dataclass
from typing import Any

from zssbir_lib.records import NotNegative
from zssbir_lib.training.methods.mathm import MATHM


@dataclass(frozen=True)
class Combined(MATHM):
    """MATHM with what helped it on validation classes, see notebook 07.

    With a small backbone a cosine classifier, heavier triplets and some photos as edge
    drawings; with one that ImageNet has taught no change of the training helps, but
    centred features do.
    """

    metric_weight: NotNegative = 3.0
    classifier_scale: NotNegative = 16.0

    name = "combined"

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Change MATHM's training by what the backbone decides."""
        settings = super().defaults(backbone, profile)
        if backbone == "small":
            return settings | dict(augmentation=dict(edges=0.3))
        settings |= dict(metric_weight=1.0, classifier_scale=0.0)
        return settings if profile == "paper" else settings | dict(feature="centred")
