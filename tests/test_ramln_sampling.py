"""Random quadruplets: uniform, independent, repeatable; losses of given quadruplets."""

import math

import pytest
import torch

from zssbir_lib.losses import (
    Quadruplets,
    hardest_quadruplets,
    quadruplet_set_loss,
    quadruplet_violations,
    random_quadruplets,
    sample_quadruplets,
)
from zssbir_lib.losses.relation_aware import chosen_distances, mean_of_directions

# Classes of 6, 4 and 2 images: uniform over images is not uniform over classes.
LABELS = torch.tensor([0] * 6 + [1] * 4 + [2] * 2)
MODALITY = torch.tensor([0, 0, 0, 0, 1, 1] + [0, 0, 0, 1] + [0, 1])
DRAWS = 1500


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def drawn():
    """Return many drawn quadruplets of the batch above, (3, DRAWS, B)."""
    chance = generator(1)
    parts = zip(
        *(random_quadruplets(LABELS, MODALITY, chance) for _ in range(DRAWS)),
        strict=True,
    )
    return torch.stack([torch.stack(part) for part in parts])


def allowed_images():
    """Return which images each anchor may be given, by loops, (3, B, B)."""
    count = len(LABELS)
    table = torch.zeros(3, count, count, dtype=torch.bool)
    for a in range(count):
        for c in range(count):
            same, own = LABELS[a] == LABELS[c], MODALITY[a] == MODALITY[c]
            table[0, a, c] = same and not own
            table[1, a, c] = not same and own
            table[2, a, c] = not same and not own
    return table


def test_every_allowed_image_is_equally_likely(drawn):
    allowed = allowed_images()
    expected = allowed.double() / allowed.sum(dim=2, keepdim=True)
    count = len(LABELS)
    shares = torch.nn.functional.one_hot(drawn, count).double().mean(dim=1)
    tolerance = 5 * math.sqrt(0.25 / DRAWS)  # five standard deviations at most
    assert (shares - expected).abs().max() < tolerance
    assert not shares[~allowed].any()


def test_parts_and_anchors_are_drawn_independently(drawn):
    _, same, other = drawn
    # sketches 0 and 1 of class 0 choose among the same images
    for part, choices in ((same, 4), (other, 2)):
        equal = (part[:, 0] == part[:, 1]).double().mean()
        assert float(equal) == pytest.approx(1 / choices, abs=0.06)
    # anchor 0: other negatives 9 and 11, same negatives 6, 7, 8, 10
    joint = ((same[:, 0] == 6) & (other[:, 0] == 9)).double().mean()
    assert float(joint) == pytest.approx(1 / 8, abs=0.04)


def test_no_image_where_none_is_allowed_whatever_the_draw():
    labels, modality = torch.zeros(4, dtype=torch.int64), torch.tensor([0, 0, 0, 1])
    for seed in range(20):
        parts = random_quadruplets(labels, modality, generator(seed))
        assert parts.positive[:3].tolist() == [3, 3, 3] and parts.positive[3] in (
            0,
            1,
            2,
        )
        assert parts.same_negative.tolist() == parts.other_negative.tolist() == [-1] * 4


