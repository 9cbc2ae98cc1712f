"""Every figure of the library, drawn from small made-up inputs."""

import numpy as np
import torch

from zssbir_lib.evaluation import Comparison, published_results

TITLE = "What the figure shows"
TITLED_BY_ITSELF = ("published_plot",)
CLASSES = ["mug", "cat", "sun", "hat"]
chance = np.random.default_rng(7)
LABELS = np.arange(40) % 4
MODALITY = np.arange(40) // 20
CLUSTERS = 8 * np.eye(4)[LABELS, :2] + 4 * np.eye(4)[LABELS, 2:] - 4
CLUSTERS = CLUSTERS + [[0, 9]] * (LABELS == 3)[:, None] + chance.normal(size=(40, 2))


def images(*shape):
    """Return noise, uint8 (*shape, 3, 16, 16)."""
    return torch.from_numpy(chance.integers(0, 256, (*shape, 3, 16, 16), np.uint8))


def compared(name, mean=0.02, p=0.01, baseline="triplet", confidence=0.95):
    """Return a made-up difference with its two intervals."""
    own, joint = (mean, mean - 0.01, mean + 0.015), (mean, mean - 0.02, mean + 0.03)
    return Comparison(name, baseline, own, joint, p, p, confidence)


def entry(row, split="one", mean=0.5, low=0.4, high=0.6):
    """Return a row of a study's summary."""
    value = {"mean": mean, "low": low, "high": high}
    return {"row": row, "split": split, "metrics": {"map@all": value}}


def mined(count=30):
    """Return records of what was mined."""
    names = ("active", "weight", "positive", "negative")
    kinds = ("within", "hybrid", "cross")
    return [
        {f"{kind}/{name}": chance.random() for kind in kinds for name in names}
        for _ in range(count)
    ]


def retrieved(display):
    """Return made-up photos of two queries."""
    right, seen = chance.random((2, 2, 5)) > 0.5
    names = [["ant"] * 5, ["dog"] * 5]
    return display.RetrievedPhotos(images(2, 5), right, names, seen, [0.91, 0.5])


def lookalikes(display):
    """Draw two classes that are confused."""
    shown = {name: (images(2), images(2)) for name in ("mug", "hat")}
    confusion = chance.random((4, 4))
    shares = {"old": [0.2, 0.3, 0.4], "new": [0.1]}
    models = {"old": confusion, "new": confusion / 2}
    return display.lookalike_figure(models, CLASSES, (0, 3), shown, shares, TITLE)


TOTALS = {
    "seen sketches": (100, True),
    "unseen sketches": (20, True),
    "seen photos": (2600, False),
    "unseen photos": (55, True),
}
COUNTS = {
    "seen": {f"class {i}": (i + 3, 2 * i) for i in range(12)},
    "unseen": {f"other {i}": (i, 9) for i in range(1, 8)},
}
ROWS = [
    entry(f"{name}:{profile}", split, mean, mean - 0.02, mean + 0.03)
    for profile, split, name, mean in (
        ("quick", "one", "triplet", 0.30),
        ("quick", "one", "all-three", 0.35),
        ("quick", "two", "triplet", 0.40),
        ("quick", "two", "all-three", 0.45),
        ("book", "one", "triplet", 0.50),
        ("book", "one", "all-three", 0.55),
        ("book", "two", "triplet", 0.60),
        ("book", "two", "all-three", 0.65),
    )
]
RUNS = {name: {"one": [0.5, 0.6], "two": [0.7, 0.8]} for name in ("a", "+a", "b", "+b")}
HISTORY = [{"loss": 0.3}, {"loss": 0.1, "validation": 0.3}, {"loss": 0.05}]
DIFFERENCES = [compared("sbtknet", 0.02, 0.011), compared("mathm", 0.03, 0.0002)]
POINTS = np.array([[0.0, 0.0], [0.8, 0.0], [0.2, 1.2]])
MOVES = [np.zeros((3, 2)), np.array([[0.0, 0.0], [0.0, -2.0], [0.5, 0.0]])]
SCORES = {0.25: [0.1, 0.2], 0.5: [0.3, 0.4], 1.0: [0.5, 0.6]}
SLOTS = LABELS, MODALITY, np.arange(40)
RISING = np.linspace(0, 1, 20)
STAGES = {"house": images(4), "fish": images(4)}

