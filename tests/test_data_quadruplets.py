"""Quadruplet sampling: whole passes, right classes, independent negatives, resuming."""

import pytest
import torch

from zssbir_lib.data import QuadrupletSampler
from zssbir_lib.data.samplers import QuadrupletIndices


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


SKETCHES, PHOTOS = labels(3, 10, 2, 5), labels(7, 1, 20, 4)
CLASSES = 4


def many_quadruplets(count: int = 60_000) -> QuadrupletIndices:
    return QuadrupletSampler(SKETCHES, PHOTOS, count).sample(generator())


def negative_classes(drawn: QuadrupletIndices) -> tuple[torch.Tensor, ...]:
    """Return the classes of anchor, photo negative and sketch negative."""
    return (
        SKETCHES[drawn.anchor],
        PHOTOS[drawn.photo_negative],
        SKETCHES[drawn.sketch_negative],
    )


# --- what is drawn -------------------------------------------------------------------


def test_classes_are_right():
    drawn = many_quadruplets()
    for indices in drawn:
        assert indices.shape == (60_000,) and indices.dtype == torch.int64
    anchor, photo, sketch = negative_classes(drawn)
    assert torch.equal(PHOTOS[drawn.positive], anchor)
    assert (photo != anchor).all() and (sketch != anchor).all()


def test_fields_name_sketches_and_photos():
    # 2 sketches, 5 photos: an index above 1 can only be a photo
    drawn = QuadrupletSampler(labels(1, 1), labels(3, 2), 500).sample(generator())
    assert drawn._fields == ("anchor", "positive", "photo_negative", "sketch_negative")
    tops = [int(indices.max()) for indices in drawn]
    assert tops == [1, 4, 4, 1]


@pytest.mark.parametrize("label", [0, 2, 3])
def test_positives_are_uniform_within_the_class(label):
    drawn = many_quadruplets()
    positives = drawn.positive[SKETCHES[drawn.anchor] == label]
    photos = (PHOTOS == label).nonzero().squeeze(1)
    check_uniform(torch.searchsorted(photos, positives), len(photos))


def test_a_class_with_one_photo_is_drawn_every_time():
    drawn = many_quadruplets(2000)
    lonely = (PHOTOS == 1).nonzero().item()
    assert (drawn.positive[SKETCHES[drawn.anchor] == 1] == lonely).all()
    assert (drawn.photo_negative[PHOTOS[drawn.photo_negative] == 1] == lonely).all()


def test_negatives_are_uniform_within_their_class():
    drawn = many_quadruplets()
    for indices, own in (
        (drawn.photo_negative, PHOTOS),
        (drawn.sketch_negative, SKETCHES),
    ):
        for label in range(CLASSES):
            images = (own == label).nonzero().squeeze(1)
            if len(images) > 1:
                chosen = indices[own[indices] == label]
                check_uniform(torch.searchsorted(images, chosen), len(images))


def check_negative_classes(anchor, photo, sketch, label) -> None:
    """Check that all pairs of other classes are equally frequent for an anchor class.

    Uniform pairs are what independent uniform draws give, and nothing else does.
    """
    others = torch.tensor([other for other in range(CLASSES) if other != label])
    of_label = anchor == label
    first = torch.searchsorted(others, photo[of_label])
    second = torch.searchsorted(others, sketch[of_label])
    check_uniform(first * len(others) + second, len(others) ** 2)


@pytest.mark.parametrize("label", range(CLASSES))
def test_negative_classes_are_independent_and_uniform(label):
    check_negative_classes(*negative_classes(many_quadruplets()), label)


@pytest.mark.parametrize("label", range(CLASSES))
def test_dependent_negative_classes_would_be_noticed(label):
    anchor, photo, sketch = negative_classes(many_quadruplets())
    with pytest.raises(AssertionError):  # one class for both negatives
        check_negative_classes(anchor, photo, photo, label)
    # never the same class: the next one that is not the anchor's
    apart = (photo + 1) % CLASSES
    apart = torch.where(apart == anchor, (apart + 1) % CLASSES, apart)
    with pytest.raises(AssertionError):
        check_negative_classes(anchor, photo, apart, label)
    # one class for both once in ten draws, else independent: still noticed
    sometimes = torch.rand(60_000, generator=generator(3)) < 0.1
    mixed = torch.where(sometimes, photo, sketch)
    with pytest.raises(AssertionError):
        check_negative_classes(anchor, photo, mixed, label)


@pytest.mark.parametrize("classes", [2, 3, 6, 11])
def test_the_negative_classes_coincide_once_in_the_number_of_other_classes(classes):
    count = 40_000
    own = torch.arange(classes).repeat(2)
    drawn = QuadrupletSampler(own, own, count).sample(generator())
    share = float(
        (own[drawn.photo_negative] == own[drawn.sketch_negative]).float().mean()
    )
    expected = 1 / (classes - 1)
    deviation = (expected * (1 - expected) / count) ** 0.5
    assert abs(share - expected) <= 5 * deviation  # with two classes: exactly 1


