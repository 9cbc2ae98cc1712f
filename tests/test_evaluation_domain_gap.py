"""The domain gap: a measure of how far apart the modalities lie."""

import pytest
import torch

from zssbir_lib.evaluation import domain_gap


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


@pytest.mark.parametrize(
    ("sketches", "photos"),
    [
        (torch.zeros(2, 3), torch.zeros(2, 4)),
        (torch.zeros(3), torch.zeros(3)),
        (torch.zeros(0, 3), torch.zeros(2, 3)),
    ],
)
def test_shapes_that_do_not_fit_are_refused(sketches, photos):
    with pytest.raises(ValueError, match=r"expected \(M, D\) and \(N, D\)"):
        domain_gap(sketches, photos)


def test_collapsed_embeddings_are_refused():
    with pytest.raises(ValueError, match="the embeddings collapsed"):
        domain_gap(torch.zeros(3, 2), torch.ones(3, 2))
