"""What the figures are drawn from: networks, images, embeddings, each loaded once."""

import argparse
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zssbir_lib.cli.checkpoints import find_checkpoints, seed_of
from zssbir_lib.cli.options import read_data, read_device
from zssbir_lib.cli.paper_figures.names import distinct_names, method_name
from zssbir_lib.cli.paper_figures.pictures import PICTURE_SIZE
from zssbir_lib.data import ZeroShotData, ZeroShotSplit, load_split
from zssbir_lib.evaluation import LabelledEmbeddings, RetrievalSets
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.training import (
    Recipe,
    embed_zero_shot,
    load_trained_net,
    read_checkpoint,
)
from zssbir_lib.training.scoring import embed_labelled

WORLD = "world"


@dataclass(frozen=True)
class TrainedModel:
    """One trained network of a study.

    Attributes:
        row: folder of its row.
        seed: of its training.
        net: the network, on the device that computes.
        recipe: how it was trained.
        split: the classes it was trained on, and those it was not.
    """

    row: str
    seed: int
    net: EmbeddingNet
    recipe: Recipe
    split: ZeroShotSplit

    @property
    def name(self) -> str:
        """Return its readable name with that of its row."""
        readable = method_name(self.row)
        return self.row if readable == self.row else f"{readable} ({self.row})"


class Material:
    """Load networks, images and embeddings when a figure first asks for them.

    What belongs to the chosen seed is kept; other seeds are loaded and forgotten.

    Args:
        options: of `python -m zssbir_lib figures`.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self._models: dict[str, TrainedModel] = {}
        self._parts: dict[int, ZeroShotData] = {}
        self._unseen: dict[str, RetrievalSets] = {}

    @cached_property
    def ours(self) -> TrainedModel:
        """The model in question."""
        return self.model(self.options.ours, self.options.seed)

    @cached_property
    def beside(self) -> TrainedModel:
        """The model it is shown beside."""
        return self.model(self.options.beside, self.options.seed)

    @cached_property
    def split(self) -> ZeroShotSplit:
        """The classes: as the models were trained, or as the split's name says."""
        if self.options.runs is None:
            return load_split(self.options.split)
        return self.ours.split

    @property
    def names(self) -> dict[str, str]:
        """What to call the rows of both models, the one beside first."""
        return distinct_names((self.options.beside, self.options.ours))

    def seeds(self) -> list[int]:
        """Return the seeds that both models were trained with, the chosen one first."""
        both = [self._checkpoints(r) for r in (self.options.ours, self.options.beside)]
        shared = sorted(set(both[0]) & set(both[1]))
        return sorted(shared, key=lambda seed: (seed != self.options.seed, seed))

    def model(self, row: str, seed: int) -> TrainedModel:
        """Return one trained network.

        Raises:
            FileNotFoundError: the folder holds no checkpoint.
            ValueError: there is no such row or seed, or the rows' classes differ.
        """
        if seed != self.options.seed:
            return self._load(row, seed)
        if row not in self._models:
            self._models[row] = self._load(row, seed)
        return self._models[row]

    def parts(self, image_size: int) -> ZeroShotData:
        """Return the images at a size, split into seen, validation and unseen."""
        if image_size not in self._parts:
            data = read_data(self.options, self.split, image_size)
            self._parts[image_size] = self.split.apply(data)
        return self._parts[image_size]

    def unseen_sets(self, model: TrainedModel) -> RetrievalSets:
        """Return the embedded sketches and photos of the unseen classes."""
        if model.seed == self.options.seed and model.row in self._unseen:
            return self._unseen[model.row]
        unseen = self.parts(model.recipe.image_size).unseen
        sets = embed_zero_shot(model.net, unseen, model.recipe.feature)
        if model.seed == self.options.seed:
            self._unseen[model.row] = sets
        return sets

    def seen_photos(self, model: TrainedModel) -> LabelledEmbeddings:
        """Return the embedded photos of the seen classes, numbered after the unseen."""
        photos = self.parts(model.recipe.image_size).seen.photos
        first = len(self.split.unseen)
        return embed_labelled(model.net, photos, model.recipe.feature, first)

    @cached_property
    def pictures(self) -> ZeroShotData:
        """The images to be shown, in the order of the embeddings."""
        size = PICTURE_SIZE if self.options.data == WORLD else 0
        return self.parts(max(size, self.ours.recipe.image_size))

    def _checkpoints(self, row: str) -> dict[int, Path]:
        """Return a row's checkpoints on the split by seed."""
        cells, named = find_checkpoints(self.options.runs), self.options.split
        split = load_split(named).name if Path(named).is_file() else named
        if (row, split) not in cells:
            there = sorted(one for one, other in cells if other == split)
            raise ValueError(
                f"no row {row!r} on split {split!r} in {self.options.runs}; there are: "
                f"{', '.join(there) or 'none'}"
            )
        return {seed_of(path): path for path in cells[row, split]}

    def _load(self, row: str, seed: int) -> TrainedModel:
        """Read one network and check that it belongs to the others."""
        paths = self._checkpoints(row)
        if seed not in paths:
            known = ", ".join(map(str, sorted(paths)))
            raise ValueError(f"row {row!r} has no seed {seed}; there are: {known}")
        content = read_checkpoint(paths[seed])
        if "split" not in content["about"]:
            raise ValueError(
                f"{paths[seed]} does not say on which split it was trained"
            )
        split = ZeroShotSplit(**content["about"]["split"])
        for other in self._models.values():
            if other.split != split:
                raise ValueError(
                    f"{paths[seed]} was trained on other classes than row "
                    f"{other.row!r}: choose rows of one study"
                )
        net, recipe = load_trained_net(content)
        net = net.to(read_device(self.options.device))
        return TrainedModel(row, seed, net, recipe, split)
