"""Rotations of binary codes: by hand, by property, and against reference values."""

import math

import numpy as np
import pytest
import torch

from zssbir_lib.evaluation import (
    learn_rotation,
    pack_codes,
    quantisation_error,
    random_rotation,
)
from zssbir_lib.evaluation.codes import (
    nearest_corners,
    procrustes_rotation,
    released_rotation,
)

UPDATES = {"correct": "procrustes", "peer": "released"}


def turn(degrees):
    """Return the matrix that turns row vectors in the plane."""
    angle = math.radians(degrees)
    rows = [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
    return torch.tensor(rows, dtype=torch.float64)


def cloud(count=200, bits=16, seed=0):
    """Return centred points that vary more in some directions than in others."""
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(count, bits, generator=generator, dtype=torch.float64)
    points = points * torch.linspace(2, 0.3, bits)
    return points - points.mean(dim=0)


def is_orthogonal(matrix):
    unit = torch.eye(len(matrix), dtype=matrix.dtype)
    return torch.allclose(matrix.T @ matrix, unit, rtol=0, atol=1e-12)


def with_signs_of(projected, corners, rotation):
    """Give columns the signs with which they lead to known codes.

    Principal directions have no sign of their own: it depends on the solver.
    """
    back = corners @ rotation.T  # nearly the projected points
    return projected * (back * projected).sum(dim=0).sign()


def test_the_error_by_hand():
    points = torch.tensor([[1.0, -1.0], [0.5, -3.0], [0.0, 0.0]])
    # 0 + 0; 0.25 + 4; 1 + 1
    assert quantisation_error(points) == pytest.approx((0 + 4.25 + 2) / 3)


def test_zero_counts_as_negative():
    corners = nearest_corners(torch.tensor([[0.0, -0.0, 1e-30, -1e-30]]))
    assert corners.tolist() == [[-1, -1, 1, -1]]


def test_numbers_from_the_normal_distribution_lose_what_the_text_says():
    points = torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0))
    expected = 2 * (2 - 2 * math.sqrt(2 / math.pi))
    assert quantisation_error(points) == pytest.approx(expected, abs=0.01)
    assert expected / 2 == pytest.approx(0.40, abs=0.005)


def test_a_known_rotation_is_undone():
    corners = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]).double()
    turned = corners @ turn(30)
    torch.testing.assert_close(procrustes_rotation(turned, corners), turn(-30))
    rotation, errors = learn_rotation(turned, torch.eye(2).double(), iterations=1)
    # turned by 30 degrees, (1, 1) becomes (sin 15, cos 15) * sqrt(2) in some order
    numbers = [math.sqrt(2) * f(math.radians(15)) for f in (math.sin, math.cos)]
    assert errors == pytest.approx([sum((1 - n) ** 2 for n in numbers), 0], abs=1e-12)
    torch.testing.assert_close(rotation, turn(-30))


def test_the_released_update_does_not_undo_a_rotation():
    # in the plane it may: a matrix that mirrors the plane equals its transpose
    corners, rotation = nearest_corners(cloud(bits=4)), random_rotation(4)
    turned = corners @ rotation.T
    right = procrustes_rotation(turned, corners)
    wrong = released_rotation(turned, corners)
    torch.testing.assert_close(right, rotation)
    assert is_orthogonal(wrong)
    assert (turned @ wrong - corners).square().mean() > 0.5


@pytest.mark.parametrize(
    ("degrees", "codes", "error"),
    [
        (10, 4, (3 - 1) ** 2 + (1 - 1) ** 2),  # the axes stay where they are
        (40, 2, (math.sqrt(8) - 1) ** 2 + (math.sqrt(2) - 1) ** 2),  # 45 degrees
    ],
)
def test_the_start_decides_at_which_minimum_it_ends(degrees, codes, error):
    points = torch.tensor([[3.0, 1], [3, -1], [-3, 1], [-3, -1]]).double()
    rotation, errors = learn_rotation(points, turn(degrees))
    assert errors[-1] == pytest.approx(error)
    assert len({tuple(row) for row in (points @ rotation > 0).tolist()}) == codes


def test_no_rotation_of_many_is_nearer_than_that_of_procrustes():
    points, corners = cloud(bits=4), nearest_corners(cloud(bits=4, seed=1))
    best = (corners - points @ procrustes_rotation(points, corners)).norm()
    for seed in range(200):
        other = random_rotation(4, seed)
        assert best < (corners - points @ other).norm()


