"""The combined recipe: MATHM with what the three papers' ideas add to it."""

from dataclasses import dataclass
from typing import Any

from zssbir_lib.training.methods.mathm import MATHM


@dataclass(frozen=True)
class Combined(MATHM):
    """MATHM with what helped it on validation classes, see notebook 07.

    With a small backbone a cosine classifier, heavier triplets and some photos as edge
    drawings; with one that ImageNet has taught no change of the training helps, but
    centred features do.
    """

    name = "combined"

    @classmethod
    def defaults(cls, backbone: str, profile: str) -> dict[str, Any]:
        """Change MATHM's training by what the backbone decides."""
        settings = super().defaults(backbone, profile)
        if profile == "paper":
            return settings
        if backbone != "small":
            return settings | dict(feature="centred")
        return settings | dict(
            metric_weight=3.0, classifier_scale=16.0, augmentation=dict(edges=0.3)
        )
