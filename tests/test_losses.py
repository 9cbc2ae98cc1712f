"""Distances and the triplet loss against hand values, loops and PyTorch."""

import pytest
import torch
from torch.nn import functional

from zssbir_lib.losses import (
    pairwise_squared_distances,
    squared_distance,
    triplet_loss,
)


def random_unit(rows: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(rows, 5, generator=generator, dtype=torch.float64)
    return functional.normalize(values, dim=1)


def test_squared_distance_by_hand():
    left = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    right = torch.tensor([[3.0, 4.0], [1.0, 0.0]])
    assert squared_distance(left, right).tolist() == [25.0, 4.0]


def test_pairwise_distances_equal_a_loop():
    left, right = random_unit(4, 0), 3 * random_unit(6, 1)
    expected = [[float(((a - b) ** 2).sum()) for b in right] for a in left]
    torch.testing.assert_close(
        pairwise_squared_distances(left, right), torch.tensor(expected).double()
    )


def test_pairwise_distance_of_equal_rows_is_never_negative():
    rows = random_unit(50, 2).float()
    assert pairwise_squared_distances(rows, rows).min() >= 0


def test_triplet_loss_by_hand():
    # squared distances to positive 1 and 4, to negative 4 and 1; margin 0.5:
    # hinges max(0, 1 - 4 + 0.5) = 0 and max(0, 4 - 1 + 0.5) = 3.5, mean 1.75
    anchor = torch.zeros(2, 1)
    positive, negative = torch.tensor([[1.0], [2.0]]), torch.tensor([[2.0], [1.0]])
    assert float(triplet_loss(anchor, positive, negative, margin=0.5)) == 1.75


def test_triplet_loss_equals_a_loop():
    a, p, n = (random_unit(8, seed) for seed in (1, 2, 3))
    total = 0.0
    for i in range(8):
        to_positive = float(((a[i] - p[i]) ** 2).sum())
        to_negative = float(((a[i] - n[i]) ** 2).sum())
        total += max(0.0, to_positive - to_negative + 0.2)
    assert float(triplet_loss(a, p, n)) == pytest.approx(total / 8, abs=1e-12)


def test_triplet_loss_equals_pytorch_with_squared_distance():
    a, p, n = (random_unit(8, seed) for seed in (4, 5, 6))
    expected = functional.triplet_margin_with_distance_loss(
        a, p, n, distance_function=squared_distance, margin=0.3
    )
    torch.testing.assert_close(triplet_loss(a, p, n, margin=0.3), expected)


def test_triplet_loss_is_zero_once_the_margin_is_kept_and_has_no_gradient():
    anchor = torch.tensor([[1.0, 0.0]], requires_grad=True)
    positive, negative = torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.0]])
    loss = triplet_loss(anchor, positive, negative)
    loss.backward()
    assert loss.item() == 0
    assert anchor.grad.abs().max() == 0


def test_gradient_of_an_active_triplet_is_two_times_negative_minus_positive():
    # d/da (|a-p|^2 - |a-n|^2) = 2 (n - p)
    anchor = torch.tensor([[0.6, 0.8]], requires_grad=True)
    positive, negative = torch.tensor([[0.0, 1.0]]), torch.tensor([[0.8, 0.6]])
    triplet_loss(anchor, positive, negative, margin=1.0).backward()
    torch.testing.assert_close(anchor.grad, 2 * (negative - positive))


def test_gradient_check_in_double_precision():
    inputs = [random_unit(3, seed).requires_grad_() for seed in (7, 8, 9)]
    assert torch.autograd.gradcheck(lambda *x: triplet_loss(*x, margin=5.0), inputs)


def test_equal_positive_and_negative_leave_the_margin():
    a, p = random_unit(4, 1), random_unit(4, 2)
    assert float(triplet_loss(a, p, p, margin=0.2)) == pytest.approx(0.2)


@pytest.mark.parametrize("margin", [-0.1, float("nan")])
def test_bad_margin_is_refused(margin):
    a = random_unit(2, 0)
    with pytest.raises(ValueError, match="margin must be 0 or more"):
        triplet_loss(a, a, a, margin)


def test_bad_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 5\) and \(3, 5\)"):
        triplet_loss(random_unit(2, 0), random_unit(3, 0), random_unit(2, 0))
    with pytest.raises(ValueError, match="batch is empty"):
        triplet_loss(*torch.empty(3, 0, 5))
    with pytest.raises(ValueError, match=r"\(2, 5\) and \(2, 4\)"):
        pairwise_squared_distances(torch.empty(2, 5), torch.empty(2, 4))


def test_a_margin_of_zero_asks_for_order_alone():
    # squared distances to positive 1 and 4, to negative 4 and 1: 0 and 3, mean 1.5
    anchor = torch.zeros(2, 1)
    positive, negative = torch.tensor([[1.0], [2.0]]), torch.tensor([[2.0], [1.0]])
    assert float(triplet_loss(anchor, positive, negative, margin=0)) == 1.5
