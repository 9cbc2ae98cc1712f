"""Binary codes learned from a gallery, without labels: iterative quantisation (ITQ).

Embeddings are centred, projected on the principal directions of the gallery (not
whitened: directions keep their variances), turned by a learned rotation, and each
number becomes a bit. What the sign loses is the distance between the point and the
corner (+1, -1, ...) of the cube that stands for it. A rotation changes no distance
between points, but it changes their corners: two steps in turn, the nearest corners and
the rotation that fits them best, never raise the loss. All of it is float64 on the CPU,
so that codes hardly depend on the device or the type of the embeddings.

Sketches are centred by the mean of the gallery: the code of one depends on nothing but
itself and the gallery, as in a real search. The released code of several papers takes
the mean of all queries instead. That removes the distance between the modalities, but
needs all queries at once, a help that the real-valued ranking beside it does not get.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice, check_count, check_embeddings

ROWS_AT_A_TIME = 4096


# projection


def principal_directions(embeddings: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return mean (D,) and directions of largest variance (D, count), both float64."""
    from sklearn.decomposition import PCA  # slow to load

    # exact and repeatable: the default draws random numbers for some sizes; the largest
    # entry of a direction decides its sign, so the order of the images does not matter
    pca = PCA(n_components=count, svd_solver="covariance_eigh")
    pca.fit(embeddings.detach().to("cpu", torch.float64).numpy())
    return torch.from_numpy(pca.mean_), torch.from_numpy(pca.components_.T.copy())


# rotation


def nearest_corners(points: Tensor) -> Tensor:
    """Return the corner of -1 and +1 nearest to each point; 0 counts as negative."""
    return (points > 0).to(points.dtype) * 2 - 1


def quantisation_error(points: Tensor) -> float:
    """Return the mean squared distance of points (N, bits) to their nearest corners.

    Points whose numbers are normally distributed, variance 1, have 0.40 a bit.

    Example:
        >>> quantisation_error(torch.tensor([[1.0, -1.0], [0.0, 3.0]]))
        2.5

    Source: Gong and Lazebnik (CVPR 2011), section 2.2, divided by N.
    """
    distances = (points - nearest_corners(points)).square().sum(dim=1)  # (N,)
    return float(distances.mean())


def procrustes_rotation(projected: Tensor, corners: Tensor) -> Tensor:
    """Return the rotation R (bits, bits) that brings points V nearest to corners B.

    It minimises |B - V R|^2 over all orthogonal R, the orthogonal Procrustes problem:
    with B^T V = U S W^T the solution is R = W U^T. It may mirror as well as turn.

    Source: Gong and Lazebnik (CVPR 2011), section 2.2.
    """
    left, _, right = torch.linalg.svd(corners.T @ projected)  # right is W^T
    return right.T @ left.T


def released_rotation(projected: Tensor, corners: Tensor) -> Tensor:
    """Return the rotation as the released code of several papers computes it.

    NumPy's singular value decomposition returns W^T, not W. Code that takes it for W
    computes W^T U^T, which is orthogonal but not the best fit. In the plane the mistake
    can hide: a matrix that mirrors the plane equals its transpose.

    Source: the evaluation code of SEM-PCYC and of MATHM.
    """
    left, _, right = torch.linalg.svd(corners.T @ projected)
    return right @ left.T


UPDATES = {"procrustes": procrustes_rotation, "released": released_rotation}


def random_rotation(size: int, seed: int = 0) -> Tensor:
    """Draw an orthogonal matrix (size, size), float64, all of them equally likely.

    Source: Mezzadri, How to generate random matrices from the classical compact
        groups (2007): the signs are those of a decomposition that is unique.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(size, size, generator=generator, dtype=torch.float64)
    columns, triangle = torch.linalg.qr(drawn)
    return columns * triangle.diagonal().sign()


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
        The last rotation, and the quantisation errors at the start and after each
        iteration; with "procrustes" they never rise.
    """
    check_choice("update", update, tuple(UPDATES))
    check_count("iterations", iterations, 0)
    rotation, points = start, projected @ start
    errors = [quantisation_error(points)]
    for _ in range(iterations):
        rotation = UPDATES[update](projected, nearest_corners(points))
        points = projected @ rotation
        errors.append(quantisation_error(points))
    return rotation, errors


# eight bits in a byte: 64 bits take 8 bytes, 512 numbers take 2,048


def pack_codes(codes: Tensor) -> Tensor:
    """Pack codes bool (N, bits) as uint8 (N, bytes), as `numpy.packbits` does.

    The last byte may end with zeros, which change no Hamming distance.

    Example:
        >>> pack_codes(torch.tensor([[True, False, False, False, False, False, True]]))
        tensor([[130]], dtype=torch.uint8)
    """
    if codes.dtype != torch.bool or codes.ndim != 2:
        raise ValueError(
            f"codes are {codes.dtype} of shape {tuple(codes.shape)}: expected bool "
            "(images, bits); compare real values with 0 first"
        )
    packed = np.packbits(codes.cpu().numpy(), axis=1)
    return torch.from_numpy(packed).to(codes.device)


