"""RAMLN: training with margins that a meta step learns."""

from zssbir_lib.training.ramln.learner import MarginLearner
from zssbir_lib.training.ramln.meta_gradient import (
    exact_meta_gradient,
    first_order_meta_gradient,
    virtual_step,
)
from zssbir_lib.training.ramln.method import RAMLNMethod
from zssbir_lib.training.ramln.report import (
    ImageMargins,
    describe_image_margins,
    load_margin_learner,
    margins_of_images,
)

__all__ = [
    "ImageMargins",
    "MarginLearner",
    "RAMLNMethod",
    "describe_image_margins",
    "exact_meta_gradient",
    "first_order_meta_gradient",
    "load_margin_learner",
    "margins_of_images",
    "virtual_step",
]
