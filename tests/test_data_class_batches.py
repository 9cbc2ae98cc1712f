"""Batches of P classes with K/2 sketches and K/2 photos each."""

import pytest
import torch

from zssbir_lib.data import ClassBatchSampler
from zssbir_lib.data.samplers import shuffled_groups

SKETCHES = torch.arange(7).repeat_interleave(8)
PHOTOS = torch.arange(7).repeat_interleave(12)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_every_batch_has_p_classes_with_equal_shares_in_one_order():
    sampler, generator = ClassBatchSampler(SKETCHES, PHOTOS, 3, images=8), seeded()
    for _ in range(50):
        sketches, photos = sampler.sample(generator)
        labels = SKETCHES[sketches].view(3, 4)
        assert torch.equal(SKETCHES[sketches], PHOTOS[photos])
        assert (labels == labels[:, :1]).all()  # class after class
        assert len(labels[:, 0].unique()) == 3
        assert len(sketches.unique()) == len(photos.unique()) == 12


def test_no_sketch_comes_twice_in_a_pass():
    # 7 classes with 2 groups of 4 sketches: two batches of 7 classes are one pass
    sampler, generator = ClassBatchSampler(SKETCHES, PHOTOS, 7, images=8), seeded()
    for _ in range(5):
        drawn = torch.cat([sampler.sample(generator).sketches for _ in range(2)])
        assert drawn.sort().values.tolist() == list(range(56))


def test_the_scarcer_modality_ends_a_class():
    # 12 photos make 3 groups, but there are only 2 groups of sketches
    sampler = ClassBatchSampler(SKETCHES, PHOTOS, 7, images=8)
    sampler.sample(seeded())
    assert torch.bincount(sampler.labels).tolist() == [1] * 7


def test_small_classes_are_filled_up_by_drawing_again():
    sketches = torch.tensor([0, 0, 1, 2, 2, 2, 2])  # class 1 has a single sketch
    photos = torch.tensor([0, 1, 1, 1, 2, 2, 2, 2])
    sampler, generator = ClassBatchSampler(sketches, photos, 3, images=8), seeded()
    for _ in range(20):
        batch = sampler.sample(generator)
        assert torch.bincount(sketches[batch.sketches]).tolist() == [4, 4, 4]
        assert torch.bincount(photos[batch.photos]).tolist() == [4, 4, 4]
        assert set(batch.sketches[sketches[batch.sketches] == 1].tolist()) == {2}


def test_classes_are_drawn_uniformly():
    sampler, generator = ClassBatchSampler(SKETCHES, PHOTOS, 2, images=2), seeded()
    labels = torch.cat([SKETCHES[sampler.sample(generator)[0]] for _ in range(3500)])
    counts = torch.bincount(labels)  # 1000 each; chance alone moves them by about 30
    assert int((counts - 1000).abs().max()) < 120


def test_a_restored_sampler_goes_on_exactly():
    first, generator = ClassBatchSampler(SKETCHES, PHOTOS, 3, images=4), seeded()
    for _ in range(5):
        first.sample(generator)
    second = ClassBatchSampler(SKETCHES, PHOTOS, 3, images=4)
    second.load_state_dict(first.state_dict())
    twin = torch.Generator()
    twin.set_state(generator.get_state())
    for _ in range(10):
        one, other = first.sample(generator), second.sample(twin)
        assert torch.equal(torch.cat(one), torch.cat(other))


@pytest.mark.parametrize(
    ("classes", "images", "message"),
    [
        (1, 8, "classes is 1, expected 2 to 7"),
        (8, 8, "classes is 8, expected 2 to 7"),
        (3, 5, "images is 5, expected an even number"),
        (3, 0, "images is 0, expected an even number"),
    ],
)
def test_bad_sizes_are_refused(classes, images, message):
    with pytest.raises(ValueError, match=message):
        ClassBatchSampler(SKETCHES, PHOTOS, classes, images)


def test_a_class_without_photos_is_refused():
    with pytest.raises(ValueError, match="no photos with label 6"):
        ClassBatchSampler(SKETCHES, PHOTOS[PHOTOS < 6], 3, images=8)


def test_a_small_class_is_filled_up_with_any_of_its_images():
    filled = set()
    for seed in range(8):
        generator = torch.Generator().manual_seed(seed)
        groups = shuffled_groups(torch.tensor([7, 9]), 6, generator)
        assert groups.shape == (1, 6) and set(groups[0, :2].tolist()) == {7, 9}
        first = int(groups[0, 0])
        filled |= {int(one) == first for one in groups[0, 2:]}
    assert filled == {True, False}