def test_a_batch_has_as_many_sketches_as_photos():
    batch = 17
    sampler = QuadrupletSampler(SKETCHES, PHOTOS, batch)
    anchor, positive, photo_negative, sketch_negative = sampler.sample(generator())
    sketches = SKETCHES[
        torch.cat((anchor, sketch_negative))
    ]  # fails on a photo's index
    photos = PHOTOS[torch.cat((positive, photo_negative))]
    assert len(sketches) == len(photos) == 2 * batch


# --- passes --------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 7, 20, 33, 45])
def test_every_sketch_comes_once_a_pass_over_batch_boundaries_too(batch):
    sampler, numbers = QuadrupletSampler(SKETCHES, PHOTOS, batch), generator()
    passes = 7
    count = len(SKETCHES)
    batches = [
        sampler.sample(numbers).anchor for _ in range(-(-passes * count // batch))
    ]
    assert all(len(anchor) == batch for anchor in batches)
    orders = torch.cat(batches)[: passes * count].view(passes, count)
    assert torch.equal(orders.sort(dim=1).values, torch.arange(count).repeat(passes, 1))
    assert len({tuple(order) for order in orders.tolist()}) == passes  # shuffled anew


def test_every_place_of_a_pass_holds_every_sketch_equally_often():
    sampler = QuadrupletSampler(SKETCHES, PHOTOS, len(SKETCHES))
    numbers = generator()
    first = torch.stack([sampler.sample(numbers).anchor[0] for _ in range(2000)])
    check_uniform(first, len(SKETCHES))


def test_two_classes_of_one_image_each():
    both = torch.tensor([0, 1])
    drawn = QuadrupletSampler(both, both, 100).sample(generator())
    assert torch.equal(drawn.anchor, drawn.positive)
    assert torch.equal(drawn.photo_negative, 1 - drawn.anchor)
    assert torch.equal(drawn.sketch_negative, 1 - drawn.anchor)


# --- repeating and resuming ----------------------------------------------------------


def same(one: QuadrupletIndices, other: QuadrupletIndices) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_same_seed_draws_the_same_batches_and_another_does_not():
    samplers = [QuadrupletSampler(SKETCHES, PHOTOS, 16) for _ in range(3)]
    numbers = [generator(4), generator(4), generator(5)]
    for _ in range(3):
        first, again, other = (
            sampler.sample(source)
            for sampler, source in zip(samplers, numbers, strict=True)
        )
        assert same(first, again) and not same(first, other)


@pytest.mark.parametrize("done", [0, 1, 2, 5])
def test_a_restored_state_continues_exactly(done):
    sampler, numbers = QuadrupletSampler(SKETCHES, PHOTOS, 8), generator()
    for _ in range(done):
        sampler.sample(numbers)
    state, kept = sampler.state_dict(), numbers.get_state()
    expected = [sampler.sample(numbers) for _ in range(6)]

    resumed, source = QuadrupletSampler(SKETCHES, PHOTOS, 8), torch.Generator()
    resumed.load_state_dict(state)
    source.set_state(kept)
    assert all(same(resumed.sample(source), batch) for batch in expected)


def test_the_generator_alone_is_not_enough_to_go_on():
    sampler, numbers = QuadrupletSampler(SKETCHES, PHOTOS, 8), generator()
    sampler.sample(numbers)
    source = torch.Generator()
    source.set_state(numbers.get_state())
    expected = sampler.sample(numbers)
    assert not same(QuadrupletSampler(SKETCHES, PHOTOS, 8).sample(source), expected)


def test_a_state_is_a_copy_of_what_is_left_of_the_pass():
    sampler, numbers = QuadrupletSampler(SKETCHES, PHOTOS, 8), generator()
    drawn = sampler.sample(numbers).anchor
    state = sampler.state_dict()
    assert list(state) == ["waiting"]
    left = state["waiting"]
    assert sorted([*drawn.tolist(), *left.tolist()]) == list(range(len(SKETCHES)))
    assert left.untyped_storage().nbytes() == left.nbytes  # a checkpoint stays small
    before = left.clone()
    sampler.sample(numbers)
    assert torch.equal(left, before)


# --- errors --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sketches", "photos", "size", "message"),
    [
        (labels(2, 0, 3), labels(1, 1, 1), 4, "no sketches with label 1; every class"),
        (labels(2, 2, 3), labels(0, 1), 4, "no photos with label 0, 2; every"),
        (labels(5), labels(5), 4, "there are 1 classes; a negative needs a second"),
        (labels(0), labels(0), 4, "there are 0 classes"),
        (labels(1, 1), labels(1, 1), 0, "batch_size is 0, expected at least 1"),
        (labels(1, 1), labels(1, 1), -2, "batch_size is -2, expected at least 1"),
    ],
)
def test_sampler_says_what_is_wrong(sketches, photos, size, message):
    with pytest.raises(ValueError, match=message):
        QuadrupletSampler(sketches, photos, size)