def unpack_codes(packed: Tensor, bits: int) -> Tensor:
    """Unpack what `pack_codes` packed, as bool (N, bits) without the zeros after."""
    if packed.dtype != torch.uint8 or packed.ndim != 2:
        raise ValueError(
            f"packed codes are {packed.dtype} of shape {tuple(packed.shape)}: expected "
            "uint8 (images, bytes); pack_codes makes them"
        )
    if not 8 * (packed.shape[1] - 1) < bits <= 8 * packed.shape[1]:
        raise ValueError(
            f"bits is {bits} for codes of {packed.shape[1]} bytes: expected the number "
            "of bits that were packed"
        )
    unpacked = np.unpackbits(packed.cpu().numpy(), axis=1, count=bits)
    return torch.from_numpy(unpacked.astype(bool)).to(packed.device)


# from a gallery to codes


@dataclass(frozen=True)
class ITQEncoder:
    """What turns embeddings into codes, all float64 on the CPU."""

    mean: Tensor  # (D,) of the gallery
    directions: Tensor  # (D, bits) principal directions, orthonormal columns
    rotation: Tensor  # (bits, bits) orthogonal
    # quantisation errors at the start and after each iteration, of projections scaled
    # to mean square 1: it changes no code and makes different networks comparable
    errors: tuple[float, ...]

    def encode(self, embeddings: Tensor, centre: Tensor | None = None) -> Tensor:
        """Return packed codes, uint8 (N, bytes), of images (N, D) less a centre (D,).

        The centre is the mean of the gallery if there is none.
        """
        centre = self.mean if centre is None else centre.to("cpu", torch.float64)
        check_embeddings("embeddings", embeddings)
        if embeddings.shape[1] != len(self.mean):
            raise ValueError(
                f"embeddings have {embeddings.shape[1]} numbers and the codes were "
                f"fitted to {len(self.mean)}: both must come from the same network"
            )
        if centre.shape != self.mean.shape:
            raise ValueError(
                f"centre has shape {tuple(centre.shape)}: expected one mean of "
                f"shape ({len(self.mean)},)"
            )
        weights = self.directions @ self.rotation  # (D, bits)
        bits = [
            (part.to("cpu", torch.float64) - centre) @ weights > 0
            for part in embeddings.detach().split(ROWS_AT_A_TIME)
        ]
        return pack_codes(torch.cat(bits)).to(embeddings.device)


def fit_itq(
    gallery: Tensor,
    bits: int = 64,
    iterations: int = 50,
    update: str = "procrustes",
    seed: int = 0,
) -> ITQEncoder:
    """Learn codes from the embeddings of a gallery.

    Args:
        gallery: (N, D) floating point, N above bits, D at least bits.
        bits: length of a code.
        iterations: of the rotation; 0 leaves it random.
        update: "procrustes", or "released" for the mistaken formula of released code.
        seed: decides the rotation that the iterations start from.

    Source: Gong and Lazebnik, Iterative quantization (CVPR 2011).
    """
    _check_gallery(gallery, bits)
    mean, directions = principal_directions(gallery, bits)
    projected = (gallery.detach().to("cpu", torch.float64) - mean) @ directions
    scale = projected.square().mean().sqrt()
    start = random_rotation(bits, seed)
    rotation, errors = learn_rotation(projected / scale, start, iterations, update)
    return ITQEncoder(mean, directions, rotation, tuple(errors))


def retrieval_codes(
    query: Tensor, gallery: Tensor, bits: int = 64
) -> tuple[Tensor, Tensor]:
    """Learn codes from a gallery, encode queries and gallery, uint8 (Q or N, bytes).

    Args:
        query: (Q, D) embeddings of the sketches.
        gallery: (N, D) embeddings of the photos.
        bits: length of a code.
    """
    check_embeddings("query", query)
    encoder = fit_itq(gallery, bits)
    return encoder.encode(query), encoder.encode(gallery)


def _check_gallery(gallery: Tensor, bits: int) -> None:
    """Refuse a gallery that is too small to learn codes from, or all one point."""
    check_embeddings("gallery", gallery)
    check_count("bits", bits, 1)
    if gallery.shape[1] < bits:
        raise ValueError(
            f"embeddings of {gallery.shape[1]} numbers give no {bits} bits: choose at "
            f"most {gallery.shape[1]}, or a network with a larger embedding"
        )
    if len(gallery) <= bits:
        raise ValueError(
            f"{len(gallery)} images are too few for {bits} bits: give a gallery of at "
            f"least {bits + 1}, or ask for fewer bits"
        )
    rounding = 8 * torch.finfo(gallery.dtype).eps * gallery.abs().max()
    if not (gallery - gallery[0]).abs().max() > rounding:
        raise ValueError(
            "all images of the gallery have the same embedding: the network collapsed"
        )
