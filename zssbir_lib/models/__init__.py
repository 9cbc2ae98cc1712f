"""Models: networks that map images to embeddings."""

from zssbir_lib.models.attention import AttentionPooling
from zssbir_lib.models.backbones import (
    PixelStatistics,
    SmallConvNet,
    build_backbone,
)
from zssbir_lib.models.classifier_projection import (
    classifier_projection,
    start_projection,
)
from zssbir_lib.models.conditional_gates import ConditionalGate, GatedBackbone
from zssbir_lib.models.cosine_classifier import CosineClassifier
from zssbir_lib.models.embedding_net import (
    EmbeddingNet,
    add_gates,
    batch_norms,
    count_parameters,
    freeze_first_blocks,
    set_training_mode,
)
from zssbir_lib.models.external_memory import ExternalMemory, MemoryRead
from zssbir_lib.models.margin_network import (
    FixedMargin,
    MarginNetwork,
    ScalarMargin,
)
from zssbir_lib.models.memory_writing import write_least_used, write_rare
from zssbir_lib.models.modality_centring import ModalityCentring
from zssbir_lib.models.photo_teacher import (
    TorchvisionTeacher,
    load_photo_teacher,
    start_soft_head,
    teacher_classifier,
)
from zssbir_lib.models.teacher import (
    Teacher,
    TeacherReport,
    load_teacher,
    save_teacher,
    teacher_report,
)
from zssbir_lib.models.weights import (
    initialise_backbone,
    load_torchvision_state,
    read_state,
)

__all__ = [
    "AttentionPooling",
    "ConditionalGate",
    "CosineClassifier",
    "EmbeddingNet",
    "ExternalMemory",
    "GatedBackbone",
    "FixedMargin",
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
    "classifier_projection",
    "count_parameters",
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
