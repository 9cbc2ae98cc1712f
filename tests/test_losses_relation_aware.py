"""Quadruplets in both directions: the fixture, loops, special cases, edge cases."""

import pytest
import torch

from zssbir_lib.losses import (
    Quadruplets,
    hardest_quadruplets,
    modality_aware_triplet_loss,
    quadruplet_set_loss,
    quadruplet_violations,
    random_quadruplets,
    relation_aware_quadruplet_loss,
)

# Two classes on a line: sketches of A, photos of A, sketches of B, photos of B.
POINTS = torch.tensor([0.0, 0.2, 0.5, 0.9, 1.0, 1.3, 0.7, 2.0], dtype=torch.float64)[
    :, None
]
LABELS = torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
MODALITY = torch.tensor([0, 0, 1, 1, 0, 0, 1, 1])


def batch(count=24, size=5, classes=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(count, size, generator=generator, dtype=torch.float64)
    labels = torch.randint(classes, (count,), generator=generator)
    return embeddings, labels, torch.arange(count) % 2


def slow_loss(embeddings, labels, modality, margins, lam, hinge):
    """Return the loss by loops over anchors and candidates."""
    directions = []
    for kind in (0, 1):
        values = []
        for a in range(len(labels)):
            if modality[a] != kind:
                continue
            far, near = [], {True: [], False: []}
            for c in range(len(labels)):
                distance = (embeddings[a] - embeddings[c]).norm()
                if labels[c] == labels[a]:
                    if modality[c] != kind:
                        far.append(distance)
                else:
                    near[bool(modality[c] == kind)].append(distance)
            if far and near[True] and near[False]:
                negatives = (1 - lam) * min(near[True]) + lam * min(near[False])
                values.append(hinge(max(far) - negatives + margins[a]))
        if values:
            directions.append(sum(values) / len(values))
    return sum(directions) / len(directions)


def test_fixture_on_a_line():
    quadruplets = hardest_quadruplets(POINTS, LABELS, MODALITY)
    violations, valid = quadruplet_violations(POINTS, quadruplets, 0.2, lam=0.5)
    expected = [0.25, 0.25, 0.35, 0.95, 0.75, 0.15, 0.45, -0.25]
    assert violations.tolist() == pytest.approx(expected)
    assert valid.all()
    loss = relation_aware_quadruplet_loss(POINTS, LABELS, MODALITY, 0.2)
    assert float(loss) == pytest.approx(0.39375)


@pytest.mark.parametrize("lam", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("beta", [None, 20.0, 3.0])
def test_equals_loops(lam, beta):
    embeddings, labels, modality = batch()
    margins = torch.rand(24, generator=torch.Generator().manual_seed(1)).double()

    def hinge(x):
        if beta is None:
            return max(x, torch.tensor(0.0))
        return torch.log(1 + torch.exp(beta * x)) / beta

    loss = relation_aware_quadruplet_loss(
        embeddings, labels, modality, margins, lam, beta
    )
    expected = slow_loss(embeddings, labels, modality, margins, lam, hinge)
    assert float(loss) == pytest.approx(float(expected), abs=1e-9)


def test_one_margin_is_the_same_margin_for_every_anchor():
    embeddings, labels, modality = batch()
    one = relation_aware_quadruplet_loss(embeddings, labels, modality, 0.3)
    many = torch.full((24,), 0.3, dtype=torch.float64)
    each = relation_aware_quadruplet_loss(embeddings, labels, modality, many)
    assert torch.equal(one, each)


@pytest.mark.parametrize(("lam", "term"), [(1.0, "cross"), (0.0, "hybrid")])
def test_at_both_ends_lambda_gives_a_kind_of_triplet(lam, term):
    embeddings, labels, modality = batch()  # equally many sketch and photo anchors
    loss = relation_aware_quadruplet_loss(embeddings, labels, modality, 0.2, lam)
    triplets = modality_aware_triplet_loss(
        embeddings, labels, modality, 0.2, terms=(term,), weighting="sum"
    )
    torch.testing.assert_close(loss, triplets)


def test_without_a_share_a_negative_may_be_missing():
    points = torch.tensor([[0.0], [1.0], [0.5]])  # sketch and photo of A, photo of B
    labels, modality = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])
    quadruplets = hardest_quadruplets(points, labels, modality)
    _, valid = quadruplet_violations(points, quadruplets, 0.2, lam=1.0)
    assert valid.tolist() == [True, False, False]  # no sketch of B
    _, valid = quadruplet_violations(points, quadruplets, 0.2, lam=0.5)
    assert not valid.any()
    loss = relation_aware_quadruplet_loss(points, labels, modality, 0.2, lam=1.0)
    assert float(loss) == pytest.approx(1.0 - 0.5 + 0.2)  # the sketch's alone


