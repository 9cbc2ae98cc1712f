"""The search for one recipe that is better than each paper's own.

Every row is trained on the same number of images. Choices were made by the mAP@all on
validation classes, after the test-time steps that belong to the recipe (mirrored
embeddings, neighbours).

Taught in: notebook 07.
"""

from typing import Any

from zssbir_lib.training.studies.ablation_record import Ablation

Rows = dict[str, dict[str, Any]]

TAUGHT = ("modality_aware", "classification", "knowledge")
COSINE = dict(classifier_scale=16.0)
HEAVY = dict(metric_weight=3.0)
EDGES = dict(augmentation=dict(edges=0.3))
KNOWLEDGE = dict(losses=TAUGHT, knowledge_weight=0.3)

# One idea at a time, on top of MATHM.
ALONE: Rows = {
    "cosine-8": dict(classifier_scale=8.0),
    "cosine-16": COSINE,
    "cosine-30": dict(classifier_scale=30.0),
    "weight-3": HEAVY,
    "weight-10": dict(metric_weight=10.0),
    "edges-0.3": EDGES,
    "edges-0.6": dict(augmentation=dict(edges=0.6)),
    "grey-0.7": dict(augmentation=dict(grey=0.7)),
    "knowledge-0.3": KNOWLEDGE,
    "knowledge-1": dict(losses=TAUGHT),
    "classification-0.3": dict(classification_weight=0.3),
    "attention": dict(attention=True),
    "margin-0.5": dict(margin=0.5),
    "rate-2": dict(learning_rate=2e-3),
    "embedding-256": dict(embedding_size=256),
    "4-a-class": dict(images_per_class=4),
    "16-a-class": dict(images_per_class=16),
}
# What retrieval compares, the training unchanged.
COMPARED: Rows = {"pooled": dict(feature="pooled"), "centred": dict(feature="centred")}
# Several at once.
TOGETHER: Rows = {
    "learned-margins": dict(method="ramln"),
    "weight+knowledge-0.3": HEAVY | KNOWLEDGE,
    "weight+knowledge-1": HEAVY | dict(losses=TAUGHT),
    "cosine+weight": COSINE | HEAVY,
    "cosine+weight+edges": COSINE | HEAVY | EDGES,
    "cosine+weight+knowledge": COSINE | HEAVY | KNOWLEDGE,
    "cosine+weight+edges+knowledge": COSINE | HEAVY | EDGES | KNOWLEDGE,
    "cosine+weight+edges+centred": COSINE | HEAVY | EDGES | COMPARED["centred"],
}
CHOSEN = "cosine+weight+edges"  # with the small backbone
CHOSEN_LARGE = "centred"  # with backbones that ImageNet has taught
COMBINED_SEARCH = Ablation(
    "mathm",
    {"mathm": {}, **ALONE, **COMPARED, **TOGETHER},
    (
        *((row, "mathm") for row in (*ALONE, *COMPARED, *TOGETHER)),
        *((CHOSEN, row) for row in ("cosine-16", "weight-3", "edges-0.3")),
        *((CHOSEN, row) for row in ("cosine+weight", "cosine+weight+edges+centred")),
    ),
)
