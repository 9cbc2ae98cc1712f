"""Iterative quantisation (ITQ): binary codes learned from a gallery, without labels.

Embeddings are centred, projected on the principal directions of the gallery (not
whitened: directions keep their variances), turned by a learned rotation, and each
number becomes a bit. Everything is computed in float64 on the CPU, so that codes do not
depend on the device or on the type of the embeddings more than they must.

A sketch can be centred by the mean of the gallery or by the mean of all queries. The
first is the default: the code of a sketch then depends on nothing but the sketch and
the gallery, as in a real search, and a single query can be encoded. The second is what
the released code of several papers does; it takes away the distance between the
modalities, but needs all queries at once, a help that the real-valued ranking beside
it does not get.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from zssbir_lib.evaluation.checks import check_choice
from zssbir_lib.evaluation.codes.packing import pack_codes
from zssbir_lib.evaluation.codes.projection import (
    check_gallery,
    check_table,
    principal_directions,
)
from zssbir_lib.evaluation.codes.rotation import learn_rotation, random_rotation

CENTRINGS = ("gallery", "own")
ROWS_AT_A_TIME = 4096


@dataclass(frozen=True)
class ITQEncoder:
    """What turns embeddings into codes, all float64 on the CPU.

    Attributes:
        mean: (D,) mean of the gallery.
        directions: (D, bits) principal directions, orthonormal columns.
        rotation: (bits, bits) orthogonal.
        errors: quantisation error at the start and after each iteration, of
            projections scaled so that their numbers have mean square 1. The scale
            changes no code; it makes errors of different networks comparable.

    Taught in: notebook 07.
    """

    mean: Tensor
    directions: Tensor
    rotation: Tensor
    errors: tuple[float, ...]

    def encode(self, embeddings: Tensor, centre: Tensor | None = None) -> Tensor:
        """Return the packed codes of images.

        Args:
            embeddings: (N, D) floating point, from the network of the gallery.
            centre: (D,) to subtract; None for the mean of the gallery.

        Returns:
            (N, ceil(bits / 8)) uint8 on the device of the embeddings, see
            `pack_codes`; a bit is 1 where the rotated number is above 0.

        Raises:
            ValueError: the embeddings do not fit the gallery's or are not finite.
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
        check_table("embeddings", embeddings)
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

    Returns:
        The encoder.

    Raises:
        ValueError: too few images or numbers for the bits, values that are not finite,
            or a gallery that is one single point.

    Source: Gong and Lazebnik, Iterative quantization (CVPR 2011).

    Taught in: notebook 07.
    """
    check_gallery(gallery, bits)
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
        centring: "gallery" to centre queries by the mean of the gallery, "own" by
            the mean of all queries.
        update: as for `fit_itq`; "released" with "own" is what released code does.
        seed: as for `fit_itq`.

    Returns:
        Packed codes of the queries (Q, bytes) and of the gallery (N, bytes), uint8,
        for ``evaluate_retrieval(..., distance="hamming")``.

    Raises:
        ValueError: as `fit_itq`; the centring is unknown; or a single query is to be
            centred by its own mean.

    Taught in: notebook 07.
    """
    check_choice("centring", centring, CENTRINGS)
    check_table("query", query)
    if centring == "own" and len(query) < 2:
        raise ValueError(
            "a single query minus its own mean is zero: encode more queries at once, "
            'or choose centring "gallery"'
        )
    encoder = fit_itq(gallery, bits, update=update, seed=seed)
    own = query.detach().to("cpu", torch.float64).mean(dim=0)
    centre = own if centring == "own" else None
    return encoder.encode(query, centre), encoder.encode(gallery)
