"""How embeddings spread: by hand, invariances, shares of variance."""

import math

import pytest
import torch

from zssbir_lib.evaluation import effective_rank, embedding_spread
from zssbir_lib.evaluation.spread import group_means

NAMES = ("distance", "rank", "class_share", "modality_share")


def random_set(seed=0, count=30, dimensions=6):
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(count, dimensions, generator=generator).double()
    labels = torch.randint(4, (count,), generator=generator)
    return embeddings, labels, torch.arange(count) % 2


# --- effective rank ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((1.0,), 1.0),
        ((1.0, 1.0), 2.0),
        ((2.0, 2.0, 2.0), 3.0),
        ((3.0, 1.0), math.exp(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))),
        ((1.0, 0.0), 1.0),
    ],
)
def test_rank_of_points_on_axes_by_hand(sides, expected):
    # +s and -s on every axis: the variance along an axis is proportional to s squared
    points = torch.cat([torch.diag(torch.tensor(sides))] * 2)
    points[len(sides) :] *= -1
    assert effective_rank(points) == pytest.approx(expected, rel=1e-6)


def test_rank_lies_between_one_and_the_number_of_dimensions():
    for seed, count in enumerate((2, 3, 5, 40)):
        embeddings, _, _ = random_set(seed, count)
        rank = effective_rank(embeddings)
        assert 1 - 1e-9 <= rank <= min(6, count - 1) + 1e-9
    assert effective_rank(torch.tensor([[1.0, 2.0], [4.0, -3.0]])) == pytest.approx(1)


def test_rank_does_not_notice_unused_dimensions():
    embeddings, _, _ = random_set()
    wider = torch.cat([embeddings, torch.full((30, 50), 3.0)], dim=1)
    assert effective_rank(wider) == pytest.approx(effective_rank(embeddings))


# --- spread --------------------------------------------------------------------------


def test_spread_by_hand():
    # the corners of a 4 x 2 rectangle: left and right classes, below and above
    # modalities; variance 4 + 1
    points = torch.tensor([[0.0, 0], [0, 2], [4, 0], [4, 2]])
    labels, modality = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    found = embedding_spread(points, labels, modality)
    assert list(found) == list(NAMES)
    assert found["distance"] == pytest.approx(math.sqrt((16 * 2 + 4 * 2 + 20 * 2) / 6))
    rank = math.exp(-0.8 * math.log(0.8) - 0.2 * math.log(0.2))
    assert found["rank"] == pytest.approx(rank)
    assert found["class_share"] == pytest.approx(0.8)
    assert found["modality_share"] == pytest.approx(0.2)


@pytest.mark.parametrize("seed", range(3))
def test_spread_equals_slow_loops(seed):
    embeddings, labels, modality = random_set(seed, count=17)
    rows = embeddings.tolist()

    def mean(points):
        return [sum(column) / len(points) for column in zip(*points, strict=True)]

    def square(one, other):
        return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))

    centre = mean(rows)
    total = sum(square(row, centre) for row in rows)
    pairs = [square(a, b) for i, a in enumerate(rows) for b in rows[:i]]
    expected = {"distance": math.sqrt(sum(pairs) / len(pairs))}
    for name, groups in (("class_share", labels), ("modality_share", modality)):
        between = 0.0
        for group in set(groups.tolist()):
            own = [row for row, g in zip(rows, groups, strict=True) if g == group]
            between += len(own) * square(mean(own), centre)
        expected[name] = between / total
    found = embedding_spread(embeddings, labels, modality)
    found.pop("rank")
    assert found == pytest.approx(expected)


def test_rotation_and_translation_change_nothing_and_scale_only_the_distance():
    embeddings, labels, modality = random_set()
    plain = embedding_spread(embeddings, labels, modality)
    noise = torch.randn(6, 6, generator=torch.Generator().manual_seed(1)).double()
    rotation, _ = torch.linalg.qr(noise)
    moved = 0.5 * embeddings @ rotation + torch.arange(6)
    found = embedding_spread(moved, labels, modality)
    assert found == pytest.approx(plain | {"distance": plain["distance"] / 2})


