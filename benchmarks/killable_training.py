"""A training on a few images in a process that can be watched and killed."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from zssbir_lib.data import load_world_data
from zssbir_lib.training import read_checkpoint

CLASSES = ("umbrella", "mug", "cat", "sun", "anchor", "guitar")
IMAGES, SIZE = 12, 32  # images a class and modality, side in pixels
EPOCHS, EACH = 12, 5  # epochs of a training, steps of an epoch
BATCHES = ("--set", "batch_size=16", "--set", "images_per_class=4")
METHODS: dict[str, tuple[str, ...]] = {
    "triplet": ("--workers", "1"),
    "sbtknet": ("--set", "teacher=small:teacher", "--set", "soft_head=fresh"),
    "mathm": BATCHES,
    "ramln": (*BATCHES, "--set", "margins.warm_up=10"),
}
PATIENCE = 300  # seconds for a training
LOOK = 0.0005  # seconds between looks at a training that is to be killed
# The command line, with a line for every finished step.
NOTED = """
import sys
from zssbir_lib.cli import main
from zssbir_lib.training import loop
plain = loop.training_step
def noted(state, batch):
    losses = plain(state, batch)
    print(f"step {state.step} is done", flush=True)
    return losses
loop.training_step = noted
sys.exit(main())
"""


def write_images(root: Path) -> None:
    """Write sketches and photos of a few classes, and a split file."""
    data = load_world_data(CLASSES, image_size=SIZE, photos=IMAGES, sketches=IMAGES)
    for kind, images in (("sketch", data.sketches), ("photo", data.photos)):
        for number, label in enumerate(images.labels.tolist()):
            path = root / kind / CLASSES[label] / f"{number:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = images.images[torch.tensor([number])][0].permute(1, 2, 0).numpy()
            Image.fromarray(picture).save(path)
    split = {"seen": CLASSES[:4], "unseen": CLASSES[4:]}
    (root / "split.json").write_text(json.dumps(split))


class Training:
    """A training in a process of its own, its progress read from what it prints.

    Args:
        data: folder of images.
        out: folder of results.
        method: name of a recipe.
        more: further words of the command.
    """

    def __init__(self, data: Path, out: Path, method: str, *more: str) -> None:
        self.out, self.log = out, out.with_suffix(".log")
        self.checkpoint = out / "checkpoint.pt"
        self.partial = out / "checkpoint.pt.partial"
        self.command = [sys.executable, "-c", NOTED, "fit", "--method", method]
        self.command += ["--data", str(data), "--split", str(data / "split.json")]
        self.command += ["--weights", "none", "--device", "cpu", "--out", str(out)]
        for change in (f"epochs={EPOCHS}", f"steps_per_epoch={EACH}"):
            self.command += ["--set", change]
        self.command += ["--set", f"image_size={SIZE}", *METHODS[method], *more]

    def start(self) -> None:
        """Start the command."""
        with self.log.open("w") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def step(self) -> int:
        """Return the last step that is done, 0 before the first."""
        shown = re.findall(r"^step (\d+) is done$", self.log.read_text(), re.MULTILINE)
        return int(shown[-1]) if shown else 0

    def saved(self) -> int:
        """Return the step of the checkpoint, which is whole or not there."""
        there = self.checkpoint.exists()
        return read_checkpoint(self.checkpoint)["step"] if there else 0

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(PATIENCE)

    def kill_once(self, ready: Callable[[], bool]) -> bool:
        """Kill the process once something is so; False if it ended before."""
        while self.process.poll() is None:
            if ready():
                self.process.send_signal(signal.SIGKILL)
                return self.process.wait() == -signal.SIGKILL
            time.sleep(LOOK)
        return False
