"""Models: networks that map images to embeddings.

Images are normalised floats (B, 3, S, S), a feature map (B, F, H, W), pooled features
(B, F), embeddings (B, D); modality is int64 (B,), 0 sketch and 1 photo.
"""

from zssbir_lib.models.backbones import (
    PixelStatistics,
    SmallConvNet,
    build_backbone,
)
from zssbir_lib.models.embedding_net import (
    EmbeddingNet,
    add_gates,
    batch_norms,
    count_parameters,
    freeze_first_blocks,
    set_training_mode,
)
from zssbir_lib.models.gates import ConditionalGate, GatedBackbone
from zssbir_lib.models.heads import (
    AttentionPooling,
    CosineClassifier,
    ModalityCentring,
    classifier,
)
from zssbir_lib.models.margin_network import (
    FixedMargin,
    MarginNetwork,
    ScalarMargin,
)
from zssbir_lib.models.memory import (
    ExternalMemory,
    MemoryRead,
    empty_read,
    write_least_used,
    write_rare,
)
from zssbir_lib.models.starting_weights import (
    classifier_projection,
    initialise_backbone,
    start_projection,
    start_soft_head,
)
from zssbir_lib.models.teacher import (
    Teacher,
    TeacherReport,
    TorchvisionTeacher,
    load_photo_teacher,
    load_teacher,
    save_teacher,
    teacher_classifier,
    teacher_report,
)
from zssbir_lib.models.weights import load_torchvision_state, read_state

__all__ = [
    "AttentionPooling",
    "ConditionalGate",
    "CosineClassifier",
    "EmbeddingNet",
    "ExternalMemory",
    "FixedMargin",
    "GatedBackbone",
    "MarginNetwork",
    "MemoryRead",
    "ModalityCentring",
    "PixelStatistics",
    "ScalarMargin",
    "SmallConvNet",
    "Teacher",
    "TeacherReport",
    "TorchvisionTeacher",
    "add_gates",
    "batch_norms",
    "build_backbone",
    "classifier",
    "classifier_projection",
    "count_parameters",
    "empty_read",
    "freeze_first_blocks",
    "initialise_backbone",
    "load_photo_teacher",
    "load_teacher",
    "load_torchvision_state",
    "read_state",
    "save_teacher",
    "set_training_mode",
    "start_projection",
    "start_soft_head",
    "teacher_classifier",
    "teacher_report",
    "write_least_used",
    "write_rare",
]
