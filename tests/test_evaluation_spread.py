"""How embeddings spread, the gap between modalities, confusion of classes."""

import math

import pytest
import torch

from zssbir_lib.evaluation import (
    confusion_matrix,
    domain_gap,
    embedding_spread,
    most_confused_pair,
    mutual_confusion,
)
from zssbir_lib.evaluation.spread import effective_rank, group_means

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


# --- domain gap ---------------------------------------------------------------------


def gap_by_loop(sketches, photos):
    def mean(points):
        return [sum(column) / len(points) for column in zip(*points, strict=True)]

    def squared(one, other):
        return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))

    centres = mean(sketches), mean(photos)
    spreads = [
        sum(squared(point, centre) for point in points) / len(points)
        for points, centre in zip((sketches, photos), centres, strict=True)
    ]
    return (squared(*centres) / (sum(spreads) / 2)) ** 0.5


def test_gap_by_hand():
    sketches = torch.tensor([[0.0, 0.0], [0.0, 2.0]])  # mean (0, 1), spread 1
    photos = torch.tensor([[3.0, 4.0], [3.0, 6.0]])  # mean (3, 5), spread 1
    assert domain_gap(sketches, photos) == pytest.approx(5.0)


def test_gap_equals_the_loop():
    generator = torch.Generator().manual_seed(0)
    sketches = torch.randn(5, 3, generator=generator)
    photos = torch.randn(7, 3, generator=generator) + 0.5
    expected = gap_by_loop(sketches.tolist(), photos.tolist())
    assert domain_gap(sketches, photos) == pytest.approx(expected, rel=1e-5)


def test_gap_does_not_depend_on_scale_place_order_or_which_comes_first():
    generator = torch.Generator().manual_seed(1)
    sketches = torch.randn(6, 4, generator=generator, dtype=torch.float64)
    photos = torch.randn(6, 4, generator=generator, dtype=torch.float64) + 1
    gap = domain_gap(sketches, photos)
    assert domain_gap(3 * sketches - 2, 3 * photos - 2) == pytest.approx(gap)
    assert domain_gap(photos.flip(0), sketches) == pytest.approx(gap)


def test_equal_sets_have_no_gap():
    points = torch.tensor([[0.0, 1.0], [2.0, 1.0]])
    assert domain_gap(points, points) == 0


# --- confusion ----------------------------------------------------------------------


def test_shares_counted_by_hand():
    retrieved = torch.tensor([[0, 0, 1, 2], [0, 1, 1, 1], [2, 2, 2, 0]])
    found = confusion_matrix(retrieved, torch.tensor([0, 0, 2]), classes=3)
    assert found.dtype == torch.float64
    assert found[0].tolist() == [3 / 8, 4 / 8, 1 / 8]
    assert found[1].isnan().all()  # no query of class 1
    assert found[2].tolist() == [1 / 4, 0, 3 / 4]


def test_a_slow_loop_counts_the_same():
    generator = torch.Generator().manual_seed(3)
    retrieved = torch.randint(5, (40, 7), generator=generator)
    query = torch.randint(5, (40,), generator=generator)
    slow = torch.zeros(5, 5, dtype=torch.float64)
    for row, label in zip(retrieved.tolist(), query.tolist(), strict=True):
        for one in row:
            slow[label, one] += 1 / (7 * int((query == label).sum()))
    torch.testing.assert_close(confusion_matrix(retrieved, query, 5), slow)
    torch.testing.assert_close(slow.sum(dim=1), torch.ones(5, dtype=torch.float64))


def test_the_mean_of_both_directions():
    confusion = torch.tensor([[0.5, 0.4, 0.1], [0.0, 0.9, 0.1], [0.3, 0.2, 0.5]])
    mutual = mutual_confusion(confusion)
    expected = torch.tensor([[0, 0.2, 0.2], [0.2, 0, 0.15], [0.2, 0.15, 0]])
    torch.testing.assert_close(mutual.float(), expected)
    assert confusion[0, 0] == 0.5  # the argument is as it was


def test_a_large_share_one_way_loses_against_both_ways():
    confusion = torch.tensor([[0.6, 0.4, 0.0], [0.0, 0.7, 0.3], [0.0, 0.3, 0.7]])
    assert most_confused_pair(confusion) == (1, 2)
    confusion[0, 1] = 0.61
    assert most_confused_pair(confusion) == (0, 1)


def test_of_equal_pairs_the_first_is_found():
    confusion = torch.full((4, 4), 0.25)
    assert most_confused_pair(confusion) == (0, 1)


def test_a_class_without_queries_is_in_no_pair():
    retrieved = torch.tensor([[1, 1, 1], [2, 2, 0]])
    confusion = confusion_matrix(retrieved, torch.tensor([0, 2]), classes=3)
    assert confusion[0, 1] == 1  # class 1 has photos, but no sketch
    assert most_confused_pair(confusion) == (0, 2)
