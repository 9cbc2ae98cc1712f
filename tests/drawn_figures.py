"""Every figure of the library, drawn from made-up inputs, and what each has to be."""

import struct

import numpy as np
import torch
from matplotlib.text import Text

from zssbir_lib.display import save_figure
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
    "published_plot": lambda d: d.published_plot(published_results()),
}


def written(fig):
    """Return all that is written, but the numbers at ticks: text to its box."""
    ticks = {
        id(label)
        for axes in fig.axes
        for label in [*axes.get_xticklabels(which="both"), *axes.get_yticklabels()]
    }
    texts = [one for one in fig.findobj(Text) if one.get_text().strip()]
    texts = [one for one in texts if one.get_visible() and id(one) not in ticks]
    return [(one.get_text(), one.get_window_extent()) for one in texts]


def check_drawn(fig, name, folder):
    """Save a figure; fail unless it is titled, explained, legible and of its size."""
    save_figure(fig, name, folder)
    titles = [axes.get_title(loc="left") for axes in fig.axes]
    assert name in TITLED_BY_ITSELF or TITLE in (fig.get_suptitle(), *titles)
    shown = [axes for axes in fig.axes if axes.get_visible()]
    told = [axes.get_xlabel() or axes.get_ylabel() for axes in shown]
    told += [legend.get_title().get_text() for legend in fig.legends]
    for axes in shown:
        assert axes.lines or axes.collections or axes.images or axes.patches
        assert any(told) or not len(axes.get_xticks()), "numbers need a name"
    boxes = written(fig)
    whole = fig.bbox.padded(1)
    for number, (text, box) in enumerate(boxes):
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1, f"{text!r} is cut off"
        assert whole.y0 <= box.y0 and box.y1 <= whole.y1, f"{text!r} is cut off"
        for other, there in boxes[:number]:
            assert not box.padded(-1).overlaps(there), f"{text!r} lies on {other!r}"
    content = (folder / f"{name}.png").read_bytes()
    assert content[:4] == b"\x89PNG" and b"Software" not in content
    size = struct.unpack(">II", content[16:24])
    np.testing.assert_allclose(size, 110 * fig.get_size_inches(), atol=1)
    assert size[0] <= 770
    assert size[0] == 770 or name in ("image_grid", "retrieval_panel")


def texts(axes):
    """Return what is written into axes."""
    return [text.get_text() for text in axes.texts]


def offsets(axes):
    """Return the places of the marks, a list for each scatter."""
    return [mark.get_offsets().tolist() for mark in axes.collections]
