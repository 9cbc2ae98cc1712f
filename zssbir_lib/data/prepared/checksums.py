"""Checksums of stored bytes."""

import hashlib
from pathlib import Path
from typing import Any

BLOCK = 2**20  # bytes read at a time


def new_digest() -> Any:
    """Return the hash that all checksums of a store are made with, BLAKE2b."""
    return hashlib.blake2b(digest_size=16)


def stored_checksum(path: Path, start: int, length: int) -> str:
    """Return the checksum of some bytes of a pixel file as it is now.

    Args:
        path: The pixel file.
        start: First byte.
        length: Number of bytes; fewer are hashed where the file ends before.

    Returns:
        32 hexadecimal digits.
    """
    digest = new_digest()
    with open(path, "rb") as file:
        file.seek(start)
        while length > 0 and (block := file.read(min(length, BLOCK))):
            digest.update(block)
            length -= len(block)
    return digest.hexdigest()
