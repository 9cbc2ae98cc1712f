"""What the figures are drawn from: networks, images, embeddings, loaded when needed."""

import argparse
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path

import torch
from checkpoints_of import find_checkpoints, seed_of, split_of
from torch import Tensor
from torch.nn import functional

from paper_figures.words import distinct_names, method_name
from zssbir_lib.cli.options import read_data, read_device, source_of
from zssbir_lib.data import ImageSet, ZeroShotData, ZeroShotSplit, load_split
from zssbir_lib.evaluation import LabelledEmbeddings, RetrievalSets
from zssbir_lib.models import EmbeddingNet
from zssbir_lib.scoring import embed, embed_zero_shot
from zssbir_lib.training import Recipe, load_trained_net, read_checkpoint

PICTURE_SIZE = 64  # pixels of the images that are shown


@dataclass(frozen=True)
class TrainedModel:
    """One trained network of a study: its row's folder, seed, net, recipe and split."""

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
    """Networks, images and embeddings by the options of `python studies/figures.py`."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options, self.source = options, source_of(options)
        self.model = lru_cache(maxsize=2)(self._model)
        self.parts = cache(self._parts)
        self.unseen_sets = cache(self._unseen_sets)

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
        ours, beside = map(self._checkpoints, (self.options.ours, self.options.beside))
        chosen = self.options.seed
        return sorted(set(ours) & set(beside), key=lambda seed: (seed != chosen, seed))

    @cached_property
    def pictures(self) -> ZeroShotData:
        """The images to be shown, in the order of the embeddings."""
        size = PICTURE_SIZE if self.source["data"] == "world" else 0
        return self.parts(max(size, self.ours.recipe.image_size))

    def seen_photos(self, model: TrainedModel) -> LabelledEmbeddings:
        """Return the embedded photos of the seen classes, numbered after the unseen."""
        photos = self.parts(model.recipe.image_size).seen.photos
        found = embed(model.net, photos, model.recipe.feature)
        return LabelledEmbeddings(found, photos.labels + len(self.split.unseen))

    def _parts(self, image_size: int) -> ZeroShotData:
        """Return the images at a size, split into seen, validation and unseen."""
        return self.split.apply(read_data(self.source, self.split, image_size))

    def _unseen_sets(self, row: str, seed: int) -> RetrievalSets:
        """Return the sketches and photos of the unseen classes as one model embeds."""
        model = self.model(row, seed)
        unseen = self.parts(model.recipe.image_size).unseen
        return embed_zero_shot(model.net, unseen, model.recipe.feature)

    def _model(self, row: str, seed: int) -> TrainedModel:
        """Read one network and check that it belongs to ours."""
        paths, options = self._checkpoints(row), self.options
        if seed not in paths:
            known = ", ".join(map(str, sorted(paths)))
            raise ValueError(f"row {row!r} has no seed {seed}; there are: {known}")
        content = read_checkpoint(paths[seed])
        split = split_of(content, paths[seed])
        is_ours = (row, seed) == (options.ours, options.seed)
        if not is_ours and split != self.split:
            raise ValueError(
                f"{paths[seed]} was trained on other classes than row "
                f"{options.ours!r}: choose rows of one study"
            )
        net, recipe = load_trained_net(content)
        return TrainedModel(
            row, seed, net.to(read_device(options.device)), recipe, split
        )

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


def take_pictures(images: ImageSet, places: Tensor) -> Tensor:
    """Return images at places (M,), uint8 (M, 3, S, S), S at most `PICTURE_SIZE`."""
    pixels = images.images[places]
    if pixels.shape[-1] <= PICTURE_SIZE:
        return pixels
    shrunk = functional.interpolate(
        pixels.float(), size=PICTURE_SIZE, mode="bilinear", antialias=True
    )
    return shrunk.round().clamp(0, 255).to(torch.uint8)