def test_a_draw_repeats_with_its_generator_and_goes_on_after_it():
    chance, again = generator(4), generator(4)
    first = random_quadruplets(LABELS, MODALITY, chance)
    second = random_quadruplets(LABELS, MODALITY, chance)
    repeated = random_quadruplets(LABELS, MODALITY, again)
    assert all(torch.equal(a, b) for a, b in zip(first, repeated, strict=True))
    assert any(not torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_uniform_sampling_does_not_look_at_the_embeddings():
    near, far = torch.zeros(12, 2), torch.randn(12, 2, generator=generator())
    one, other = (
        sample_quadruplets("uniform", points, LABELS, MODALITY, generator(2))
        for points in (near, far)
    )
    plain = random_quadruplets(LABELS, MODALITY, generator(2))
    for a, b, c in zip(one, other, plain, strict=True):
        assert torch.equal(a, b) and torch.equal(a, c)
        assert a.dtype == torch.int64 and a.device == near.device


def test_hard_sampling_draws_no_random_number():
    points, chance = torch.randn(12, 2, generator=generator()), generator(3)
    hard = sample_quadruplets("hard", points, LABELS, MODALITY, chance)
    expected = hardest_quadruplets(points, LABELS, MODALITY)
    assert all(torch.equal(a, b) for a, b in zip(hard, expected, strict=True))
    assert torch.equal(chance.get_state(), generator(3).get_state())


def test_an_unknown_sampling_is_named_with_the_choices():
    message = "sampling must be one of hard, uniform; got 'semi'"
    with pytest.raises(ValueError, match=message):
        sample_quadruplets("semi", torch.zeros(12, 2), LABELS, MODALITY, generator())


def test_hard_quadruplets_are_the_extremes_of_what_is_allowed():
    points = torch.randn(12, 3, generator=generator(5), dtype=torch.float64)
    distances = torch.cdist(points, points)
    positive, same, other = hardest_quadruplets(points, LABELS, MODALITY)
    allowed = allowed_images()
    for a in range(12):
        row = distances[a]
        assert row[positive[a]] == row[allowed[0, a]].max()
        assert row[same[a]] == row[allowed[1, a]].min()
        assert row[other[a]] == row[allowed[2, a]].min()


# --- losses of given quadruplets -----------------------------------------------------


def test_a_violation_by_hand():
    points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [2.0, 0.0]])
    places = (torch.tensor([one] * 4) for one in (1, 2, 3))
    quadruplets = Quadruplets(*places)
    violations, valid = quadruplet_violations(points, quadruplets, 0.5, lam=0.25)
    assert float(violations[0]) == pytest.approx(5 - 0.75 * 1 - 0.25 * 2 + 0.5)
    assert valid.all()
    margins = torch.tensor([0.5, 0.1, 0.2, 0.3])
    each, _ = quadruplet_violations(points, quadruplets, margins, lam=0.25)
    torch.testing.assert_close(each - violations, margins - 0.5)


@pytest.mark.parametrize(
    ("lam", "missing", "counts"),
    [
        (0.0, "other_negative", True),
        (0.0, "same_negative", False),
        (1.0, "same_negative", True),
        (1.0, "other_negative", False),
        (0.5, "same_negative", False),
        (0.0, "positive", False),
        (1.0, "positive", False),
    ],
)
def test_only_what_has_a_share_must_be_there(lam, missing, counts):
    places = Quadruplets(*torch.tensor([[1], [2], [3]]).expand(3, 4))
    absent = places._replace(**{missing: torch.tensor([-1, 1, 1, 1])})
    _, valid = quadruplet_violations(torch.rand(4, 2), absent, 0.2, lam)
    assert valid.tolist() == [counts, True, True, True]


def test_an_anchor_that_is_left_out_gets_no_gradient_through_what_it_lacks():
    points = torch.rand(4, 2, generator=generator(), requires_grad=True)
    modality = torch.tensor([0, 0, 1, 1])
    places = Quadruplets(
        torch.tensor([2, -1, -1, -1]),
        torch.tensor([1, -1, -1, -1]),
        torch.tensor([3, -1, -1, -1]),
    )
    quadruplet_set_loss(points, modality, places, 5.0).backward()
    expected = points.detach().clone().requires_grad_()
    gap = [(expected[0] - expected[c]).norm() for c in (2, 1, 3)]
    (gap[0] - 0.5 * gap[1] - 0.5 * gap[2]).backward()
    torch.testing.assert_close(points.grad, expected.grad)


def test_directions_count_the_same_however_many_anchors_they_have():
    each = torch.tensor([1.0, 2.0, 3.0, 10.0, 99.0])
    modality = torch.tensor([0, 0, 0, 1, 1])
    valid = torch.tensor([True, True, True, True, False])
    assert float(mean_of_directions(each, valid, modality)) == (2.0 + 10.0) / 2
    assert float(mean_of_directions(each, valid & (modality == 0), modality)) == 2.0
    assert float(mean_of_directions(each, valid & False, modality)) == 0.0


def test_the_smooth_hinge_is_above_the_hinge_and_approaches_it():
    points = torch.randn(12, 3, generator=generator(7), dtype=torch.float64)
    places = hardest_quadruplets(points, LABELS, MODALITY)
    losses = [
        float(quadruplet_set_loss(points, MODALITY, places, 0.2, 0.5, beta))
        for beta in (2.0, 20.0, 2000.0, None)
    ]
    assert losses[0] > losses[1] > losses[2] >= losses[3]
    assert losses[2] == pytest.approx(losses[3], abs=1e-3)


def test_distances_to_oneself_are_small_and_have_no_gradient():
    points = torch.rand(3, 2, requires_grad=True)
    distances = chosen_distances(points, torch.tensor([[0, 1, 0]]))
    assert distances[0, :2].tolist() == pytest.approx([1e-6, 1e-6])
    distances[0, :2].sum().backward()
    assert torch.equal(points.grad, torch.zeros(3, 2))
