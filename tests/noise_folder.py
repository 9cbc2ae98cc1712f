"""A folder of small images with a split file, for tests of the command line."""

import json
from pathlib import Path

from joint_training import noise_data
from PIL import Image

SPLIT = {"seen": ["a", "b", "c", "d"], "unseen": ["e", "f"]}


def write_noise_folder(root: Path) -> Path:
    """Write six classes of 8 sketches and 8 photos, 32 px, and split.json."""
    data = noise_data()
    for kind, images in (("sketch", data.sketches), ("photo", data.photos)):
        for number, label in enumerate(images.labels.tolist()):
            path = root / kind / data.class_names[label] / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = images.images[number].permute(1, 2, 0).numpy()
            Image.fromarray(pixels).save(path)
    (root / "split.json").write_text(json.dumps(SPLIT))
    return root


def fit_words(folder: Path, out: Path, *more: str) -> list[str]:
    """Return the words of a short training on such a folder."""
    words = ["fit", "--data", str(folder), "--split", str(folder / "split.json")]
    words += ["--profile", "smoke", "--weights", "none", "--device", "cpu"]
    for change in ("batch_size=4", "epochs=2", "steps_per_epoch=2"):
        words += ["--set", change]
    return [*words, "--out", str(out), *more]
