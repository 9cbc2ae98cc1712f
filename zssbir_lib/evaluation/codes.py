"""Binary codes learned from a gallery, without labels: iterative quantisation (ITQ).

Embeddings are centred, projected on the principal directions of the gallery (not
whitened: directions keep their variances), turned by a learned rotation, and each
number becomes a bit. What the sign loses is the distance between the point and the
corner (+1, -1, ...) of the cube that stands for it. Turning all points together changes
no distance between two of them, but it changes the corners: two steps in turn, the
nearest corner of every point and the rotation that fits the corners best, never raise
the loss. Everything is computed in float64 on the CPU, so that codes do not depend on
the device or on the type of the embeddings more than they must.

A sketch can be centred by the mean of the gallery or by the mean of all queries. The
first is the default: the code of a sketch then depends on nothing but the sketch and
the gallery, as in a real search, and a single query can be encoded. The second is what
the released code of several papers does; it takes away the distance between the
modalities, but needs all queries at once, a help that the real-valued ranking beside
it does not get.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice, check_embeddings

CENTRINGS = ("gallery", "own")
ROWS_AT_A_TIME = 4096


# projection


def principal_directions(embeddings: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return mean (D,) and directions of largest variance (D, count), float64, by PCA.

    Its largest entry decides the sign of each direction, so the order of the images
    does not matter.
    """
    from sklearn.decomposition import PCA  # slow to load

    # exact and repeatable: the default draws random numbers for some sizes
    pca = PCA(n_components=count, svd_solver="covariance_eigh")
    pca.fit(embeddings.detach().to("cpu", torch.float64).numpy())
    return torch.from_numpy(pca.mean_), torch.from_numpy(pca.components_.T.copy())


# rotation


def nearest_corners(points: Tensor) -> Tensor:
    """Return the corner of -1 and +1 nearest to each point; 0 counts as negative."""
    return (points > 0).to(points.dtype) * 2 - 1


def quantisation_error(points: Tensor) -> float:
    """Return the mean squared distance of points (N, bits) to their nearest corners.

    The sum over bits, the mean over points. Points whose numbers are normally
    distributed with mean 0 and variance 1 have 0.40 a bit.

    Example:
        >>> quantisation_error(torch.tensor([[1.0, -1.0], [0.0, 3.0]]))
        2.5

    Source: Gong and Lazebnik (CVPR 2011), section 2.2, divided by N.
    """
    distances = (points - nearest_corners(points)).square().sum(dim=1)  # (N,)
    return float(distances.mean())


def procrustes_rotation(projected: Tensor, corners: Tensor) -> Tensor:
    """Return the rotation R (bits, bits) that brings points nearest to given corners.

    It minimises |B - V R|^2 over all orthogonal R, the orthogonal Procrustes problem:
    with B^T V = U S W^T the solution is R = W U^T. It may mirror as well as turn.

    Args:
        projected: V (N, bits) floating point.
        corners: B (N, bits) of -1 and +1 in the same type.

    Source: Gong and Lazebnik (CVPR 2011), section 2.2.
    """
    left, _, right = torch.linalg.svd(corners.T @ projected)  # right is W^T
    return right.T @ left.T


def released_rotation(projected: Tensor, corners: Tensor) -> Tensor:
    """Return the rotation as the released code of several papers computes it.

    NumPy's singular value decomposition returns W^T, not W. Code that takes it for W
    computes W^T U^T, which is orthogonal but not the best fit. In the plane the mistake
    can hide: a matrix that mirrors the plane equals its transpose. Arguments and result
    are those of `procrustes_rotation`.

    Source: the evaluation code of SEM-PCYC and of MATHM.
    """
    left, _, right = torch.linalg.svd(corners.T @ projected)
    return right @ left.T


UPDATES = {"procrustes": procrustes_rotation, "released": released_rotation}


def random_rotation(size: int, seed: int = 0) -> Tensor:
    """Draw an orthogonal matrix (size, size), float64, all of them equally likely.

    The seed gives the same matrix on every machine up to rounding.

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
        The last rotation (bits, bits), and the quantisation error at the start and
        after each iteration. With "procrustes" the errors never rise.
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


# eight bits in a byte: 64 bits take 8 bytes, 512 numbers take 2,048


def pack_codes(codes: Tensor) -> Tensor:
    """Pack codes bool (N, bits) as uint8 (N, bytes), as ``numpy.packbits`` does.

    The first bit is the highest of the first byte. Where the number of bits is no
    multiple of eight, the last byte ends with zeros, which change no Hamming distance.

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
    """What turns embeddings into codes, all float64 on the CPU.

    The errors are the quantisation errors at the start and after each iteration, of
    projections scaled so that their numbers have mean square 1. The scale changes no
    code; it makes errors of different networks comparable.
    """

    mean: Tensor  # (D,) of the gallery
    directions: Tensor  # (D, bits) principal directions, orthonormal columns
    rotation: Tensor  # (bits, bits) orthogonal
    errors: tuple[float, ...]

    def encode(self, embeddings: Tensor, centre: Tensor | None = None) -> Tensor:
        """Return the packed codes of images (N, D), uint8 (N, ceil(bits / 8)).

        The centre (D,) is subtracted first; None is the mean of the gallery. A bit is 1
        where the rotated number is above 0.
        """
        centre = self.mean if centre is None else centre.to("cpu", torch.float64)
        self._check(embeddings, centre)
        weights = self.directions @ self.rotation  # (D, bits)
        parts = embeddings.detach().split(ROWS_AT_A_TIME)
        bits = [
            (part.to("cpu", torch.float64) - centre) @ weights > 0 for part in parts
        ]
        return pack_codes(torch.cat(bits)).to(embeddings.device)

    def _check(self, embeddings: Tensor, centre: Tensor) -> None:
        """Raise unless embeddings and their centre fit the gallery's."""
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
    query: Tensor,
    gallery: Tensor,
    bits: int = 64,
    centring: str = "gallery",
    update: str = "procrustes",
    seed: int = 0,
) -> tuple[Tensor, Tensor]:
    """Learn codes from a gallery and encode queries and gallery.

    Args:
        query: (Q, D) embeddings of the sketches.
        gallery: (N, D) embeddings of the photos.
        bits: length of a code.
        centring: centre queries by the mean of the "gallery", or of all queries: "own".
        update: as for `fit_itq`; "released" with "own" is what released code does.
        seed: as for `fit_itq`.

    Returns:
        Packed codes of the queries (Q, bytes) and of the gallery (N, bytes), uint8,
        for ``evaluate_retrieval(..., distance="hamming")``.
    """
    check_choice("centring", centring, CENTRINGS)
    check_embeddings("query", query)
    if centring == "own" and len(query) < 2:
        raise ValueError(
            "a single query minus its own mean is zero: encode more queries at once, "
            'or choose centring "gallery"'
        )
    encoder = fit_itq(gallery, bits, update=update, seed=seed)
    own = query.detach().to("cpu", torch.float64).mean(dim=0)
    centre = own if centring == "own" else None
    return encoder.encode(query, centre), encoder.encode(gallery)


def _check_gallery(gallery: Tensor, bits: int) -> None:
    """Raise ValueError unless a gallery is large enough to learn codes from."""
    check_embeddings("gallery", gallery)
    if bits < 1:
        raise ValueError(f"bits is {bits}: a code has at least 1 (64 is usual)")
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
