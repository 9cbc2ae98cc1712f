"""RAMLN: training with margins that a meta step learns."""

from zssbir_lib.training.methods.ramln.alignment import (
    AnchorPushes,
    anchor_pushes,
    pushes_of_batches,
)
from zssbir_lib.training.methods.ramln.learner import MarginLearner
from zssbir_lib.training.methods.ramln.meta_gradient import (
    exact_meta_gradient,
    first_order_meta_gradient,
    virtual_step,
)
from zssbir_lib.training.methods.ramln.method import RAMLNMethod
from zssbir_lib.training.methods.ramln.report import (
    ImageMargins,
    describe_image_margins,
    describe_pushes,
    load_margin_learner,
    margins_of_images,
)

__all__ = [
    "AnchorPushes",
    "ImageMargins",
    "MarginLearner",
    "RAMLNMethod",
    "anchor_pushes",
    "describe_image_margins",
    "describe_pushes",
    "exact_meta_gradient",
    "first_order_meta_gradient",
    "load_margin_learner",
    "margins_of_images",
    "pushes_of_batches",
    "virtual_step",
]