FIGURES = {  # name of the function -> draw it, given the package
    "image_grid": lambda d: d.image_grid(images(5), list("abcde"), 3, TITLE),
    "retrieval_panel": lambda d: d.retrieval_panel(
        images(2),
        images(2, 3),
        torch.tensor([[True, False, True], [False, False, True]]),
        ["mug", "hot air balloon"],
        [["mug", "cat", "mug"], ["cat", "cat", "hot air balloon"]],
        TITLE,
    ),
    "protocol_panels": lambda d: d.protocol_panels(
        images(2), ["ant", "dog"], {"few": retrieved(d), "many": retrieved(d)}, TITLE
    ),
    "drawing_stages": lambda d: d.drawing_stages(STAGES, (0.25, 0.5, 0.75, 1.0), TITLE),
    "training_curves": lambda d: d.training_curves(HISTORY, TITLE),
    "mining_curves": lambda d: d.mining_curves(mined(), TITLE),
    "convention_curves": lambda d: d.convention_curves(
        {f"/{n}": RISING**n for n in range(1, 6)}, range(10, 210, 10), 60, title=TITLE
    ),
    "seed_noise_plot": lambda d: d.seed_noise_plot(
        RISING, {"counted": RISING}, RISING, {"1 point": RISING, "2": RISING**2}, TITLE
    ),
    "abstraction_plot": lambda d: d.abstraction_plot(
        {"world": dict.fromkeys("abcd", SCORES), "full": {"a": SCORES}}, TITLE
    ),
    "interval_plot": lambda d: d.interval_plot(
        ["random", "triplet"], [0.07, 0.47], [0.05, 0.45], [0.09, 0.5], title=TITLE
    ),
    "ablation_plot": lambda d: d.ablation_plot(ROWS, title=TITLE),
    "row_intervals": lambda d: d.row_intervals(
        {"world": RUNS, "full": RUNS},
        ["a", "b"],
        {"alone": "", "with more": "+"},
        {"the best": "+a"},
        title=TITLE,
    ),
    "difference_plot": lambda d: d.difference_plot(DIFFERENCES, TITLE),
    "point_planes": lambda d: d.point_planes(
        POINTS,
        [0, 1, 0],
        ["anchor", "positive", "sketch"],
        MOVES,
        ["left", "above", "right"],
        1.0,
        ["triplet", "quadruplet"],
        TITLE,
    ),
    "triplet_kinds": lambda d: d.triplet_kinds(
        POINTS, [0, 0, 1], [0, 1, 0], 0, {"within": (-1, 2), "cross": (1, 2)}, TITLE
    ),
    "code_corners": lambda d: d.code_corners(
        {"before": CLUSTERS / 8, "after": CLUSTERS / 9}, TITLE
    ),
    "embedding_map": lambda d: d.embedding_map(
        CLUSTERS, LABELS, MODALITY, CLASSES, TITLE
    ),
    "tsne_panels": lambda d: d.tsne_panels(
        {"one": CLUSTERS, "two": CLUSTERS}, LABELS, MODALITY, CLASSES, TITLE
    ),
    "margin_map": lambda d: d.margin_map(
        CLUSTERS,
        RISING.repeat(2),
        chance.random(40),
        LABELS,
        MODALITY,
        CLASSES,
        named=("sun", "cat"),
        title=TITLE,
    ),
    "memory_panels": lambda d: d.memory_panels({"now": SLOTS, "late": SLOTS}, 6, TITLE),
    "class_counts_plot": lambda d: d.class_counts_plot(COUNTS, {"P": TOTALS}, TITLE),
    "lookalike_figure": lookalikes,
    "published_plot": lambda d: d.published_plot(published_results()),
}
