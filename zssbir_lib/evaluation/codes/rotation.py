"""Learn the rotation that brings points near to the corners of a cube.

A code is the sign of every number of a projected embedding, so what is lost is the
distance between the point and the corner (+1, -1, ...) that stands for it. Turning all
points together changes no distance between two of them, but it changes the corners:
two steps in turn, the nearest corner of every point and the rotation that fits the
corners best, never raise the loss.
"""

import torch
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice


def nearest_corners(points: Tensor) -> Tensor:
    """Return the corner of the cube that is nearest to each point.

    Args:
        points: (N, bits) floating point.

    Returns:
        (N, bits) of -1 and +1 in the same type; 0 counts as negative.

    Taught in: notebook 07.
    """
    return (points > 0).to(points.dtype) * 2 - 1


def quantisation_error(points: Tensor) -> float:
    """Return the mean squared distance of points to their nearest corners.

    Args:
        points: (N, bits) floating point, rotated already.

    Returns:
        A number of at least 0, the sum over bits, the mean over points. Points whose
        numbers are normally distributed with mean 0 and variance 1 have 0.40 a bit.

    Example:
        >>> quantisation_error(torch.tensor([[1.0, -1.0], [0.0, 3.0]]))
        2.5

    Source: Gong and Lazebnik (CVPR 2011), section 2.2, divided by N.

    Taught in: notebook 07.
    """
    distances = (points - nearest_corners(points)).square().sum(dim=1)  # (N,)
    return float(distances.mean())


def procrustes_rotation(projected: Tensor, corners: Tensor) -> Tensor:
    """Return the rotation that brings points nearest to given corners.

    It minimises |B - V R|^2 over all orthogonal R, the orthogonal Procrustes problem:
    with B^T V = U S W^T the solution is R = W U^T.

    Args:
        projected: V (N, bits) floating point.
        corners: B (N, bits) of -1 and +1 in the same type.

    Returns:
        R (bits, bits), orthogonal (it may mirror as well as turn).

    Source: Gong and Lazebnik (CVPR 2011), section 2.2.

    Taught in: notebook 07.
    """
    left, _, right = torch.linalg.svd(corners.T @ projected)  # right is W^T
    return right.T @ left.T


def released_rotation(projected: Tensor, corners: Tensor) -> Tensor:
    """Return the rotation as the released code of several papers computes it.

    NumPy's singular value decomposition returns W^T, not W. Code that takes it for W
    computes W^T U^T, which is orthogonal but not the best fit. In the plane the mistake
    can hide: a matrix that mirrors the plane equals its transpose.

    Args:
        projected: V (N, bits) floating point.
        corners: B (N, bits) of -1 and +1 in the same type.

    Returns:
        (bits, bits), orthogonal.

    Source: the evaluation code of SEM-PCYC and of MATHM.

    Taught in: notebook 07.
    """
    left, _, right = torch.linalg.svd(corners.T @ projected)
    return right @ left.T


UPDATES = {"procrustes": procrustes_rotation, "released": released_rotation}


def learn_rotation(
    projected: Tensor, start: Tensor, iterations: int = 50, update: str = "procrustes"
) -> tuple[Tensor, list[float]]:
    """Choose corners and fit the rotation in turn, a number of times.

    Args:
        projected: (N, bits) floating point, each column with mean 0.
        start: (bits, bits) orthogonal, of the same type.
        iterations: how many rotations to fit, 0 or more.
        update: "procrustes", or "released" for the mistaken formula.

    Returns:
        The last rotation (bits, bits), and the quantisation error at the start and
        after each iteration, iterations + 1 numbers. With "procrustes" they never
        rise.

    Raises:
        ValueError: the update is unknown, or iterations is negative.

    Taught in: notebook 07.
    """
    check_choice("update", update, tuple(UPDATES))
    if iterations < 0:
        raise ValueError(
            f"iterations is {iterations}: expected 0 or more (50 is usual)"
        )
    rotation, points = start, projected @ start
    errors = [quantisation_error(points)]
    for _ in range(iterations):
        rotation = UPDATES[update](projected, nearest_corners(points))
        points = projected @ rotation
        errors.append(quantisation_error(points))
    return rotation, errors


def random_rotation(size: int, seed: int = 0) -> Tensor:
    """Draw an orthogonal matrix, all of them equally likely.

    Args:
        size: number of rows and columns.
        seed: decides the draw; the same matrix on every machine up to rounding.

    Returns:
        (size, size) float64 on the CPU.

    Source: Mezzadri, How to generate random matrices from the classical compact
        groups (2007): the signs are those of a decomposition that is unique.

    Taught in: notebook 07.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(size, size, generator=generator, dtype=torch.float64)
    columns, triangle = torch.linalg.qr(drawn)
    return columns * triangle.diagonal().sign()