@pytest.mark.parametrize("update", ["procrustes", "released"])
def test_every_rotation_is_orthogonal(update):
    rotation, _ = learn_rotation(cloud(), random_rotation(16), 20, update)
    assert is_orthogonal(rotation)


@pytest.mark.parametrize("seed", range(5))
def test_the_error_never_rises_with_the_right_update(seed):
    _, errors = learn_rotation(cloud(seed=seed), random_rotation(16, seed), 50)
    assert len(errors) == 51
    assert np.diff(errors).max() < 1e-12
    assert errors[-1] < 0.9 * errors[0]


def test_the_error_does_rise_with_the_released_update():
    _, errors = learn_rotation(cloud(), random_rotation(16), 50, "released")
    assert (np.diff(errors) > 0).any()


def test_without_iterations_the_start_is_returned():
    start = random_rotation(16)
    rotation, errors = learn_rotation(cloud(), start, iterations=0)
    assert torch.equal(rotation, start)
    assert errors == [quantisation_error(cloud() @ start)]


def test_random_rotations_are_orthogonal_repeatable_and_different():
    assert all(is_orthogonal(random_rotation(size)) for size in (1, 2, 64))
    assert torch.equal(random_rotation(8, 3), random_rotation(8, 3))
    assert not torch.allclose(random_rotation(8, 3), random_rotation(8, 4))


def test_random_rotations_prefer_no_direction():
    entries = torch.stack([random_rotation(3, seed) for seed in range(2000)])
    assert entries.mean(dim=0).abs().max() < 0.06  # five standard errors
    assert (entries.square().mean(dim=0) - 1 / 3).abs().max() < 0.04


@pytest.fixture(scope="module")
def reference(shared):
    """Return 600 points of 128 numbers, and rotations that others fitted to them."""
    arrays = np.load(shared / "goldens" / "losses" / "itq64.npz")
    return {name: torch.from_numpy(arrays[name]) for name in arrays.files}


def projected_points(points, triangle):
    """Return centred points along their 64 principal directions, as released code."""
    centred = points - points.mean(dim=0)
    variances, directions = np.linalg.eigh(np.cov(centred.T.numpy()), triangle)
    chosen = directions[:, variances.argsort()[::-1][:64]].copy()
    return centred @ torch.from_numpy(chosen), torch.from_numpy(chosen)


@pytest.fixture(scope="module")
def released_start():
    """Return the rotation that released code starts from."""
    drawn = np.random.RandomState(50).randn(64, 64)  # noqa: NPY002
    return torch.from_numpy(np.linalg.svd(drawn)[0])


@pytest.mark.parametrize("peer", UPDATES)
def test_rotation_and_errors_equal_the_reference(reference, released_start, peer):
    points, _ = projected_points(reference["in_train"], "L")
    bits = np.unpackbits(reference["out_correct_train_codes"].numpy(), axis=1)
    corners = torch.from_numpy(bits).double() * 2 - 1
    points = with_signs_of(points, corners, reference["out_correct_R"])
    rotation, errors = learn_rotation(points, released_start, 50, UPDATES[peer])
    np.testing.assert_allclose(errors, reference[f"out_{peer}_quant_err"], atol=1e-9)
    torch.testing.assert_close(rotation, reference[f"out_{peer}_R"])
    if peer == "correct":
        codes = pack_codes(points @ rotation > 0)
        assert torch.equal(codes, reference["out_correct_train_codes"])


@pytest.mark.parametrize(("columns", "name"), [(128, "q64"), (64, "first64cols")])
def test_the_released_codes_are_reproduced(reference, released_start, columns, name):
    train, test = (reference[f"in_{part}"][:, :columns] for part in ("train", "test"))
    points, directions = projected_points(train, "U")
    rotation, _ = learn_rotation(points, released_start, 50, "released")
    own = (test - test.mean(dim=0)) @ directions  # each set minus its own mean
    assert torch.equal(
        pack_codes(points @ rotation > 0), reference[f"out_train_codes_{name}"]
    )
    assert torch.equal(
        pack_codes(own @ rotation > 0), reference[f"out_test_codes_{name}"]
    )
