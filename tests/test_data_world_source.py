"""The embedded world as a data set."""

import pytest
import torch

from zssbir_lib.data import (
    ZeroShotSplit,
    load_data,
    load_pretraining_photos,
    load_split,
    load_world_data,
)
from zssbir_lib.world import load_world
from zssbir_lib.world.groups import WORLD_SPLITS

NAMES = ("umbrella", "mug", "cat")


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    """Keep drawn images out of the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSSBIR_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def data(own_cache):
    return load_world_data(NAMES, image_size=32, photos=3, sketches=2, workers=1)


def test_classes_keep_the_order_asked_for(data):
    assert data.name == "world" and data.class_names == NAMES
    assert data.photos.labels.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert data.sketches.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.photos.images[torch.arange(9)].shape == (9, 3, 32, 32)
    assert data.sketches.images[torch.arange(6)].shape == (6, 3, 32, 32)


def test_images_are_those_of_the_world(data):
    world = load_world(NAMES, photos=3, sketches=2, size=32, workers=1)
    cats = data.photos.images[data.photos.of_class(2)]
    assert torch.equal(cats, torch.from_numpy(world.photos["cat"].copy()))
    mugs = data.sketches.images[data.sketches.of_class(1)]
    assert torch.equal(mugs[:, 1], torch.from_numpy(world.sketches["mug"].copy()))


def test_sketches_have_three_channels_but_are_stored_once(data):
    path = data.sketches.images.source.file.path
    assert path.stat().st_size == 32 * 32 * len(data.sketches.images.source)
    sketches = data.sketches.images[torch.tensor([0, 5])]
    assert torch.equal(sketches[:, 0], sketches[:, 2])
    assert sketches.float().mean() > 128  # mostly paper


def test_more_images_begin_with_the_same_ones(data):
    more = load_world_data(("cat",), image_size=32, photos=5, sketches=3, workers=1)
    cats = data.photos.images[data.photos.of_class(2)]
    assert torch.equal(more.photos.images[torch.arange(3)], cats)


def test_another_seed_draws_other_images(data):
    other = load_world_data(NAMES, 32, photos=3, sketches=2, seed=1, workers=1)
    every = torch.arange(9)
    assert not torch.equal(other.photos.images[every], data.photos.images[every])


def test_pretraining_photos():
    names = WORLD_SPLITS["world-a"].pretraining[:2]
    photos = load_pretraining_photos(names, image_size=32, photos=3, workers=1)
    assert photos.modality == 1 and photos.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert photos.images[torch.arange(6)].shape == (6, 3, 32, 32)


def test_unknown_classes():
    with pytest.raises(ValueError, match="world.* lacks 1 of.*'umbrela' .did you"):
        load_world_data(("cat", "umbrela"))
    with pytest.raises(ValueError, match="class_names is empty"):
        load_pretraining_photos(())


def test_load_data_draws_the_classes_of_the_split_only():
    split = ZeroShotSplit("tiny", ("cat",), (), ("mug",), pretraining=("pizza",))
    data = load_data("world", 32, split)
    assert data.class_names == ("cat", "mug")
    parts = split.apply(data)
    assert len(parts.seen.photos) == 100 and len(parts.unseen.sketches) == 60


def test_load_data_with_a_split_of_another_data_set():
    with pytest.raises(ValueError, match="the embedded world .* lacks .*'alarm_clock'"):
        load_data("world", 32, load_split("sketchy-21"))
