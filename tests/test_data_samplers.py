"""Triplet sampling: classes always right, draws uniform where they should be."""

import pytest
import torch

from zssbir_lib.data import TripletSampler
from zssbir_lib.data.samplers import ImagesByClass, draw_other_class, random_below


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def labels(*counts: int) -> torch.Tensor:
    """Make shuffled labels with the given number of images of each class."""
    ordered = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    return ordered[torch.randperm(len(ordered), generator=generator(9))]


def check_uniform(draws: torch.Tensor, outcomes: int) -> None:
    """Check by a chi-square statistic that every outcome is about equally frequent.

    For a fair draw the statistic has mean `outcomes - 1` and standard deviation
    sqrt(2 (outcomes - 1)); six deviations never happen by chance, and the seed is
    fixed.
    """
    counts = torch.bincount(draws, minlength=outcomes).double()
    assert len(counts) == outcomes
    expected = len(draws) / outcomes
    statistic = ((counts - expected) ** 2 / expected).sum().item()
    freedom = outcomes - 1
    assert statistic < freedom + 6 * (2 * freedom) ** 0.5


def test_chi_square_check_can_fail():
    with pytest.raises(AssertionError):
        check_uniform(torch.tensor([0] * 600 + [1] * 400), 2)


SKETCHES, PHOTOS = labels(3, 10, 2, 5), labels(7, 1, 20, 4)


def many_triplets():
    return TripletSampler(SKETCHES, PHOTOS, 60_000).sample(generator())


def test_classes_are_right():
    anchor, positive, negative = many_triplets()
    assert anchor.shape == positive.shape == negative.shape == (60_000,)
    assert anchor.dtype == positive.dtype == negative.dtype == torch.int64
    assert torch.equal(PHOTOS[positive], SKETCHES[anchor])
    assert (PHOTOS[negative] != SKETCHES[anchor]).all()


def test_anchors_are_uniform_over_sketches():
    check_uniform(many_triplets().anchor, len(SKETCHES))


@pytest.mark.parametrize("label", [0, 2, 3])
def test_positives_are_uniform_within_the_class(label):
    triplets = many_triplets()
    positives = triplets.positive[SKETCHES[triplets.anchor] == label]
    photos = (PHOTOS == label).nonzero().squeeze(1)
    check_uniform(torch.searchsorted(photos, positives), len(photos))


@pytest.mark.parametrize("label", [0, 1, 2, 3])
def test_negative_classes_are_uniform_whatever_their_size(label):
    triplets = many_triplets()
    negatives = PHOTOS[triplets.negative[SKETCHES[triplets.anchor] == label]]
    others = torch.tensor([other for other in range(4) if other != label])
    check_uniform(torch.searchsorted(others, negatives), 3)


def test_negatives_are_uniform_within_their_class():
    negatives = many_triplets().negative
    photos = (PHOTOS == 2).nonzero().squeeze(1)
    drawn = negatives[PHOTOS[negatives] == 2]
    check_uniform(torch.searchsorted(photos, drawn), len(photos))


def test_class_with_one_photo_is_drawn_every_time():
    anchor, positive, _ = many_triplets()
    lonely = (PHOTOS == 1).nonzero().item()
    assert (positive[SKETCHES[anchor] == 1] == lonely).all()


def test_two_classes_of_one_image_each():
    both = torch.tensor([0, 1])
    anchor, positive, negative = TripletSampler(both, both, 100).sample(generator())
    assert torch.equal(anchor, positive) and torch.equal(negative, 1 - anchor)


def test_same_generator_state_same_batches():
    sampler = TripletSampler(SKETCHES, PHOTOS, 16)
    first, second = generator(4), generator(4)
    for _ in range(3):
        for one, other in zip(
            sampler.sample(first), sampler.sample(second), strict=True
        ):
            assert torch.equal(one, other)
    assert not torch.equal(sampler.sample(first).anchor, sampler.sample(first).anchor)


def test_resuming_from_a_generator_state_continues_the_sequence():
    sampler, numbers = TripletSampler(SKETCHES, PHOTOS, 16), generator()
    sampler.sample(numbers)
    state = numbers.get_state()
    expected = sampler.sample(numbers)
    resumed = torch.Generator()
    resumed.set_state(state)
    assert torch.equal(sampler.sample(resumed).negative, expected.negative)


def test_images_by_class_against_a_loop():
    index = ImagesByClass(PHOTOS, 4)
    for label in range(4):
        drawn = index.draw(torch.full((2000,), label), generator(label))
        expected = {
            number for number, own in enumerate(PHOTOS.tolist()) if own == label
        }
        assert set(drawn.tolist()) == expected


def test_draw_other_class_by_exhaustion():
    classes = torch.arange(3).repeat(3000)
    others = draw_other_class(classes, 3, generator())
    pairs = set(zip(classes.tolist(), others.tolist(), strict=True))
    assert pairs == {(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)}


def test_random_below_stays_below():
    limits = torch.tensor([1, 2, 3, 1000]).repeat(5000)
    drawn = random_below(limits, generator())
    assert (drawn >= 0).all() and (drawn < limits).all()
    assert drawn.max() > 990


@pytest.mark.parametrize(
    ("sketches", "photos", "size", "message"),
    [
        (labels(2, 0, 3), labels(1, 1, 1), 4, "no sketches with label 1; every class"),
        (labels(2, 2, 3), labels(0, 1), 4, "no photos with label 0, 2; every"),
        (labels(5), labels(5), 4, "there are 1 classes; a negative needs a second"),
        (labels(0), labels(0), 4, "there are 0 classes"),
        (labels(1, 1), labels(1, 1), 0, "batch_size is 0, expected at least 1"),
    ],
)
def test_sampler_says_what_is_wrong(sketches, photos, size, message):
    with pytest.raises(ValueError, match=message):
        TripletSampler(sketches, photos, size)
