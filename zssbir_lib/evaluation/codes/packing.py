"""Keep eight bits of a code in a byte: 64 bits take 8 bytes, 512 numbers take 2,048."""

import numpy as np
import torch
from torch import Tensor


def pack_codes(codes: Tensor) -> Tensor:
    """Pack codes, eight bits a byte, in the order of ``numpy.packbits``.

    The first bit is the highest of the first byte. Where the number of bits is no
    multiple of eight, the last byte ends with zeros, which change no Hamming distance.

    Args:
        codes: (N, bits) bool.

    Returns:
        (N, bytes) uint8 on the same device.

    Raises:
        ValueError: the codes are not bool or not a table.

    Example:
        >>> pack_codes(torch.tensor([[True, False, False, False, False, False, True]]))
        tensor([[130]], dtype=torch.uint8)

    Taught in: notebook 07.
    """
    if codes.dtype != torch.bool or codes.ndim != 2:
        raise ValueError(
            f"codes are {codes.dtype} of shape {tuple(codes.shape)}: expected bool "
            "(images, bits); compare real values with 0 first"
        )
    packed = np.packbits(codes.cpu().numpy(), axis=1)
    return torch.from_numpy(packed).to(codes.device)


def unpack_codes(packed: Tensor, bits: int) -> Tensor:
    """Unpack what `pack_codes` packed.

    Args:
        packed: (N, bytes) uint8.
        bits: how many bits a code has; the zeros after them are left out.

    Returns:
        (N, bits) bool on the same device.

    Raises:
        ValueError: not packed codes, or of another length.

    Taught in: notebook 07.
    """
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
