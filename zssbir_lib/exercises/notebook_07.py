"""The exercises of notebook 07."""

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from zssbir_lib.exercises.exercise import Exercise


def hamming_distance(first: Sequence[int], second: Sequence[int]) -> int:
    """Return in how many bits two codes differ, packed as bytes, 0 to 255."""
    return sum((a ^ b).bit_count() for a, b in zip(first, second, strict=True))


def block_average_precision(
    distances: Sequence[float], relevant: Sequence[int]
) -> float:
    """Return average precision where tied photos share the last rank of their group."""
    pairs = list(zip(distances, relevant, strict=True))
    precisions = []
    for distance in (one for one, hit in pairs if hit):
        near = [hit for other, hit in pairs if other <= distance]
        precisions.append(sum(near) / len(near))
    return sum(precisions) / len(precisions)


def sign_flip_p(differences: Sequence[float]) -> float:
    """Return the share of all choices of signs whose sum is at least as large.

    Differences are whole numbers of points, so that sums are exact.
    """
    observed = abs(sum(differences))
    sums = [
        abs(sum(sign * one for sign, one in zip(signs, differences, strict=True)))
        for signs in product((-1, 1), repeat=len(differences))
    ]
    return sum(one >= observed for one in sums) / len(sums)


def best_rotation(points: Tensor, corners: Tensor) -> Tensor:
    """Return the orthogonal matrix that brings points nearest to their corners.

    Both are (N, bits), corners of -1 and +1.
    """
    left, _, right = torch.linalg.svd(corners.T @ points)
    return right.T @ left.T


def _cloud(bits: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return points that are no symmetric case, and their nearest corners."""
    chance = torch.Generator().manual_seed(seed)
    mixing = torch.randn(bits, bits, generator=chance, dtype=torch.float64)
    points = torch.randn(40, bits, generator=chance, dtype=torch.float64) @ mixing
    return points, (points > 0).double() * 2 - 1


SQUARE = torch.tensor([[1.0, 1], [-1, 1], [-1, -1], [1, -1]], dtype=torch.float64)
TURNED = torch.tensor([[0.0, 1], [-1, 0], [0, -1], [1, 0]], dtype=torch.float64)

EXERCISES: dict[str, Exercise] = {
    "7.1": Exercise(
        hamming_distance,
        cases=(
            ([0b1111_0000], [0b1111_0000]),
            ([0b1111_0000], [0b0000_1111]),
            ([178, 15], [150, 14]),
            ([255, 0, 3], [0, 255, 1]),
        ),
    ),
    "7.2": Exercise(
        block_average_precision,
        cases=(
            ([1, 2, 3], [1, 0, 1]),
            ([2, 2, 2, 2], [1, 0, 0, 0]),
            ([1, 1, 2, 2, 2, 3], [1, 0, 1, 1, 0, 1]),
            ([3, 1, 2, 1], [1, 0, 1, 1]),
        ),
    ),
    "7.3": Exercise(
        sign_flip_p,
        cases=(
            ([5],),
            ([1, 2, 3],),
            ([1, 1, 1, 1, 1],),
            ([4, 3, -1, 2, 0, 5],),
        ),
    ),
    "7.4": Exercise(
        best_rotation,
        cases=((TURNED, SQUARE), _cloud(3, seed=0), _cloud(4, seed=1)),
        tolerance=1e-6,
    ),
}
