"""Training: methods, the loop, checkpoints, experiments and studies.

`method` says what a method is and `methods` has one file for each; `recipe` is what
they share. `loop` trains, `experiment` goes from data to metrics, and `study`
compares many.
"""

from zssbir_lib.data import prepare_images
from zssbir_lib.scoring import (
    accuracy,
    apply_head,
    embed,
    embed_zero_shot,
    score_retrieval,
)
from zssbir_lib.training.checkpoints import (
    load_trained_net,
    read_checkpoint,
    restore_state,
    save_checkpoint,
)
from zssbir_lib.training.execution import (
    Execution,
    FeaturePass,
    prepare_processor,
    use_threads,
)
from zssbir_lib.training.experiment import Experiment, run_experiment
from zssbir_lib.training.forgetting import (
    load_fresh_pretraining_photos,
    measure_forgetting,
)
from zssbir_lib.training.loading import draw_batch, gather_batch, load_steps
from zssbir_lib.training.loop import fit, network_input, training_step
from zssbir_lib.training.method import Method, Step, StepImages, class_batch_sampler
from zssbir_lib.training.methods import METHODS, find_method, named_method
from zssbir_lib.training.methods.margin_report import (
    ImageMargins,
    anchor_pushes,
    describe_image_margins,
    describe_pushes,
    load_margin_learner,
    margins_of_images,
    pushes_of_batches,
)
from zssbir_lib.training.methods.mathm import MATHM
from zssbir_lib.training.methods.meta_step import (
    exact_meta_gradient,
    first_order_meta_gradient,
    virtual_step,
)
from zssbir_lib.training.methods.ramln import RAMLN, MarginLearner, MarginSettings
from zssbir_lib.training.methods.sbtknet import SBTKNet
from zssbir_lib.training.methods.teaching import (
    cached_class_activations,
    class_activations,
    teacher_logits,
)
from zssbir_lib.training.methods.triplet import Triplet
from zssbir_lib.training.parallel import joined, processes
from zssbir_lib.training.provenance import provenance
from zssbir_lib.training.recipe import PROFILES, Recipe
from zssbir_lib.training.schedule import learning_rate_factor
from zssbir_lib.training.state import TrainingState, build_net, new_state
from zssbir_lib.training.tables import read_results

__all__ = [
    "MATHM",
    "METHODS",
    "PROFILES",
    "RAMLN",
    "Execution",
    "Experiment",
    "FeaturePass",
    "ImageMargins",
    "MarginLearner",
    "MarginSettings",
    "Method",
    "Recipe",
    "SBTKNet",
    "Step",
    "StepImages",
    "TrainingState",
    "Triplet",
    "accuracy",
    "anchor_pushes",
    "apply_head",
    "build_net",
    "cached_class_activations",
    "class_activations",
    "class_batch_sampler",
    "describe_image_margins",
    "describe_pushes",
    "draw_batch",
    "embed",
    "embed_zero_shot",
    "exact_meta_gradient",
    "find_method",
    "first_order_meta_gradient",
    "fit",
    "gather_batch",
    "joined",
    "learning_rate_factor",
    "load_fresh_pretraining_photos",
    "load_margin_learner",
    "load_steps",
    "load_trained_net",
    "margins_of_images",
    "measure_forgetting",
    "named_method",
    "network_input",
    "new_state",
    "prepare_images",
    "prepare_processor",
    "processes",
    "provenance",
    "pushes_of_batches",
    "read_checkpoint",
    "read_results",
    "restore_state",
    "run_experiment",
    "save_checkpoint",
    "score_retrieval",
    "teacher_logits",
    "training_step",
    "use_threads",
    "virtual_step",
]
