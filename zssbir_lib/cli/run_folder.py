"""What a run's folder says of itself: command, log, curves, pictures of what is found.

Beside checkpoint.pt and metrics.json, which the training writes.
"""

import csv
import importlib.util
import io
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from zssbir_lib.evaluation import rank_gallery
from zssbir_lib.files import write_text
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.scoring import embed_zero_shot
from zssbir_lib.training import Experiment, TrainingState
from zssbir_lib.training.loop import epoch_line

SHOWN_QUERIES, SHOWN_PHOTOS = 6, 6


class RunFolder:
    """Write what tells of a run in its folder; `words` are the command's."""

    def __init__(self, folder: Path, words: list[str]) -> None:
        self.folder, self.words = folder, words
        self.board = None

    def note_epoch(self, state: TrainingState) -> None:
        """Write log.txt and history.csv anew after an epoch, and tell TensorBoard."""
        self._write(state.history, state.recipe.epochs)
        self._tell_board(state.history[-1])

    def finish(
        self,
        net: EmbeddingNet,
        experiment: Experiment,
        result: dict[str, Any],
        heading: str,
    ) -> None:
        """Add recipe and scores to the log, and draw the pictures, but for "smoke"."""
        recipe = experiment.method.recipe
        scores = [f"{n}: {v}" for n, v in result["metrics"].items()]
        self._write(result["history"], recipe.epochs, [heading], scores)
        if recipe.profile == "smoke":
            return
        draw_curves(result["history"], self.folder)
        draw_retrieved(net, experiment, self.folder)

    def _write(
        self,
        history: list[dict[str, Any]],
        epochs: int,
        before: Sequence[str] = (),
        after: Sequence[str] = (),
    ) -> None:
        """Write command, log and history: all epochs, also of runs that go on."""
        write_text(shlex.join(["zssbir", *self.words]) + "\n", self.at("command.txt"))
        lines = [epoch_line(record, epochs) for record in history]
        write_text("\n".join([*before, *lines, *after, ""]), self.at("log.txt"))
        if history:
            write_text(table_of(history), self.at("history.csv"))

    def at(self, name: str) -> Path:
        """Return the path of a file in the folder."""
        return self.folder / name

    def _tell_board(self, record: dict[str, Any]) -> None:
        """Write an epoch's numbers for TensorBoard, where it is installed."""
        if importlib.util.find_spec("tensorboard") is None:
            return
        if self.board is None:
            from torch.utils.tensorboard import SummaryWriter

            self.board = SummaryWriter(self.folder / "tensorboard")
        for name, value in record.items():
            self.board.add_scalar(name, value, record["step"])
        self.board.flush()


def table_of(history: list[dict[str, Any]]) -> str:
    """Return a history as a table, one line an epoch."""
    names = list(dict.fromkeys(name for record in history for name in record))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()


def draw_curves(history: list[dict[str, Any]], folder: Path) -> None:
    """Draw loss and validation over the epochs into curves.png."""
    from zssbir_lib.display import save_figure, training_curves, use_house_style

    if history:
        use_house_style()
        save_figure(training_curves(history), "curves", folder)


@torch.no_grad()
def draw_retrieved(net: EmbeddingNet, experiment: Experiment, folder: Path) -> None:
    """Draw a sketch of some unseen classes with the photos found into retrieved.png."""
    from zssbir_lib.display import retrieval_panel, save_figure, use_house_style

    data = experiment.split.apply(experiment.data).unseen
    labels = range(min(SHOWN_QUERIES, len(data.class_names)))
    rows = torch.stack([data.sketches.of_class(label)[0] for label in labels])
    some = data.sketches.subset(rows)
    sets = embed_zero_shot(
        net,
        type(data)(data.name, data.class_names, some, data.photos, data.image_size),
        experiment.method.recipe.feature,
    )
    count = min(SHOWN_PHOTOS, len(data.photos))
    nearest = rank_gallery(sets.query.embeddings, sets.gallery.embeddings, count)
    found = data.photos.labels[nearest]  # (Q, K)
    use_house_style()
    figure = retrieval_panel(
        some.images[torch.arange(len(some))],
        [data.photos.images[row] for row in nearest],
        found == some.labels[:, None],
        [data.class_names[label] for label in some.labels],
        [[data.class_names[label] for label in row] for row in found],
        f"Unseen classes of {experiment.split.name}: the photos ranked first",
    )
    save_figure(figure, "retrieved", folder)
