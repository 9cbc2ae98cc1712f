"""Compare queries with a gallery by one matrix product.

Ranking needs no distances, only numbers in the same order. The squared Euclidean
distance is |q|^2 - 2 q.g + |g|^2, where |q|^2 is the same for the whole gallery; half
of the rest is |g|^2 / 2 - q.g. The cosine distance is one minus q.g divided by both
lengths, of which |q| changes no order. The Hamming distance of two codes written as -1
and +1 is (bits - q.g) / 2. So each distance is one matrix product and a number for each
photo, exact for whole numbers, on any device. It is done in float32, or in float64 if
the gallery's embeddings are, and the gallery is used where it lies: a copy is made only
of another type, or of embeddings that lie far from the origin.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize

DISTANCES = ("euclidean", "cosine", "hamming")
SHORTEST = 1e-12  # a length of zero would divide nothing by nothing


class GalleryKeys:
    """Ordering keys of queries against a fixed gallery: smaller means nearer.

    Args:
        gallery: (N, D) embeddings, or codes for "hamming" (see ``code_signs``).
        distance: "euclidean", "cosine" or "hamming".

    Taught in: notebook 02.
    """

    def __init__(self, gallery: Tensor, distance: str) -> None:
        self.distance = distance
        self.dtype = at_least_float32(gallery.dtype)
        self.centre = coarse_mean(gallery) if distance == "euclidean" else None
        self.gallery = self._prepare(gallery)
        if distance == "euclidean":
            self.halves = half_squared_lengths(self.gallery)  # (N,)
        if distance == "cosine":
            lengths = torch.linalg.vector_norm(self.gallery, dim=1)  # (N,)
            self.lengths = lengths.clamp(min=SHORTEST)

    def compare(self, query: Tensor, out: Tensor | None = None) -> Tensor:
        """Return the keys of some queries against the whole gallery.

        Args:
            query: (Q, D) embeddings or codes of the gallery's kind.
            out: (Q, N) buffer of type ``dtype`` to write into; None to make one.

        Returns:
            (Q, N) keys, in each row ordered like the distances.

        Taught in: notebook 02.
        """
        query, columns = self._prepare(query), self.gallery.T
        if self.distance == "euclidean":
            return torch.addmm(self.halves, query, columns, alpha=-1, out=out)
        if self.distance == "cosine":
            return torch.mm(-normalize(query), columns, out=out).div_(self.lengths)
        return torch.mm(-query, columns, out=out)

    def _prepare(self, features: Tensor) -> Tensor:
        """Bring embeddings or codes to the form that is multiplied."""
        if self.distance == "hamming":
            return code_signs(features)
        features = features.to(self.dtype)
        shifted = self.centre is not None and self.centre.any()
        return features - self.centre if shifted else features


def at_least_float32(dtype: torch.dtype) -> torch.dtype:
    """Return float64 for float64, float32 for everything else.

    Taught in: notebook 02.
    """
    return torch.float64 if dtype == torch.float64 else torch.float32


def half_squared_lengths(features: Tensor) -> Tensor:
    """Return |g|^2 / 2 of every row, less one number for all.

    The number, about the mean, changes no order but leaves more digits for the
    differences.

    Args:
        features: (N, D) float32 or float64.

    Returns:
        (N,) numbers of that type, computed in float64.

    Taught in: notebook 02.
    """
    blocks = features.split(256)  # small enough for the processor's cache
    halves = torch.cat([block.double().square().sum(dim=1) / 2 for block in blocks])
    return (halves - coarse_mean(halves[:, None])).to(features.dtype)


def coarse_mean(features: Tensor) -> Tensor:
    """Return about the mean of the rows, on a grid as wide as their spread.

    Euclidean distances do not change when everything is shifted, but float32
    rounding does: it is smallest around the origin. The grid (a power of two)
    keeps whole numbers exact, so that equal distances stay equal, and it makes
    the shift zero for features that already lie around the origin. A thousand
    rows are enough to estimate it.

    Args:
        features: (N, D) embeddings of any floating type.

    Returns:
        (D,) vector to subtract, float32 or float64.

    Taught in: notebook 02.
    """
    sample = features[:: 1 + len(features) // 1000]
    sample = sample.to(at_least_float32(features.dtype))
    spread = sample.std(dim=0, correction=0).max()
    grid = 2.0 ** math.frexp(float(spread))[1]
    return (sample.mean(dim=0) / grid).round() * grid


def code_signs(codes: Tensor) -> Tensor:
    """Write binary codes as -1 and +1.

    Args:
        codes: (N, bits) bool; or (N, bits) numbers that are all -1 and +1, or all
            0 and 1; or (N, bytes) uint8, eight bits packed in each byte as by
            ``numpy.packbits``.

    Returns:
        (N, bits) float32 of -1 and +1.

    Taught in: notebook 02.
    """
    if codes.dtype == torch.uint8:
        shifts = torch.arange(8, dtype=torch.uint8, device=codes.device)
        codes = ((codes[:, :, None] >> shifts) & 1).flatten(start_dim=1)
    return (codes > 0).float() * 2 - 1