def test_nothing_to_learn_from_is_zero_with_a_gradient():
    points = torch.rand(4, 2, requires_grad=True)
    one_class, modality = torch.zeros(4, dtype=torch.int64), torch.tensor([0, 0, 1, 1])
    loss = relation_aware_quadruplet_loss(points, one_class, modality, 0.2)
    loss.backward()
    assert loss == 0
    assert torch.equal(points.grad, torch.zeros(4, 2))


def test_gradients_first_and_second():
    embeddings, labels, modality = batch(count=12)
    margins = torch.rand(12, dtype=torch.float64).requires_grad_()
    quadruplets = hardest_quadruplets(embeddings, labels, modality)

    def loss(points, margin):
        return quadruplet_set_loss(points, modality, quadruplets, margin, 0.4, 7.0)

    inputs = (embeddings.requires_grad_(), margins)
    assert torch.autograd.gradcheck(loss, inputs)
    assert torch.autograd.gradgradcheck(loss, inputs)


def test_equal_points_have_finite_gradients():
    points = torch.zeros(8, 3, requires_grad=True)
    relation_aware_quadruplet_loss(points, LABELS, MODALITY, 0.2, beta=20).backward()
    assert torch.isfinite(points.grad).all()


def test_random_quadruplets_are_allowed_and_every_choice_occurs():
    _, labels, modality = batch(count=16, classes=3)
    generator = torch.Generator().manual_seed(3)
    seen = [set() for _ in range(16)]
    for _ in range(300):
        quadruplets = random_quadruplets(labels, modality, generator)
        for a, (p, same, other) in enumerate(zip(*quadruplets, strict=True)):
            assert labels[p] == labels[a] and modality[p] != modality[a]
            assert labels[same] != labels[a] and modality[same] == modality[a]
            assert labels[other] != labels[a] and modality[other] != modality[a]
            seen[a].add(int(other))
    for a in range(16):
        allowed = (labels != labels[a]) & (modality != modality[a])
        assert seen[a] == set(allowed.nonzero().flatten().tolist())


def test_random_quadruplets_say_what_is_missing():
    labels, modality = torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1])
    generator = torch.Generator().manual_seed(0)
    quadruplets = random_quadruplets(labels, modality, generator)
    assert quadruplets.positive.tolist() == [1, 0, -1]
    assert quadruplets.same_negative.tolist() == [-1, 2, 1]
    assert quadruplets.other_negative.tolist() == [2, -1, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(lam=1.5), "lam must lie between 0 and 1, got 1.5"),
        (dict(lam=float("nan")), "lam must lie between 0 and 1, got nan"),
        (dict(beta=0.0), "beta must be above 0, or None for the hinge; got 0.0"),
        (dict(margin=torch.zeros(3)), "one for each of 8 anchors, got shape \\(3,\\)"),
    ],
)
def test_mistakes_are_named(changes, message):
    given = dict(embeddings=POINTS, labels=LABELS, modality=MODALITY, margin=0.2)
    with pytest.raises(ValueError, match=message):
        relation_aware_quadruplet_loss(**(given | changes))


def test_quadruplets_of_another_batch_are_refused():
    places = torch.zeros(5, dtype=torch.int64)
    with pytest.raises(ValueError, match="with a quadruplet for each"):
        quadruplet_violations(POINTS, Quadruplets(places, places, places), 0.2, 0.5)
