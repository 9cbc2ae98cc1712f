"""Models: networks that map images to embeddings.

Images are normalised floats (B, 3, S, S), a feature map (B, F, H, W), pooled features
(B, F), embeddings (B, D); modality is int64 (B,), 0 sketch and 1 photo.
"""

from zssbir_lib.models.backbones import PixelStatistics, build_backbone
from zssbir_lib.models.embedding_net import (
    EmbeddingNet,
    add_gates,
    batch_norms,
    count_parameters,
    freeze_first_blocks,
    set_training_mode,
)
from zssbir_lib.models.gates import ConditionalGate
from zssbir_lib.models.heads import classifier
from zssbir_lib.models.memory import (
    ExternalMemory,
    FixedMargin,
    MarginNetwork,
    MemoryRead,
    ScalarMargin,
    empty_read,
    write_least_used,
    write_rare,
)
from zssbir_lib.models.weights import (
    Teacher,
    TeacherReport,
    initialise_backbone,
    load_photo_teacher,
    load_teacher,
    save_teacher,
    start_projection,
    start_soft_head,
    teacher_classifier,
    teacher_report,
)

__all__ = [
    "ConditionalGate",
    "EmbeddingNet",
    "ExternalMemory",
    "FixedMargin",
    "MarginNetwork",
    "MemoryRead",
    "PixelStatistics",
    "ScalarMargin",
    "Teacher",
    "TeacherReport",
    "add_gates",
    "batch_norms",
    "build_backbone",
    "classifier",
    "count_parameters",
    "empty_read",
    "freeze_first_blocks",
    "initialise_backbone",
    "load_photo_teacher",
    "load_teacher",
    "save_teacher",
    "set_training_mode",
    "start_projection",
    "start_soft_head",
    "teacher_classifier",
    "teacher_report",
    "write_least_used",
    "write_rare",
]