def test_order_and_names_of_the_groups_do_not_matter():
    embeddings, labels, modality = random_set()
    plain = embedding_spread(embeddings, labels, modality)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    other = embedding_spread(embeddings[order], 10 - 3 * labels[order], modality[order])
    assert other == pytest.approx(plain)


def test_shares_lie_between_none_and_all():
    for seed in range(5):
        found = embedding_spread(*random_set(seed))
        for name in ("class_share", "modality_share"):
            assert 0 <= found[name] <= 1


def test_a_class_that_is_a_point_leaves_nothing_within_classes():
    _, labels, modality = random_set()
    centres = torch.randn(4, 6, generator=torch.Generator().manual_seed(2)).double()
    found = embedding_spread(centres[labels], labels, modality)
    assert found["class_share"] == pytest.approx(1)
    assert found["modality_share"] < 0.5
    found = embedding_spread(centres[modality], labels, modality)
    assert found["modality_share"] == pytest.approx(1) and found["rank"] == (
        pytest.approx(1)
    )


def test_one_class_or_one_modality_explains_nothing():
    embeddings, labels, modality = random_set()
    one = torch.zeros_like(labels)
    assert embedding_spread(embeddings, one, modality)["class_share"] < 1e-20
    assert embedding_spread(embeddings, labels, one + 1)["modality_share"] < 1e-20
    own = torch.arange(30)
    assert embedding_spread(embeddings, own, modality)["class_share"] == 1


def test_group_means_by_hand():
    points = torch.tensor([[0.0, 1], [2, 3], [5, 5]])
    means = group_means(points, torch.tensor([7, 7, 2]))
    assert means.tolist() == [[1, 2], [1, 2], [5, 5]]


@pytest.mark.parametrize(
    ("shape", "labels", "modality", "message"),
    [
        ((4, 2), 3, 4, r"labels must have shape \(4,\), one for each embedding, got"),
        ((4, 2), 4, 5, r"modality must have shape \(4,\), one for each embedding, got"),
        ((1, 2), 1, 1, r"embeddings must be \(N, D\) with N 2 or more, got \(1, 2\)"),
        ((0, 2), 0, 0, r"with N 2 or more, got \(0, 2\)"),
        ((4,), 4, 4, r"embeddings must be \(N, D\) with N 2 or more, got \(4,\)"),
    ],
)
def test_bad_shapes_are_refused(shape, labels, modality, message):
    with pytest.raises(ValueError, match=message):
        embedding_spread(torch.rand(shape), torch.arange(labels), torch.ones(modality))


def test_a_single_point_is_a_collapse():
    labels = torch.tensor([0, 1, 0, 1, 2])
    with pytest.raises(ValueError, match="all embeddings are the same point"):
        embedding_spread(torch.full((5, 3), 0.3), labels, labels % 2)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(value):
    embeddings, labels, modality = random_set()
    embeddings[3, 2] = value
    with pytest.raises(ValueError):
        embedding_spread(embeddings, labels, modality)


@pytest.mark.parametrize("scale", [1e-8, 1e-25])
def test_embeddings_close_together_are_measured_as_exactly(scale):
    embeddings, labels, modality = random_set()
    plain = embedding_spread(embeddings, labels, modality)
    # in float32: around the origin 1e-25 is a number, its square is not; away from it
    # the mean is rounded
    offset = 0.0 if scale < 1e-20 else 0.25
    close = (scale * embeddings + offset).float()
    found = embedding_spread(close, labels, modality)
    exact = embedding_spread(close.double(), labels, modality)
    assert found == pytest.approx(exact, rel=1e-4)
    if not offset:
        expected = plain | {"distance": plain["distance"] * scale}
        assert found == pytest.approx(expected, rel=1e-4)


def test_a_single_point_is_a_collapse_whatever_its_rounding():
    labels = torch.tensor([0, 0, 0, 1, 1, 1, 1])
    with pytest.raises(ValueError, match="same point"):
        embedding_spread(
            torch.full((7, 4), 0.7, dtype=torch.float64), labels, labels % 2
        )
