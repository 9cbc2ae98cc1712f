"""Measure what learned margins make of rare classes, and of confusable ones.

    python benchmarks/margins_of_rare_classes.py --out results/margins_rare_classes.json

A random half of the seen classes keeps a sixth of its images; RAMLN is trained; then
the other half is made rare instead, from the same seed. Every class is compared with
itself: its mean margin, and how hard its images are to retrieve by (1 - AP@all), when
rare minus when common. Margins are those of all images, seen in training or not.
"""

import argparse
import os
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is loaded

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from zssbir_lib.data import ImageSet, SketchPhotoData, load_data, load_split
from zssbir_lib.evaluation import mean_interval
from zssbir_lib.files import write_json
from zssbir_lib.training import (
    RAMLN,
    ImageMargins,
    fit,
    margins_of_images,
    new_state,
    provenance,
    use_threads,
)

KEPT_SHARE = 1 / 6


def thinned(images: ImageSet, rare: Tensor) -> ImageSet:
    """Keep all images of common classes, and the first sixth of each rare one."""
    kept = []
    for label in images.labels.unique():
        places = (images.labels == label).nonzero().squeeze(1)
        count = round(KEPT_SHARE * len(places)) if rare[label] else len(places)
        kept.append(places[:count])
    return images.subset(torch.cat(kept))


def train_and_read(
    seen: SketchPhotoData, rare: Tensor, seed: int, profile: str
) -> ImageMargins:
    """Train with some classes made rare; return the margins of all seen images."""
    method = RAMLN.named(profile=profile)
    sets = [thinned(images, rare) for images in (seen.sketches, seen.photos)]
    few = SketchPhotoData(seen.name, seen.class_names, *sets, seen.image_size)
    state = new_state(method, few, seed)
    fit(state)
    return margins_of_images(
        state.net.eval(), state.kept, seen, feature=method.recipe.feature
    )


def by_class(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean over each class."""
    return np.bincount(labels, values) / np.bincount(labels)


def rare_minus_common(
    seen: SketchPhotoData, seed: int, profile: str
) -> dict[str, float]:
    """Return how margin and difficulty of a class change when it is rare."""
    count = len(seen.class_names)
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
    rare = torch.zeros(count, dtype=torch.bool)
    rare[order[: count // 2]] = True
    halves = [train_and_read(seen, some, seed, profile) for some in (rare, ~rare)]
    sign = np.where(rare.numpy(), 1, -1)
    changes = {}
    for name in ("margin", "difficulty"):
        one, other = (by_class(getattr(h, name), h.labels) for h in halves)
        changes[name] = float((sign * (one - other)).mean())
    return changes


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", default="world-a")
    parser.add_argument("--profile", default="quick")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    use_threads(1)
    split = load_split(options.split)
    seen = split.apply(load_data("world", 32, split=split)).seen
    seeds = tqdm(range(options.seeds), desc="seeds", unit="seed")
    found = [rare_minus_common(seen, seed, options.profile) for seed in seeds]
    content: dict[str, Any] = {"split": options.split, "kept_share": KEPT_SHARE}
    for name in found[0]:
        values = [one[name] for one in found]
        mean, low, high = mean_interval(values)
        content[name] = {"values": values, "mean": mean, "low": low, "high": high}
        print(f"{name} when rare minus when common: {mean:+.4f} [{low}, {high}]")
    if options.out:
        content |= provenance()
        content["command"] = (
            f"python benchmarks/margins_of_rare_classes.py --split {options.split} "
            f"--profile {options.profile} --seeds {options.seeds}"
        )
        write_json(content, options.out)


if __name__ == "__main__":
    main()
