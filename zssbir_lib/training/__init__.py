"""Training: recipes, the loop, checkpoints, experiments and studies."""

from zssbir_lib.training.checkpoints import (
    load_trained_net,
    read_checkpoint,
    restore_state,
    save_checkpoint,
)
from zssbir_lib.training.embedding import embed
from zssbir_lib.training.experiment import (
    Experiment,
    evaluate_experiment,
    prepare_state,
    run_experiment,
    train,
)
from zssbir_lib.training.loop import end_epoch, fit, training_step
from zssbir_lib.training.methods import (
    Batch,
    TripletMethod,
    build_method,
    gather_batch,
)
from zssbir_lib.training.preparation import prepare_images
from zssbir_lib.training.pretraining import (
    PretrainingRecipe,
    make_teacher,
    teacher_accuracy,
    train_teacher,
)
from zssbir_lib.training.processor import flush_denormals, use_threads
from zssbir_lib.training.provenance import provenance, write_json
from zssbir_lib.training.recipes import PROFILES, Recipe, named_recipe
from zssbir_lib.training.schedule import (
    build_optimiser,
    learning_rate_factor,
    set_learning_rate,
)
from zssbir_lib.training.scoring import (
    embed_zero_shot,
    score_generalised,
    score_retrieval,
)
from zssbir_lib.training.state import TrainingState, build_net, new_state
from zssbir_lib.training.study import (
    StudyRun,
    run_study,
    study_row,
    summarise_study,
)

__all__ = [
    "PROFILES",
    "Batch",
    "Experiment",
    "PretrainingRecipe",
    "Recipe",
    "StudyRun",
    "TrainingState",
    "TripletMethod",
    "build_method",
    "build_net",
    "build_optimiser",
    "embed",
    "embed_zero_shot",
    "end_epoch",
    "evaluate_experiment",
    "fit",
    "flush_denormals",
    "gather_batch",
    "learning_rate_factor",
    "load_trained_net",
    "make_teacher",
    "named_recipe",
    "new_state",
    "prepare_images",
    "prepare_state",
    "provenance",
    "read_checkpoint",
    "restore_state",
    "run_experiment",
    "run_study",
    "save_checkpoint",
    "score_generalised",
    "score_retrieval",
    "set_learning_rate",
    "study_row",
    "summarise_study",
    "teacher_accuracy",
    "train",
    "train_teacher",
    "training_step",
    "use_threads",
    "write_json",
]
