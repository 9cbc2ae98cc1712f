"""Training: recipes, the loop, checkpoints, experiments and studies."""

from zssbir_lib.training.cells import score_cells
from zssbir_lib.training.checkpoints import (
    load_trained_net,
    read_checkpoint,
    restore_state,
    save_checkpoint,
)
from zssbir_lib.training.embedding import (
    accuracy,
    apply_head,
    embed,
    embed_with_mirror,
)
from zssbir_lib.training.experiment import (
    Experiment,
    evaluate_experiment,
    prepare_state,
    run_experiment,
    train,
)
from zssbir_lib.training.hardware.execution import Execution
from zssbir_lib.training.hardware.features import FeaturePass, JointFeatures
from zssbir_lib.training.hardware.gathering import gather
from zssbir_lib.training.hardware.joint_batchnorm import join_batch_norms
from zssbir_lib.training.hardware.processes import Processes, joined, processes
from zssbir_lib.training.loading import load_steps
from zssbir_lib.training.loop import (
    end_epoch,
    fit,
    network_input,
    prepare_step,
    training_step,
)
from zssbir_lib.training.methods.base import Method
from zssbir_lib.training.methods.batch import (
    Batch,
    StepImages,
    gather_batch,
    labels_and_modality,
)
from zssbir_lib.training.methods.build import build_method
from zssbir_lib.training.methods.mathm import MATHMMethod, describe_terms
from zssbir_lib.training.methods.ramln import (
    AnchorPushes,
    ImageMargins,
    MarginLearner,
    RAMLNMethod,
    anchor_pushes,
    describe_image_margins,
    describe_pushes,
    exact_meta_gradient,
    first_order_meta_gradient,
    load_margin_learner,
    margins_of_images,
    pushes_of_batches,
    virtual_step,
)
from zssbir_lib.training.methods.sbtknet import SBTKNetMethod, metric_loss
from zssbir_lib.training.methods.semantic_losses import SemanticLosses
from zssbir_lib.training.methods.teaching import (
    cached_class_activations,
    class_activations,
    recipe_soft_labels,
    recipe_teacher,
    teacher_logits,
)
from zssbir_lib.training.methods.triplet import TripletMethod
from zssbir_lib.training.preparation import prepare_images
from zssbir_lib.training.pretraining import (
    PretrainingRecipe,
    make_teacher,
    teacher_accuracy,
    train_teacher,
)
from zssbir_lib.training.processor import (
    flush_denormals,
    keep_freed_memory,
    use_threads,
)
from zssbir_lib.training.provenance import provenance, write_json
from zssbir_lib.training.recipes.checks import LOSSES, PROFILES
from zssbir_lib.training.recipes.margin_settings import MarginSettings
from zssbir_lib.training.recipes.named import images_per_example, named_recipe
from zssbir_lib.training.recipes.recipe import Recipe
from zssbir_lib.training.schedule import (
    build_optimiser,
    freeze_groups,
    learning_rate_factor,
    set_learning_rate,
)
from zssbir_lib.training.scoring import (
    embed_zero_shot,
    score_generalised,
    score_retrieval,
)
from zssbir_lib.training.state import (
    TrainingState,
    build_net,
    build_student,
    new_state,
)
from zssbir_lib.training.studies.ablation import (
    ablation_differences,
    plan_ablation,
    with_seen_counts,
)
from zssbir_lib.training.studies.ablation_rows import ABLATIONS, Ablation
from zssbir_lib.training.studies.cell_differences import cell_differences
from zssbir_lib.training.studies.cell_scores import score_study
from zssbir_lib.training.studies.cell_summary import summarise_cells
from zssbir_lib.training.studies.forgetting import (
    PretrainingPhotos,
    load_fresh_pretraining_photos,
    measure_forgetting,
    probe_accuracy,
    teacher_agreement,
)
from zssbir_lib.training.studies.study import (
    StudyRun,
    run_study,
    study_row,
    summarise_study,
)

__all__ = [
    "ABLATIONS",
    "LOSSES",
    "MATHMMethod",
    "PROFILES",
    "Ablation",
    "AnchorPushes",
    "Batch",
    "Execution",
    "Experiment",
    "FeaturePass",
    "ImageMargins",
    "JointFeatures",
    "MarginLearner",
    "MarginSettings",
    "Method",
    "PretrainingPhotos",
    "PretrainingRecipe",
    "Processes",
    "RAMLNMethod",
    "Recipe",
    "SBTKNetMethod",
    "SemanticLosses",
    "StepImages",
    "StudyRun",
    "TrainingState",
    "TripletMethod",
    "ablation_differences",
    "accuracy",
    "anchor_pushes",
    "apply_head",
    "build_method",
    "build_net",
    "build_optimiser",
    "build_student",
    "cached_class_activations",
    "cell_differences",
    "class_activations",
    "describe_image_margins",
    "describe_pushes",
    "describe_terms",
    "embed",
    "embed_with_mirror",
    "embed_zero_shot",
    "end_epoch",
    "evaluate_experiment",
    "fit",
    "flush_denormals",
    "freeze_groups",
    "gather",
    "gather_batch",
    "images_per_example",
    "join_batch_norms",
    "joined",
    "keep_freed_memory",
    "labels_and_modality",
    "learning_rate_factor",
    "exact_meta_gradient",
    "first_order_meta_gradient",
    "load_fresh_pretraining_photos",
    "load_margin_learner",
    "load_steps",
    "load_trained_net",
    "make_teacher",
    "margins_of_images",
    "measure_forgetting",
    "metric_loss",
    "named_recipe",
    "network_input",
    "new_state",
    "plan_ablation",
    "prepare_images",
    "prepare_state",
    "prepare_step",
    "probe_accuracy",
    "processes",
    "provenance",
    "pushes_of_batches",
    "read_checkpoint",
    "recipe_soft_labels",
    "recipe_teacher",
    "restore_state",
    "run_experiment",
    "run_study",
    "save_checkpoint",
    "score_cells",
    "score_generalised",
    "score_retrieval",
    "score_study",
    "set_learning_rate",
    "study_row",
    "summarise_cells",
    "summarise_study",
    "teacher_accuracy",
    "teacher_agreement",
    "teacher_logits",
    "train",
    "train_teacher",
    "training_step",
    "use_threads",
    "virtual_step",
    "with_seen_counts",
    "write_json",
]
